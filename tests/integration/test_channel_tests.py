"""A test of a channel: over that channel alone, labelled, obeying the switch; the provider's words sealed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.contracts.desk import KillSwitch
from shared.contracts.ledger import ChunkSettled, ProvidersWords
from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RenderedMessage
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import NOW, Rig, channel_kind, until

SECRET = "hush-4711-token"


@pytest.fixture
async def rig(memory_bus: MemoryBus) -> AsyncIterator[Rig]:
    rig = Rig(memory_bus, {"told": channel_kind("told")})
    yield rig
    await rig.crash()


async def try_out(rig: Rig, channel: str = "desk", life_s: float = 30, **more: Any) -> None:
    until_then = datetime.now(UTC) + timedelta(seconds=life_s)
    fields = {"kind": "TEST", "urgency": "normal", "channel": channel, "not_after": until_then, **more}
    await rig.alert("t1", incident_id=None, code=None, status=None, body=None, **fields)


async def answers(rig: Rig) -> list[ChunkSettled]:
    found = [r for r in await rig.ledger() if isinstance(r, ChunkSettled)]
    return [await rig.keyring.open(r) for r in found]


def saying(rig: Rig, outcome: Outcome) -> list[tuple[str, RenderedMessage]]:
    heard: list[tuple[str, RenderedMessage]] = []

    async def behave(address: str, message: RenderedMessage) -> Outcome:
        heard.append((address, message))
        return outcome

    rig.plugins["told"].behaviour = staticmethod(behave)
    return heard


async def test_it_goes_over_the_named_channel_alone_and_says_that_it_is_a_test(rig: Rig) -> None:
    heard = saying(rig, Delivered("17"))
    await rig.group(desk={"to": 2}, other={"to": 3})
    await try_out(rig)
    rig.start()
    (end,) = await rig.settled("t1")
    assert (end.delivered, end.reason) == (2, "done")
    assert [address for address, _ in heard] == ["address 0", "address 1"]
    assert {m.text for _, m in heard} == {
        "TEST from Hackney: this channel works. Nothing has happened and there is nothing to do."
    }
    assert {(m.kind, m.urgent) for _, m in heard} == {("TEST", False)}


async def test_the_providers_words_are_kept_sealed_cleaned_and_out_of_the_logs(rig: Rig) -> None:
    saying(rig, Rejected("http_400", words=f"Bad Request: no chat 123456789 at address 0 {SECRET * 9}"))
    await rig.group(desk={"to": 1})
    await try_out(rig)
    with capture_logs() as logs:
        rig.start()
        await rig.settled("t1")
    (settled,) = await answers(rig)
    assert isinstance(settled.words, ProvidersWords)
    assert settled.words.said["desk:0"].startswith("Bad Request: no chat *** at *** ")
    raw = [await rig.bus.get("LEDGER", n) for n in range(1, await rig.bus.last_seq("LEDGER") + 1)]
    assert not [entry for entry in raw if entry and b"Bad Request" in entry.body]
    assert "Bad Request" not in repr(logs)


async def test_a_missing_secret_is_named_with_its_remedy(rig: Rig) -> None:
    plugin = rig.plugins["told"]

    def broken(self: Any, settings: Any, host: Any) -> None:
        host.secrets.resolve("env:NOT_THERE")
        self._settings = settings

    plugin.__init__ = broken
    await rig.group(desk={"to": 1})
    await try_out(rig, life_s=2)
    rig.start()
    await rig.settled("t1")
    first, *_ = await answers(rig)
    assert first.outcomes[0].reason == "secret_missing"
    assert isinstance(first.words, ProvidersWords)
    assert "env:NOT_THERE" in first.words.said["desk:0"]


async def test_bad_credentials_end_the_test_at_once_and_not_after_a_minute_of_waiting(rig: Rig) -> None:
    heard = saying(rig, BadCredentials(words="Unauthorized"))
    await rig.group(desk={"to": 1})
    await try_out(rig)
    rig.start()
    (end,) = await rig.settled("t1")
    assert (end.reason, len(heard)) == ("expired", 1)
    first, second = await answers(rig)
    assert (first.outcomes[0].reason, second.outcomes[0].reason) == ("bad_credentials", "expired")
    assert isinstance(first.words, ProvidersWords)
    assert first.words.said == {"desk:0": "Unauthorized"}


async def test_an_alerts_outcome_never_carries_words(rig: Rig) -> None:
    saying(rig, Rejected("http_400", words="Bad Request"))
    await rig.group(desk={"to": 1})
    await rig.alert("a1")
    rig.start()
    await rig.settled("a1")
    (settled,) = await answers(rig)
    assert settled.words is None


async def test_the_kill_switch_stops_a_test_as_it_stops_alerts(rig: Rig) -> None:
    heard = saying(rig, Delivered())
    await rig.group(desk={"to": 1})
    await rig.store(KillSwitch(id="k1", at=NOW, member="m1", group="hackney", stopped=True))
    await try_out(rig, life_s=600)
    notifier = rig.start(sleep=lambda s: asyncio.sleep(s / 50))
    await until(lambda: notifier._deliveries.held.get("hackney") == "group_stopped")
    assert not heard
    await rig.store(KillSwitch(id="k2", at=NOW, member="m1", group="hackney", stopped=False))
    await rig.settled("t1")
    assert len(heard) == 1


async def test_a_channel_that_is_gone_cannot_be_tested_and_is_no_riddle(rig: Rig) -> None:
    await rig.group(desk={"to": 1})
    await try_out(rig, channel="gone")
    rig.start()
    (end,) = await rig.settled("t1")
    assert end.reason == "unreadable"


async def test_a_secret_that_was_mended_is_read_again_at_the_next_test(rig: Rig) -> None:
    plugin = rig.plugins["told"]
    made: list[object] = []
    before = plugin.__init__

    def counted(self: Any, settings: Any, host: Any) -> None:
        made.append(self)
        before(self, settings, host)

    plugin.__init__ = counted
    await rig.group(desk={"to": 1})
    await try_out(rig)
    rig.start()
    await rig.settled("t1")
    await rig.alert("t2", incident_id=None, body=None, kind="TEST", channel="desk")
    await rig.settled("t2")
    assert len(made) == 2

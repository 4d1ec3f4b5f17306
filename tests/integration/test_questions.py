"""A question to a reporter through the notifier: by its bridge, in its language, as the ledger promises."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs

from shared.contracts.alerts import QuestionBody
from shared.contracts.base import HUB, KeyId
from shared.contracts.catalog import encode
from shared.contracts.desk import KillSwitch
from shared.contracts.ledger import AlertExpanded, AlertSettled
from shared.errors import SettingsError
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.channel_testing import KnownSecrets
from shared.plugins.spec import (
    CANNOT_WRITE_BACK,
    ChannelHost,
    Delivered,
    Ignored,
    Outcome,
    PluginSettings,
    Receipt,
    Rejected,
    RetryLater,
    Secrets,
    Spec,
    Unknown,
    WebhookRequest,
    WebhookResponse,
)
from shared.ports import Bus
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import NOW, Rig, channel_kind, until
from tests.integration.test_notifier_engine import POINTS, Crash, dead_letters

ADDRESS = "+447700900123"
ASKED = "Thank you. Where exactly is it? Street and area, a postcode, or send your location."


class Deaf:
    """A bridge that only takes reports in."""

    spec: ClassVar[Spec] = Spec("deaf", "Deaf", "", "nobody", "good", "fake", {})
    Settings: ClassVar[type[PluginSettings]] = PluginSettings

    def __init__(self, _settings: PluginSettings, secrets: Secrets) -> None:
        secrets.resolve("env:INBOUND")

    def parse(self, _request: WebhookRequest) -> Sequence[Any] | Ignored:
        return Ignored("nothing")

    def answer(self, _receipts: Sequence[Receipt]) -> WebhookResponse:
        return WebhookResponse()


class Writer(Deaf):
    """A bridge that writes back, as the test says, and remembers every copy."""

    spec: ClassVar[Spec] = Spec("writer", "Writer", "", "nobody", "good", "fake", {})
    sent: ClassVar[list[tuple[str, str, str]]] = []
    outcomes: ClassVar[list[Outcome]] = []

    async def write_back(self, address: str, text: str, _host: ChannelHost, *, key: str) -> Outcome:
        outcome = self.outcomes.pop(0) if self.outcomes else Delivered("m1")
        if isinstance(outcome, Delivered):
            self.sent.append((address, text, key))
        return outcome


def entry(plugin: type[Any]) -> BridgeEntry:
    return BridgeEntry(plugin, PluginSettings(), "bridges.yaml: bridge sms")


@pytest.fixture(autouse=True)
def _nothing_sent() -> None:
    Writer.sent, Writer.outcomes = [], []


def a_rig(bus: Bus) -> Rig:
    rig = Rig(bus, {"told": channel_kind("told")})
    rig.bridges = {"sms": entry(Writer), "deaf": entry(Deaf)}
    rig.secrets = KnownSecrets({"env:INBOUND": "x"})
    return rig


@pytest.fixture
async def rig(memory_bus: MemoryBus) -> AsyncIterator[Rig]:
    rig = a_rig(memory_bus)
    yield rig
    await rig.crash()


async def ask(rig: Rig, alert_id: str = "q1", **more: Any) -> None:
    body = {"bridge": "sms", "address": ADDRESS, "asks": "where", "language": "en"}
    about = {k: more.pop(k) for k in tuple(body) if k in more}
    question = {
        "group": HUB,
        "group_version": 0,
        "audience": "reporter",
        "kind": "QUESTION",
        "urgency": "normal",
        "not_after": datetime.now(UTC) + timedelta(minutes=20),
        "incident_id": None,
        "code": None,
        "status": None,
        "body": QuestionBody.model_validate({**body, **about}),
        **more,
    }
    await rig.alert(alert_id, **question)


def refusals(end: AlertSettled) -> list[tuple[str, str, str]]:
    return [(o.recipient, o.channel_kind, o.reason) for o in end.unsent]


async def test_it_goes_out_once_by_its_bridge_though_no_group_is_defined(rig: Rig) -> None:
    await ask(rig)
    rig.start()
    (end,) = await rig.settled("q1")
    assert (end.group, end.delivered, end.reason) == (HUB, 1, "done")
    assert Writer.sent == [(ADDRESS, ASKED, "q1-sms-0")]
    (expanded,) = [r for r in await rig.ledger() if isinstance(r, AlertExpanded)]
    assert (expanded.audience, expanded.chunks) == ("reporter", (("sms:0",),))


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"language": "es", "asks": "which"}, "Gracias. Hay varios lugares con ese nombre."),
        ({"language": "xx"}, "Thank you. Where exactly is it?"),
        ({"drill": True}, "DRILL Thank you. Where exactly is it?"),
    ],
)
async def test_it_is_asked_in_the_language_and_marked_as_a_drill(
    rig: Rig, more: dict[str, Any], text: str
) -> None:
    await ask(rig, **more)
    rig.start()
    await rig.settled("q1")
    assert Writer.sent[0][1].startswith(text)


@pytest.mark.parametrize("bridge", ["deaf", "web", "An_API-client"])
async def test_a_bridge_that_cannot_write_back_ends_it_by_name(rig: Rig, bridge: str) -> None:
    await ask(rig, bridge=bridge)
    notifier = rig.start()
    (end,) = await rig.settled("q1")
    kind = "deaf" if bridge == "deaf" else "unknown"
    recipient = "reporter:0" if bridge == "An_API-client" else f"{bridge}:0"
    assert (end.delivered, end.reason) == (0, "done")
    assert refusals(end) == [(recipient, kind, "cannot_write_back")]
    assert (await notifier.health())["outcomes"] == {f"{kind}.rejected": 1}


async def test_one_that_is_not_told_how_says_the_same(rig: Rig) -> None:
    Writer.outcomes = [CANNOT_WRITE_BACK]
    await ask(rig)
    rig.start()
    assert refusals((await rig.settled("q1"))[0]) == [("sms:0", "writer", "cannot_write_back")]


async def test_a_refusal_is_final_a_busy_provider_is_tried_again_and_doubt_once_more(rig: Rig) -> None:
    Writer.outcomes = [Rejected("blocked_by_recipient")]
    await ask(rig, "refused")
    rig.start(sleep=lambda s: asyncio.sleep(s / 100), lease_s=4)
    assert refusals((await rig.settled("refused"))[0]) == [("sms:0", "writer", "blocked_by_recipient")]
    Writer.outcomes = [RetryLater("http_429", 3.0)]
    await ask(rig, "busy")
    assert (await rig.settled("busy"))[0].delivered == 1
    Writer.outcomes = [Unknown("timeout"), Unknown("timeout")]
    await ask(rig, "doubtful")
    assert (await rig.settled("doubtful"))[0].reason == "flagged"
    assert [d.reason for d in await dead_letters(rig.bus)] == ["ambiguous_twice"]


async def test_a_missing_secret_holds_its_bridge_alone_until_it_is_mended(rig: Rig) -> None:
    rig.secrets = KnownSecrets(values := {})
    await rig.group(desk={"to": 1})
    await ask(rig)
    await rig.alert("a1")
    notifier = rig.start(sleep=lambda s: asyncio.sleep(s / 1000), lease_s=40)
    assert (await rig.settled("a1"))[0].delivered == 1
    await until(lambda: bool(notifier._attempts.without_credentials))
    assert (await notifier.health())["bad_credentials"] == ["hub/sms"]
    values["env:INBOUND"] = "mended"
    assert (await rig.settled("q1"))[0].delivered == 1
    assert len(Writer.sent) == 1


async def test_the_hubs_kill_switch_holds_it(rig: Rig) -> None:
    stop = KillSwitch(id="k1", at=NOW, member="op", group=HUB, stopped=True, reason="test")
    await rig.bus.publish(encode(stop, source="test"))
    await ask(rig)
    notifier = rig.start()
    await until(lambda: bool(notifier._deliveries.held))
    assert notifier._deliveries.held == {HUB: "hub_stopped"}
    assert Writer.sent == []


@pytest.mark.parametrize("readable", [True, False])
async def test_one_that_comes_too_late_is_recorded_and_not_sent(rig: Rig, *, readable: bool) -> None:
    await ask(rig, not_after=NOW - timedelta(seconds=1))
    if not readable:
        await destroy_question_keys(rig)
    rig.start()
    (end,) = await rig.settled("q1")
    assert (end.delivered, end.reason) == (0, "expired")
    assert refusals(end) == [
        ("sms:0", "writer", "expired") if readable else ("reporter:0", "unknown", "expired")
    ]
    assert Writer.sent == []


async def test_one_whose_key_is_gone_too_early_is_unreadable(rig: Rig) -> None:
    await ask(rig)
    await destroy_question_keys(rig)
    rig.start()
    assert (await rig.settled("q1"))[0].reason == "unreadable"
    assert Writer.sent == []


async def destroy_question_keys(rig: Rig) -> None:
    for subject in await rig.bus.subjects("KEYS", "keys.v1.>"):
        key = KeyId(subject.removeprefix("keys.v1."))
        if key.startswith("question-"):
            assert await rig.keyring.destroy(key)


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_any_point_there_are_two_copies_at_most(bus: Bus, point: str) -> None:
    rig = a_rig(bus)
    await ask(rig)
    crash = Crash(point)
    crash.victim = rig.start(fault=crash)
    await asyncio.wait_for(crash.happened.wait(), 10)
    await rig.crash()
    rig.start()
    (end,) = await rig.settled("q1")
    assert (end.delivered, end.reason) == (1, "done")
    assert len(Writer.sent) == (2 if point == "notifier.after_send" else 1)
    assert len(Counter(key for *_, key in Writer.sent)) == 1
    await rig.crash()


async def test_no_address_and_no_word_of_it_is_logged(rig: Rig) -> None:
    with capture_logs() as logs:
        Writer.outcomes = [Unknown("timeout"), Unknown("timeout")]
        await ask(rig)
        await ask(rig, "q2", bridge="deaf")
        rig.start(sleep=lambda s: asyncio.sleep(s / 100), lease_s=4)
        await rig.settled("q1", "q2")
        await rig.stop()
    assert [e for e in logs if e["event"] == "cannot_write_back"]
    assert ADDRESS not in repr(logs)
    assert "Where exactly" not in repr(logs)


async def test_an_exception_in_a_bridge_stays_with_it(rig: Rig) -> None:
    class Raising(Writer):
        async def write_back(self, address: str, *_rest: Any, key: str) -> Outcome:
            raise SettingsError(address + key)

    class Broken(Writer):
        def __init__(self, *_args: Any) -> None:
            raise RuntimeError(ADDRESS)

    rig.bridges = {"raising": entry(Raising), "broken": entry(Broken), "sms": entry(Writer)}
    await ask(rig, "q1", bridge="broken")
    await ask(rig, "q2", bridge="raising")
    await ask(rig, "q3")
    with capture_logs() as logs:
        notifier = rig.start()
        assert refusals((await rig.settled("q1"))[0]) == [("broken:0", "writer", "plugin_error")]
        assert (await rig.settled("q3"))[0].delivered == 1
        await until(lambda: "hub/raising" in notifier._attempts.without_credentials)
    assert ADDRESS not in repr(logs)

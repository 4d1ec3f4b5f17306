"""Providers that are busy, silent or away, and come back: in virtual time, with the real engine.

A provider is in trouble for two minutes. Nobody else waits for it, few messages are wasted on it, and
when it is back everybody who was not lost to a maybe is told.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.notifier.decide.breaker import LONGEST_PAUSE_S
from services.notifier.worker import Notifier
from shared.contracts.desk import KillSwitch
from shared.contracts.ledger import AlertExpanded, AlertSettled, ChunkClaimed, ChunkSettled
from shared.plugins.spec import Delivered, Outcome, Rejected, RenderedMessage, RetryLater, Unknown
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import NOW, Rig, channel_kind
from tests.rigs.virtual_time import VirtualClock, in_virtual_time

TROUBLE_S = 120.0
DEADLINE_S = 10.0
Answer = Callable[[], Awaitable[Outcome]]


def now_s() -> float:
    return asyncio.get_running_loop().time()


class Provider:
    """Does as it is told until it recovers; remembers who asked when."""

    def __init__(self, answer: Answer, until_s: float = TROUBLE_S) -> None:
        self.answer, self.until_s = answer, until_s
        self.asked: list[tuple[float, str]] = []

    async def __call__(self, _address: str, message: RenderedMessage) -> Outcome:
        self.asked.append((now_s(), str(message.alert_id)))
        return await self.answer() if now_s() < self.until_s else Delivered()

    def in_vain(self) -> int:
        return sum(at < self.until_s for at, _ in self.asked)


async def busy() -> Outcome:
    return RetryLater("http_429", max(TROUBLE_S - now_s(), 1.0))


async def hangs() -> Outcome:
    await asyncio.sleep(3600)
    raise AssertionError


async def resets() -> Outcome:
    return Unknown("connection_broke")


async def breaks() -> Outcome:
    return RetryLater("http_500")


async def away() -> Outcome:
    return RetryLater("unreachable")


@asynccontextmanager
async def running(provider: Provider, **engine: Any) -> AsyncIterator[Rig]:
    """A rig in virtual time: `ill` goes by the provider, `told` by one that always works."""
    per_second = engine.pop("per_second", None)
    rig = Rig(
        MemoryBus(),
        {"told": channel_kind("told"), "ill": channel_kind("ill", provider, per_second=per_second)},
    )
    rig.clock, rig.look_every_s = VirtualClock(NOW), 0.5
    rig.start(**{"deadline_s": DEADLINE_S, "lease_s": 20.0, "monotonic": now_s, **engine})
    yield rig
    await rig.crash()


async def when_told(rig: Rig, copies: int, kind: str = "told") -> float:
    """The moment at which so many copies have gone by that kind."""
    while sum(rig.plugins[kind].copies.values()) < copies:  # noqa: ASYNC110 - virtual time
        await asyncio.sleep(0.1)
    return now_s()


async def held_now(notifier: Notifier) -> list[dict[str, str]]:
    """What its health says of channels that are held."""
    found: Any = (await notifier.health())["channels_held"]
    return list(found)


@pytest.mark.parametrize(
    ("trouble", "most_in_vain", "most_flagged"),
    [(busy, 256, 0), (hangs, 270, 10), (resets, 270, 10), (breaks, 270, 0), (away, 270, 0)],
)
def test_two_minutes_of_trouble_then_all_are_delivered_or_flagged_and_no_other_lane_waits(
    trouble: Answer, most_in_vain: int, most_flagged: int
) -> None:
    provider = Provider(trouble)

    async def story() -> None:
        async with running(provider) as rig:
            await rig.group(ill={"to": 640, "kind": "ill"}, desk={"to": 5})
            await rig.group("peckham", ill={"to": 1, "kind": "told"})
            await rig.alert("a1")
            assert await when_told(rig, 5) < 1.0
            await asyncio.sleep(TROUBLE_S / 2)
            began = now_s()
            await rig.alert("a2", "peckham")
            assert await when_told(rig, 6) - began < 1.0
            (end,) = await rig.settled("a1", within_s=3600)
            assert now_s() < TROUBLE_S + LONGEST_PAUSE_S + DEADLINE_S
            flagged = {o.recipient for o in end.unsent}
            assert {o.reason for o in end.unsent} <= {"ambiguous_twice"}
            assert len(flagged) <= most_flagged
            assert end.delivered == 645 - len(flagged)
            assert set(rig.plugins["ill"].copies.values()) == {1}
            assert provider.in_vain() <= most_in_vain

    in_virtual_time(story())


def test_while_a_provider_does_not_answer_nothing_is_claimed_but_one_message_at_a_time() -> None:
    provider = Provider(away)

    async def story() -> None:
        async with running(provider, lane_width=64) as rig:
            await rig.group(ill={"to": 640, "kind": "ill"})
            await rig.alert()
            await asyncio.sleep(TROUBLE_S - 1)
            claimed = [r.recipients for r in await rig.ledger() if isinstance(r, ChunkClaimed)]
            assert len(claimed[0]) == 64
            assert {len(recipients) for recipients in claimed[1:]} == {1}
            assert len(claimed) < 10
            await rig.settled("a1", within_s=3600)
            assert set(rig.plugins["ill"].copies.values()) == {1}

    in_virtual_time(story())


def test_an_urgent_alert_goes_first_when_the_provider_is_back() -> None:
    provider = Provider(breaks)

    async def story() -> None:
        async with running(provider, lane_width=64) as rig:
            await rig.group(ill={"to": 640, "kind": "ill"})
            await rig.alert("bulk", urgency="normal")
            await asyncio.sleep(TROUBLE_S - 10)
            await rig.alert("first")
            await rig.settled("bulk", "first", within_s=3600)
            back = [alert for at, alert in provider.asked if at >= TROUBLE_S]
            assert "bulk" not in back[:640]

    in_virtual_time(story())


def test_a_pause_that_is_asked_for_holds_the_whole_channel_and_no_other() -> None:
    async def asks() -> Outcome:
        return RetryLater("http_503", 60.0)

    provider = Provider(asks, until_s=1.0)

    async def story() -> None:
        async with running(provider) as rig:
            await rig.group(one={"to": 1, "kind": "ill"}, other={"to": 1, "audience": "community"})
            await rig.group("peckham", one={"to": 1, "kind": "ill"})
            await rig.alert("a1")
            await asyncio.sleep(5)
            await rig.alert("a2")
            await rig.alert("a3", "peckham")
            await rig.settled("a1", "a2", "a3", within_s=3600)
            asked = {alert: at for at, alert in provider.asked}
            assert asked["a3"] < 6.0
            assert 60.0 <= asked["a1"] < 62.0
            assert 60.0 <= asked["a2"] < 62.0
            assert [alert for _, alert in provider.asked].count("a2") == 1

    in_virtual_time(story())


def test_of_several_providers_behind_one_channel_each_is_held_by_itself() -> None:
    """As browsers' push services are."""

    async def sends(address: str, _message: RenderedMessage) -> Outcome:
        busy_now = address.endswith("0") and now_s() < 1.0
        sent.append((now_s(), address))
        return RetryLater("http_429", 600.0) if busy_now else Delivered()

    class Pushes(channel_kind("pushes", sends)):  # type: ignore[misc]  # a class made by a function
        """Every tenth address is another maker's."""

        def provider(self, address: str) -> str:
            return "slow.example" if address.endswith("0") else "quick.example"

    sent: list[tuple[float, str]] = []

    async def story() -> None:
        rig = Rig(MemoryBus(), {"pushes": Pushes})
        rig.clock, rig.look_every_s = VirtualClock(NOW), 0.5
        rig.start(deadline_s=DEADLINE_S, lease_s=20.0, monotonic=now_s)
        await rig.group("hackney", push={"kind": "pushes", "to": 100})
        await rig.alert("a1")
        await asyncio.sleep(5)
        await rig.alert("a2", incident_id="i2")
        await asyncio.sleep(5)
        (held,) = await held_now(rig.notifiers[0])
        assert (held["channel"], held["provider"]) == ("push", "slow.example")
        quick = [address for at, address in sent if at < 8.0 and not address.endswith("0")]
        assert len(quick) == 2 * 90
        assert [end.delivered for end in await rig.settled("a1", "a2", within_s=3600)] == [100, 100]
        frozen = next(r for r in await rig.ledger() if isinstance(r, AlertExpanded))
        assert {len({r.endswith("0") for r in chunk}) for chunk in frozen.chunks} == {1}
        await rig.crash()

    in_virtual_time(story())


@pytest.mark.parametrize("asks_s", [None, 7200.0])
def test_an_alert_that_is_too_old_before_the_provider_is_back_is_recorded_in_time(
    asks_s: float | None,
) -> None:
    async def ill() -> Outcome:
        return RetryLater("http_503", asks_s)

    provider = Provider(ill, until_s=10_000.0)

    async def story() -> None:
        async with running(provider, lane_width=64) as rig:
            await rig.group(ill={"to": 640, "kind": "ill"})
            await rig.alert(not_after=NOW + timedelta(seconds=600))
            (end,) = await rig.settled("a1", within_s=3600)
            assert end.reason == "expired"
            assert len(end.unsent) == 640
            assert {o.reason for o in end.unsent} == {"expired"}
            assert now_s() < (610 if asks_s is None else 10)
            assert not rig.plugins["ill"].copies

    in_virtual_time(story())


def test_refused_recipients_say_nothing_about_the_provider() -> None:
    async def refuses() -> Outcome:
        return Rejected("bad_number")

    provider = Provider(refuses)

    async def story() -> None:
        async with running(provider, lane_width=64) as rig:
            await rig.group(ill={"to": 640, "kind": "ill"})
            await rig.alert()
            (end,) = await rig.settled("a1", within_s=3600)
            assert now_s() < 1.0
            assert {o.reason for o in end.unsent} == {"bad_number"}

    in_virtual_time(story())


def test_it_is_said_once_and_shown_while_it_lasts_and_a_test_of_the_channel_waits_for_nobody() -> None:
    provider = Provider(breaks)

    async def story() -> None:
        async with running(provider) as rig:
            notifier = rig.notifiers[0]
            await rig.group(ill={"to": 64, "kind": "ill"})
            await rig.alert()
            await asyncio.sleep(60)
            held = (await held_now(notifier))[0]
            assert (held["group"], held["channel"], held["reason"]) == ("hackney", "ill", "http_500")
            assert held["since"] <= (NOW + timedelta(seconds=1)).isoformat(timespec="seconds")
            assert held["next_try_at"] <= (NOW + timedelta(seconds=91)).isoformat(timespec="seconds")
            began = now_s()
            nothing: dict[str, Any] = {"incident_id": None, "code": None, "status": None, "body": None}
            await rig.alert("t1", kind="TEST", channel="ill", audience="verifiers", **nothing)
            while not [at for at, alert in provider.asked if alert == "t1"]:  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(0.05)
            assert now_s() - began < 0.5
            await rig.settled("a1", "t1", within_s=3600)
            assert await held_now(notifier) == []

    with capture_logs() as logs:
        in_virtual_time(story())
    said = [e["event"] for e in logs if e["event"].startswith("channel_")]
    assert said == ["channel_held", "channel_goes_on"]


def test_a_notifier_that_begins_anew_asks_with_what_it_has_and_nobody_gets_a_third_copy() -> None:
    provider = Provider(resets)

    async def story() -> None:
        async with running(provider, lease_s=4.0) as rig:
            await rig.group(ill={"to": 200, "kind": "ill"})
            await rig.alert()
            for _ in range(3):
                await asyncio.sleep(20)
                await rig.crash()
                rig.start(deadline_s=DEADLINE_S, lease_s=4.0, monotonic=now_s)
            (end,) = await rig.settled("a1", within_s=3600)
            tried = Counter(
                o.recipient
                for r in await rig.ledger()
                if isinstance(r, ChunkSettled)
                for o in r.outcomes
                if o.result in {"unknown", "delivered"}
            )
            assert max(tried.values()) <= 2
            assert end.delivered + len(end.unsent) == 200

    in_virtual_time(story())


def test_whoever_was_tried_all_the_time_waits_no_longer_than_the_channel_does() -> None:
    provider = Provider(away, until_s=190.0)

    async def story() -> None:
        async with running(provider) as rig:
            await rig.group(ill={"to": 1, "kind": "ill"})
            await rig.alert()
            await rig.settled("a1", within_s=3600)
            assert now_s() < 190.0 + LONGEST_PAUSE_S + 1.0

    in_virtual_time(story())


def test_whoever_was_to_ask_again_and_is_held_by_a_kill_switch_bars_nobodys_way() -> None:
    provider = Provider(away, until_s=5.0)

    async def story() -> None:
        async with running(provider) as rig:
            await rig.group(ill={"to": 64, "kind": "ill"})
            await rig.alert()
            await asyncio.sleep(0.5)
            await rig.store(KillSwitch(id="k1", at=NOW, member="m1", group="hackney", stopped=True))
            await asyncio.sleep(60)
            before = len(provider.asked)
            await rig.store(KillSwitch(id="k2", at=NOW, member="m1", group="hackney", stopped=False))
            (end,) = await rig.settled("a1", within_s=3600)
            assert (before, end.delivered) == (64, 64)
            assert now_s() < 65.0

    in_virtual_time(story())


def test_a_provider_with_a_limit_gets_no_more_than_it_takes_and_the_urgent_first() -> None:
    provider = Provider(away, until_s=0.0)

    async def story() -> None:
        async with running(provider, per_second=10.0) as rig:
            await rig.group(ill={"to": 300, "kind": "ill"}, desk={"to": 1})
            await rig.alert("bulk", urgency="normal")
            assert await when_told(rig, 1) < 0.5
            await when_told(rig, 100, "ill")
            await rig.alert("first")
            ends = await rig.settled("bulk", "first", within_s=3600)
            assert [end.delivered for end in ends] == [301, 301]
            times = [at for at, _ in provider.asked]
            assert 58.0 < times[-1] < 62.0
            assert max(sum(at <= other < at + 1.0 for other in times) for at in times) <= 20
            alerts = [alert for _, alert in provider.asked]
            begun = alerts.index("first")
            assert begun <= 120
            assert set(alerts[begun : begun + 300]) == {"first"}

    in_virtual_time(story())


def test_a_provider_that_is_away_is_no_reason_to_forget_an_alert_without_other_channels() -> None:
    provider = Provider(away)

    async def story() -> None:
        async with running(provider) as rig:
            await rig.group(ill={"to": 1, "kind": "ill"})
            for n in range(20):
                await rig.alert(f"a{n}")
            ends = await rig.settled(*(f"a{n}" for n in range(20)), within_s=3600)
            assert all(isinstance(end, AlertSettled) and end.delivered == 1 for end in ends)
            assert provider.in_vain() < 40

    in_virtual_time(story())

"""A channel that stands in for another: in virtual time, with the real engine."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from services.notifier.decide.breaker import LONGEST_PAUSE_S
from shared.contracts.base import HUB, IncidentId
from shared.contracts.desk import KillSwitch
from shared.contracts.groups import Policy
from shared.contracts.ledger import AlertSettled, ChunkSettled
from shared.plugins.spec import Delivered, Outcome, Rejected, RenderedMessage, RetryLater, Unknown
from shared.ports import Outgoing, Stored
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import NOW, Rig, channel_kind
from tests.rigs.virtual_time import VirtualClock, in_virtual_time

AFTER_S = 120
Behaviour = Callable[[str], Awaitable[Outcome]]


def now_s() -> float:
    return asyncio.get_running_loop().time()


class Hub:
    """A group whose verifiers are told by `chat`, and by `texts` where that fails."""

    def __init__(self, chat: Behaviour) -> None:
        self.chat: Behaviour = chat
        self.sent: list[tuple[float, str, str]] = []
        """When, over what, which alert: whatever was asked of a provider."""
        self.rig = Rig(
            MemoryBus(), {"chat": channel_kind("chat", self._chat), "sms": channel_kind("sms", self._sms)}
        )
        self.rig.clock, self.rig.look_every_s = VirtualClock(NOW), 0.5

    async def _chat(self, address: str, message: RenderedMessage) -> Outcome:
        self.sent.append((now_s(), "chat", str(message.alert_id)))
        return await self.chat(address)

    async def _sms(self, _address: str, message: RenderedMessage) -> Outcome:
        self.sent.append((now_s(), "sms", str(message.alert_id)))
        return Delivered()

    def start(self, **more: Any) -> None:
        self.rig.start(**{"deadline_s": 10.0, "lease_s": 20.0, "monotonic": now_s, **more})

    async def group(self, chats: int = 1, texts: int = 3, audience: str = "verifiers", **rule: Any) -> None:
        instead_of = {"channel": "chat", "after_s": AFTER_S, **rule}
        await self.rig.group(
            texts={"kind": "sms", "to": texts, "audience": audience, "instead_of": instead_of},
            chat={"kind": "chat", "to": chats, "audience": audience},
        )

    def slow_to_store(self, name: str, takes_s: float) -> None:
        """What is stored under this id takes so long."""
        publish = self.rig.bus.publish

        async def slow(message: Outgoing, **more: Any) -> Stored:
            await asyncio.sleep(takes_s if message.msg_id == name else 0)
            return await publish(message, **more)

        self.rig.bus.publish = slow  # type: ignore[method-assign]

    async def switch(self, *, stopped: bool) -> None:
        command = KillSwitch(id=f"k{stopped}", at=NOW, member="m", group=HUB, stopped=stopped)
        await self.rig.store(command)

    async def told(self, alert_id: str = "a1", **more: Any) -> AlertSettled:
        await self.rig.alert(alert_id, **more)
        return (await self.rig.settled(alert_id, within_s=7_200))[0]

    def count(self, kind: str, alert_id: str = "a1") -> int:
        return sum(k == kind and a == alert_id for _, k, a in self.sent)


@asynccontextmanager
async def hub(chat: Behaviour, **group: Any) -> AsyncIterator[Hub]:
    found = Hub(chat)
    await found.group(**group)
    found.start()
    yield found
    await found.rig.crash()


async def works(_address: str) -> Outcome:
    return Delivered()


async def away(_address: str) -> Outcome:
    return RetryLater("unreachable")


async def gone(_address: str) -> Outcome:
    return Rejected("http_404")


def test_while_the_channel_works_nobody_is_told_twice() -> None:
    async def slow(_address: str) -> Outcome:
        await asyncio.sleep(9)
        return Delivered()

    async def story() -> None:
        async with hub(slow) as h:
            end = await h.told()
            assert (end.delivered, end.unsent, end.reason) == (1, (), "done")
            assert now_s() < 10.0
            await asyncio.sleep(2 * AFTER_S)
            assert h.count("sms") == 0

    in_virtual_time(story())


def test_what_fails_for_good_goes_at_once_by_the_other_channel() -> None:
    async def story() -> None:
        async with hub(gone) as h:
            end = await h.told()
            assert now_s() < 1.0
            assert (end.delivered, [o.recipient for o in end.unsent]) == (3, ["chat:0"])
            assert h.count("sms") == 3

    in_virtual_time(story())


def test_what_is_not_taken_in_time_goes_by_the_other_channel_and_no_more_by_the_first() -> None:
    async def story() -> None:
        async with hub(away) as h:
            end = await h.told()
            # Where nothing could be tried before the time is over, it isn't waited for.
            assert AFTER_S - LONGEST_PAUSE_S <= now_s() < AFTER_S + 10
            assert (end.delivered, end.unsent, end.reason) == (3, (), "done")
            h.chat = works
            await asyncio.sleep(600)
            assert h.count("sms") == 3
            last = max(at for at, kind, _ in h.sent if kind == "chat")
            assert last < AFTER_S
            how = [o for r in await h.rig.ledger() if isinstance(r, ChunkSettled) for o in r.outcomes]
            assert ("chat:0", "fell_back") in {(o.recipient, o.reason) for o in how}

    in_virtual_time(story())


@pytest.mark.parametrize("held_by", ["switch", "restart", "nats", "hour"])
def test_the_time_runs_only_while_the_first_channel_could_be_tried(held_by: str) -> None:
    async def story() -> None:
        h = Hub(works)
        h.rig.policy = Policy(messages_an_hour=100)
        await h.group(audience="community")
        community: dict[str, Any] = {"audience": "community", "kind": "CONFIRMED", "status": "confirmed"}
        h.start(fault=partial(_dies_at, "notifier.after_claim") if held_by == "restart" else _lives)
        await asyncio.sleep(1)
        if held_by == "nats":
            h.slow_to_store("expanded.a1", 5 * AFTER_S)
        if held_by == "switch":
            await h.switch(stopped=True)
        if held_by == "hour":
            for n in range(100):
                await h.rig.alert(f"b{n}", incident_id=IncidentId(f"j{n}"), **community)
            await asyncio.sleep(10)
        await h.rig.alert("a1", incident_id=IncidentId("i9"), at=h.rig.clock.now(), **community)
        await asyncio.sleep(5 * AFTER_S)
        if held_by == "switch":
            await h.switch(stopped=False)
        if held_by == "restart":
            await h.rig.crash()
            h.start()
        (end,) = await h.rig.settled("a1", within_s=7_200)
        assert (end.delivered, end.reason) == (1, "done")
        assert (h.count("chat"), h.count("sms")) == (1, 0)
        await h.rig.crash()

    in_virtual_time(story())


def _lives(_point: str) -> None:
    return


def _dies_at(point: str, name: str) -> None:
    if name == point:
        raise asyncio.CancelledError


def test_a_provider_that_is_away_is_given_its_time_again_after_a_switch() -> None:
    async def story() -> None:
        async with hub(away) as h:
            await h.rig.alert("a1")
            await asyncio.sleep(AFTER_S / 2)
            await h.switch(stopped=True)
            await asyncio.sleep(5 * AFTER_S)
            await h.switch(stopped=False)
            (end,) = await h.rig.settled("a1", within_s=7_200)
            assert (end.delivered, h.count("sms")) == (3, 3)
            assert now_s() > 6 * AFTER_S

    in_virtual_time(story())


def test_a_provider_that_wants_to_be_left_alone_for_longer_is_not_waited_for() -> None:
    async def busy(_address: str) -> Outcome:
        return RetryLater("http_429", 1800.0)

    async def story() -> None:
        async with hub(busy) as h:
            assert (await h.told()).delivered == 3
            assert (await h.told("a2", incident_id=IncidentId("i2"))).delivered == 3
            assert now_s() < 20
            assert h.count("chat") == 1

    in_virtual_time(story())


def test_of_pairs_those_alone_whom_the_first_did_not_reach() -> None:
    async def some(address: str) -> Outcome:
        return Delivered() if address == "address 1" else Rejected("unregistered")

    async def story() -> None:
        async with hub(some, chats=3, texts=3) as h:
            end = await h.told()
            assert end.delivered == 3
            assert {key for (_, key), n in h.rig.plugins["sms"].copies.items() if n} == {
                "a1-texts-0",
                "a1-texts-2",
            }

    in_virtual_time(story())


def test_the_budget_holds_and_who_is_beyond_it_is_named() -> None:
    async def story() -> None:
        async with hub(gone, texts=5, most=2) as h:
            end = await h.told()
            assert h.count("sms") == end.delivered == 2
            over = [o.recipient for o in end.unsent if o.reason == "over_fallback_budget"]
            assert over == ["texts:2", "texts:3", "texts:4"]

    in_virtual_time(story())


def test_two_maybes_are_for_a_person_and_no_third_copy_goes_by_the_other() -> None:
    async def breaks(_address: str) -> Outcome:
        return Unknown("connection_broke")

    async def story() -> None:
        async with hub(breaks) as h:
            end = await h.told()
            assert (end.reason, [o.recipient for o in end.unsent]) == ("flagged", ["chat:0"])
            assert (h.count("chat"), h.count("sms")) == (2, 0)

    in_virtual_time(story())


def test_the_end_goes_to_whom_the_other_channel_told_and_to_nobody_else_by_it() -> None:
    async def story() -> None:
        async with hub(gone) as h:
            await h.told("a1", incident_id=IncidentId("i1"))
            h.chat = works
            await h.told("b1", incident_id=IncidentId("i2"))
            over = {"kind": "OVER", "status": "officers_left"}
            assert (await h.told("a2", incident_id=IncidentId("i1"), **over)).delivered == 4
            assert (await h.told("b2", incident_id=IncidentId("i2"), **over)).delivered == 1
            await h.rig.crash()
            h.start()  # a new one knows it from the ledger
            assert (await h.told("a3", incident_id=IncidentId("i1"), **over)).delivered == 4
            assert [h.count("sms", a) for a in ("a1", "a2", "a3", "b1", "b2")] == [3, 3, 3, 0, 0]

    in_virtual_time(story())


@pytest.mark.parametrize("point", ["after_expand", "after_claim", "after_send", "after_settle"])
@pytest.mark.parametrize("nth", [1, 2])
def test_killed_anywhere_nobody_gets_a_third_copy_and_nobody_is_forgotten(point: str, nth: int) -> None:
    async def breaks(_address: str) -> Outcome:
        return Unknown("timeout") if now_s() < 1 else Rejected("http_404")

    async def story() -> None:
        reached, left = asyncio.Event(), nth

        def kill(name: str) -> None:
            nonlocal left
            left -= name == f"notifier.{point}"
            if left <= 0:
                reached.set()
                h.rig.notifiers[0]._work.draining = True  # the dead take up nothing new
                raise asyncio.CancelledError

        h = Hub(breaks)
        await h.group()
        h.start(fault=kill)
        await h.rig.alert()
        waiting = asyncio.create_task(h.rig.settled("a1", within_s=7_200))
        dying = asyncio.create_task(reached.wait())
        await asyncio.wait({waiting, dying}, return_when="FIRST_COMPLETED")
        await h.rig.crash()
        h.start()
        (end,) = await waiting
        dying.cancel()
        copies = Counter(key for _, key in h.rig.plugins["sms"].copies.elements())
        maybe = h.count("chat") - 1  # the last one was refused
        flagged = {o.recipient for o in end.unsent if o.reason == "ambiguous_twice"}
        for n in range(3):
            assert maybe + copies[f"a1-texts-{n}"] <= 2
            assert copies[f"a1-texts-{n}"] == 1 or {f"texts:{n}", "chat:0"} & flagged
        await h.rig.crash()

    in_virtual_time(story())


def test_two_notifiers_agree_on_who_stands_in() -> None:
    async def story() -> None:
        async with hub(away) as h:
            h.start()
            for n in range(5):
                await h.rig.alert(f"a{n}", incident_id=IncidentId(f"i{n}"))
            ends = await h.rig.settled(*(f"a{n}" for n in range(5)), within_s=7_200)
            assert {end.delivered for end in ends} == {3}
            assert set(h.rig.plugins["sms"].copies.values()) == {1}

    in_virtual_time(story())

"""An end is told instead of what has not gone out by then, wherever that waits: in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from services.notifier.worker import Notifier
from shared.contracts.alerts import PublicPlace
from shared.contracts.base import HUB, GroupId, IncidentId, MemberId
from shared.contracts.desk import KillSwitch
from shared.contracts.groups import Policy
from shared.contracts.incidents import IncidentMerged
from shared.contracts.ledger import AlertExpanded, AlertSettled
from shared.contracts.subscribers import Follow, FollowedArea
from shared.plugins.spec import Delivered, Outcome, RenderedMessage, RetryLater
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import NOW, Rig, a_body, channel_kind
from tests.integration.test_stand_ins import now_s
from tests.integration.test_subscribers import ADA, Book, Texts, texts
from tests.rigs.virtual_time import VirtualClock, in_virtual_time

I1, I2 = IncidentId("i1"), IncidentId("i2")
PEOPLE = 100


class Hub(Rig):
    """A group with a chat that texts stand in for, for each audience, and a list for the community."""

    def __init__(self) -> None:
        kinds = {kind: channel_kind(kind, self._behaving(kind)) for kind in ("chat", "sms", "list")}
        super().__init__(MemoryBus(), kinds)
        self.clock, self.look_every_s = VirtualClock(NOW), 1.0
        self.away: set[str] = set()
        """The kinds whose provider answers to nobody."""
        self.takes_s = 0.0
        self.got: list[tuple[float, str, str]] = []
        """When, over what, which alert."""

    def _behaving(self, kind: str) -> Any:
        async def send(_address: str, message: RenderedMessage) -> Outcome:
            if kind in self.away:
                return RetryLater("unreachable")
            await asyncio.sleep(self.takes_s)
            self.got.append((now_s(), kind, str(message.alert_id)))
            return Delivered()

        return send

    def go(self, **more: Any) -> Notifier:
        return self.start(**{"deadline_s": 10.0, "lease_s": 20.0, "monotonic": now_s, **more})

    async def groups(self) -> None:
        channels: dict[str, dict[str, Any]] = {}
        for audience in ("verifiers", "community"):
            instead_of = {"channel": f"chat-{audience}", "after_s": 120}
            channels[f"chat-{audience}"] = {"kind": "chat", "audience": audience}
            channels[f"texts-{audience}"] = {
                "kind": "sms", "audience": audience, "to": 3, "instead_of": instead_of,
            }  # fmt: skip
        channels["list"] = {"kind": "list", "audience": "community", "to": PEOPLE}
        await self.group("hackney", **channels)

    async def tells(self, alert_id: str, kind: str, audience: str = "community", **more: Any) -> None:
        status = {"OVER": "officers_left", "UNCONFIRMED": "unconfirmed"}.get(kind, "confirmed")
        about = {"incident_id": I1, "kind": kind, "status": status, "audience": audience}
        await self.alert(alert_id, **{"at": self.clock.now(), **about, **more})

    async def merge(self, absorbed: IncidentId, into: IncidentId) -> None:
        at, member = self.clock.now(), MemberId("ada")
        await self.store(
            IncidentMerged(id=f"m.{absorbed}", at=at, incident_id=into, absorbed=absorbed, member=member)
        )

    async def switch(self, *, stopped: bool) -> None:
        await self.store(
            KillSwitch(id=f"k{stopped}", at=self.clock.now(), member="m", group=HUB, stopped=stopped)
        )

    def count(self, kind: str, alert_id: str) -> int:
        return sum((k, a) == (kind, alert_id) for _, k, a in self.got)

    async def ends(self, alert_id: str) -> AlertSettled:
        return (await self.settled(alert_id, within_s=20_000))[0]


@asynccontextmanager
async def hub(*away: str, policy: Policy | None = None) -> AsyncIterator[Hub]:
    found = Hub()
    found.away.update(away)
    found.policy = policy or found.policy
    await found.groups()
    found.go()
    yield found
    await found.crash()


def why(end: AlertSettled) -> set[str]:
    return {o.reason for o in end.unsent}


@pytest.mark.parametrize("audience", ["verifiers", "community"])
def test_what_waits_for_a_provider_is_never_sent_after_its_end_and_said_so_at_once(audience: str) -> None:
    async def story() -> None:
        async with hub("chat", "list", "sms") as h:
            await h.tells("a1", "UNCONFIRMED" if audience == "verifiers" else "CONFIRMED", audience)
            await asyncio.sleep(60)
            await h.tells("a2", "OVER", audience)
            first = await h.ends("a1")
            assert (first.delivered, why(first), now_s() < 75) == (0, {"superseded"}, True)
            h.away.clear()
            await h.ends("a2")
            await asyncio.sleep(7_000)
            assert {alert for _, _, alert in h.got} == {"a2"}

    in_virtual_time(story())


def test_what_a_kill_switch_holds_is_never_sent_after_its_end() -> None:
    async def story() -> None:
        async with hub() as h:
            await h.switch(stopped=True)
            await h.tells("a1", "CONFIRMED")
            await asyncio.sleep(60)
            await h.tells("a2", "OVER")
            assert why(await h.ends("a1")) == {"superseded"}
            await h.switch(stopped=False)
            await h.ends("a2")
            assert {alert for _, _, alert in h.got} == {"a2"}

    in_virtual_time(story())


@pytest.mark.parametrize("held_by", ["hour", "provider", "nothing"])
def test_after_a_restart_nothing_goes_that_was_overtaken_meanwhile(held_by: str) -> None:
    async def story() -> None:
        policy = Policy(messages_an_hour=100)
        async with hub(*({"provider": ("list", "chat")}.get(held_by, ())), policy=policy) as h:
            if held_by == "hour":
                await h.tells("b1", "CONFIRMED", incident_id=I2)
            if held_by == "nothing":
                await h.crash()
            await h.tells("a1", "CONFIRMED")
            await asyncio.sleep(30)
            await h.crash()
            await h.tells("a2", "OVER")
            h.away.clear()
            await asyncio.sleep(3_600)  # then there would be room
            h.go()
            assert why(await h.ends("a1")) == {"superseded"}
            await h.ends("a2")
            assert (h.count("list", "a1"), h.count("list", "a2")) == (0, PEOPLE)

    in_virtual_time(story())


def test_what_is_claimed_when_the_end_is_read_is_recorded_and_not_sent() -> None:
    async def story() -> None:
        async with hub() as h:
            await h.crash()
            held = asyncio.Event()
            publish = h.bus.publish

            async def slow(message: Any, **more: Any) -> Any:
                stored = await publish(message, **more)
                if message.msg_id.startswith("expanded.a1"):
                    await held.wait()  # the claim stands there, and nothing is sent yet
                return stored

            h.bus.publish = slow  # type: ignore[method-assign]
            h.go()
            await h.tells("a1", "CONFIRMED")
            await asyncio.sleep(5)
            await h.tells("a2", "OVER")
            await h.ends("a2")
            held.set()
            assert why(await h.ends("a1")) == {"superseded"}
            assert {alert for _, _, alert in h.got} == {"a2"}

    in_virtual_time(story())


def test_nobody_stands_in_to_tell_the_beginning_after_the_end() -> None:
    async def story() -> None:
        async with hub("chat") as h:
            await h.tells("a1", "UNCONFIRMED", "verifiers")
            await asyncio.sleep(100)
            await h.tells("a2", "OVER", "verifiers")
            assert why(await h.ends("a1")) == {"superseded"}
            assert (await h.ends("a2")).delivered == 3
            await asyncio.sleep(600)
            assert (h.count("sms", "a1"), h.count("sms", "a2")) == (0, 3)

    in_virtual_time(story())


@pytest.mark.parametrize("notifiers", [1, 2])
def test_whom_a_stand_in_tells_just_as_it_ends_hears_the_end_too(notifiers: int) -> None:
    async def story() -> None:
        async with hub("chat") as h:
            h.takes_s = 8.0
            for _ in range(notifiers - 1):
                h.go()
            await h.tells("a1", "UNCONFIRMED", "verifiers")
            while not any(k == "sms" for k in h.plugins if h.plugins[k].copies):
                if now_s() > 60 and await _claimed(h, "texts-verifiers:0"):
                    break
                await asyncio.sleep(1)
            h.away.clear()  # the chat takes the end
            await h.tells("a2", "OVER", "verifiers")
            await h.ends("a2")
            assert (h.count("sms", "a1"), h.count("chat", "a2"), h.count("sms", "a2")) == (3, 1, 3)

    in_virtual_time(story())


async def _claimed(h: Hub, recipient: str) -> bool:
    return any(recipient in getattr(r, "recipients", ()) for r in await h.ledger())


@pytest.mark.parametrize("restarted", [False, True])
def test_what_waits_of_an_incident_is_overtaken_by_the_end_of_what_it_became_one_with(
    *, restarted: bool
) -> None:
    async def story() -> None:
        async with hub("list", "chat", "sms") as h:
            await h.tells("a1", "CONFIRMED")
            await h.tells("b1", "CONFIRMED", incident_id=I2)
            await asyncio.sleep(30)
            if restarted:
                await h.crash()
            await h.merge(I1, I2)
            await h.tells("b2", "OVER", incident_id=I2)
            if restarted:
                h.go()
            assert why(await h.ends("a1")) == why(await h.ends("b1")) == {"superseded"}

    in_virtual_time(story())


def test_whom_a_stand_in_told_of_one_of_two_hears_the_end_of_both() -> None:
    async def story() -> None:
        async with hub("chat") as h:
            await h.tells("a1", "UNCONFIRMED", "verifiers")
            assert (await h.ends("a1")).delivered == 3
            h.away.clear()
            await h.merge(I1, I2)
            await h.tells("b2", "OVER", "verifiers", incident_id=I2)
            await h.ends("b2")
            assert (h.count("chat", "b2"), h.count("sms", "b2")) == (1, 3)

    in_virtual_time(story())


@pytest.mark.parametrize(
    "end",
    [
        {"incident_id": I2},  # another's
        {"audience": "verifiers"},  # told to others
        {"kind": "UPDATE"},
    ],
)
def test_nothing_else_overtakes(end: dict[str, Any]) -> None:
    async def story() -> None:
        async with hub("list") as h:
            await h.tells("a1", "CONFIRMED")
            await asyncio.sleep(10)
            await h.tells("a2", **{"kind": "OVER", **end})
            await asyncio.sleep(10)
            h.away.clear()
            assert (await h.ends("a1")).delivered == PEOPLE + 1

    in_virtual_time(story())


def test_an_end_overtakes_no_end_and_nothing_that_is_said_after_it() -> None:
    async def story() -> None:
        async with hub("list") as h:
            await h.tells("a1", "OVER")
            await h.tells("a2", "CLOSED", status="closed")
            earlier = NOW - timedelta(minutes=1)  # by the clock; the log's order counts
            await h.tells("a3", "UPDATE", at=earlier, urgency="normal", status="closed")
            await asyncio.sleep(10)
            h.away.clear()
            for alert in ("a1", "a2", "a3"):
                assert (await h.ends(alert)).delivered == PEOPLE + 1

    in_virtual_time(story())


@pytest.mark.parametrize("restarted", [False, True])
def test_no_end_goes_after_the_word_that_it_is_not_over(*, restarted: bool) -> None:
    async def story() -> None:
        async with hub("list") as h:
            await h.tells("a1", "OVER")
            await asyncio.sleep(30)  # it waits for its next try
            if restarted:
                await h.crash()
            h.away.clear()
            await h.tells("a2", "UPDATE", status="confirmed")
            if restarted:
                h.go()
            assert (await h.ends("a2")).delivered == PEOPLE + 1
            assert why(await h.ends("a1")) == {"corrected"}
            assert (h.count("list", "a1"), h.count("list", "a2")) == (0, PEOPLE)

    in_virtual_time(story())


async def test_whom_the_end_found_untold_of_the_subscribers_hears_neither(memory_bus: MemoryBus) -> None:
    Texts.to, Texts.next = [], {}
    book = Book(memory_bus)
    await book.groups()
    await book.person(1, ADA, Follow(group=GroupId("hackney"), choice="witness"))
    about = {"audience": "community", "incident_id": I1}
    await book.alert("a1", kind="CONFIRMED", status="confirmed", **about)
    await book.alert("a2", kind="OVER", status="officers_left", **about)
    book.start()
    await book.settled("a1", "a2")
    assert texts() == []
    (first,) = [r for r in await book.ledger() if isinstance(r, AlertExpanded) and r.alert_id == "a1"]
    assert (first.not_told, first.chunks) == ({"superseded": 1}, ())
    await book.crash()


async def test_a_subscriber_who_was_told_of_one_of_two_hears_the_end_of_both(memory_bus: MemoryBus) -> None:
    Texts.to, Texts.next = [], {}
    book = Book(memory_bus)
    await book.groups()
    far = FollowedArea(lat=51.546, lon=-0.075, radius_m=100, label="E8")
    await book.person(1, ADA, Follow(group=GroupId("hackney"), choice="witness", area=far))
    book.start()
    await book.tell("a1", incident_id=I1)
    merge = {"id": "m1", "at": NOW, "incident_id": I2, "absorbed": I1, "member": "ada"}
    await book.store(IncidentMerged.model_validate(merge))
    away = PublicPlace(lat=51.60, lon=-0.075, radius_m=100, label="N15")
    end = {"kind": "OVER", "status": "officers_left", "body": a_body(public=away)}
    assert (await book.tell("b1", incident_id=I2, **end)).delivered == 1
    assert [text.split()[0] for text in texts()] == ["CONFIRMED", "OVER"]
    await book.crash()

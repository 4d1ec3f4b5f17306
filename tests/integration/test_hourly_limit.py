"""A group's messages an hour: what is more waits, in virtual time, with the real engine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from services.notifier.decide.pace import HOUR
from services.notifier.worker import Notifier
from shared.contracts.base import GroupId, IncidentId, MemberId
from shared.contracts.catalog import decode_all
from shared.contracts.groups import Policy
from shared.contracts.incidents import IncidentSentOn
from shared.contracts.ledger import AlertSettled, ChunkClaimed, MessagesWaiting
from shared.plugins.spec import Delivered, Outcome, RenderedMessage, RetryLater
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import NOW, Rig, channel_kind
from tests.integration.test_stand_ins import now_s
from tests.rigs.virtual_time import VirtualClock, in_virtual_time

MOST = 128
CONFIRMED: dict[str, Any] = {"audience": "community", "kind": "CONFIRMED", "status": "confirmed"}
OVER: dict[str, Any] = {"audience": "community", "kind": "OVER", "status": "officers_left"}
I1 = IncidentId("i1")


class Hub(Rig):
    """A group with 250 numbers in its community's list that sends 128 messages an hour."""

    def __init__(self) -> None:
        super().__init__(MemoryBus(), {"sms": channel_kind("sms", self._sms)})
        self.clock, self.look_every_s = VirtualClock(NOW), 5.0
        self.policy = Policy(messages_an_hour=MOST)
        self.got: list[tuple[float, str, str]] = []
        """When, which alert, to whom."""
        self.busy_until_s = 0.0

    async def _sms(self, address: str, message: RenderedMessage) -> Outcome:
        if now_s() < self.busy_until_s:
            return RetryLater("http_429", 3_000.0)
        self.got.append((now_s(), str(message.alert_id), address))
        return Delivered()

    def go(self) -> Notifier:
        return self.start(deadline_s=10.0, lease_s=20.0, monotonic=now_s)

    async def raises(self, alert_id: str = "a1", incident: IncidentId = I1, **more: Any) -> None:
        """Raised now."""
        await self.alert(alert_id, at=self.clock.now(), incident_id=incident, **more)

    def count(self, alert_id: str) -> int:
        return sum(alert == alert_id for _, alert, _ in self.got)

    async def waiting(self) -> list[tuple[str, int]]:
        """What the ledger says, in its order."""
        found = []
        for seq in range(1, await self.bus.last_seq("LEDGER") + 1):
            entry = await self.bus.get("LEDGER", seq)
            found += [m for m in (decode_all(entry) if entry else ()) if isinstance(m, MessagesWaiting)]
        return [(m.incident_id, m.messages) for m in found]

    async def send_on(self, incident: IncidentId = I1) -> None:
        """What a dispatcher decided."""
        event = IncidentSentOn(
            id=f"on.{incident}",
            at=self.clock.now(),
            incident_id=incident,
            member=MemberId("ada"),
            group=GroupId("hackney"),
        )
        await self.store(event)

    async def ends(self, alert_id: str) -> AlertSettled:
        return (await self.settled(alert_id, within_s=20_000))[0]


@asynccontextmanager
async def hub(people: int = 250, **more: Any) -> AsyncIterator[Hub]:
    found = Hub()
    await found.group(
        list={"kind": "sms", "audience": "community", "to": people}, team={"kind": "sms"}, **more
    )
    found.go()
    yield found
    await found.crash()


def test_what_is_more_waits_until_there_is_room_and_is_said() -> None:
    async def story() -> None:
        async with hub() as h:
            await h.raises(**CONFIRMED)
            await asyncio.sleep(600)
            assert h.count("a1") == MOST
            assert await h.waiting() == [("i1", 122)]
            assert (await h.notifiers[0].health())["waiting_for_the_hour"] == {"hackney": 122}
            assert (await h.ends("a1")).delivered == 250
            assert len({to for _, _, to in h.got}) == len(h.got) == 250
            assert HOUR.total_seconds() <= now_s() < HOUR.total_seconds() + 20
            await asyncio.sleep(10)
            assert await h.waiting() == [("i1", 122), ("i1", 0)]

    in_virtual_time(story())


def test_what_becomes_too_old_meanwhile_is_recorded_and_not_sent() -> None:
    async def story() -> None:
        async with hub() as h:
            await h.raises(not_after=NOW + timedelta(minutes=30), **CONFIRMED)
            end = await h.ends("a1")
            assert (end.reason, end.delivered, len(end.unsent)) == ("expired", MOST, 122)
            assert now_s() < 2_000
            assert h.count("a1") == MOST

    in_virtual_time(story())


def test_who_lets_it_go_lets_go_what_waits_of_that_incident_and_nothing_else() -> None:
    async def story() -> None:
        async with hub() as h:
            await h.raises(**CONFIRMED)
            await h.raises("b1", IncidentId("i2"), **CONFIRMED)
            await asyncio.sleep(60)
            await h.send_on()
            assert (await h.ends("a1")).delivered == 250
            assert now_s() < 90
            assert h.count("b1") == 0
            await h.raises("a2", kind="UPDATE", urgency="normal", audience="community", status="confirmed")
            await asyncio.sleep(60)
            assert h.count("a2") == 0, "of what is raised later a person hasn't decided"

    in_virtual_time(story())


def test_verifiers_hear_at_once_and_the_end_is_told_instead_of_what_waits() -> None:
    async def story() -> None:
        async with hub() as h:
            await h.raises(**CONFIRMED)
            await asyncio.sleep(60)
            await h.raises("v1", IncidentId("i2"))
            assert (await h.ends("v1")).delivered == 1
            await h.raises("a2", **OVER)
            assert (await h.ends("a2")).delivered == 250
            first = await h.ends("a1")
            assert (first.delivered, {o.reason for o in first.unsent}) == (MOST, {"superseded"})
            assert now_s() < 90
            await asyncio.sleep(7_000)
            assert h.count("a1") == MOST, "nobody hears that it goes on after its end"

    in_virtual_time(story())


@pytest.mark.parametrize("restarted", [False, True])
def test_what_waits_is_not_told_after_what_corrects_it(*, restarted: bool) -> None:
    async def story() -> None:
        async with hub() as h:
            await h.raises(**CONFIRMED)
            await asyncio.sleep(60)
            if restarted:
                await h.crash()
            await h.raises("a2", **{**CONFIRMED, "kind": "UPDATE", "urgency": "normal", "sms_to": "everyone"})
            if restarted:
                h.go()
            assert (await h.ends("a2")).delivered == 250
            first = await h.ends("a1")
            assert (first.delivered, {o.reason for o in first.unsent}) == (MOST, {"corrected"})
            await asyncio.sleep(7_000)
            assert h.count("a1") == MOST, "nobody hears the old place after the new one"

    in_virtual_time(story())


def test_what_is_corrected_before_it_has_to_wait_goes_as_it_would() -> None:
    async def story() -> None:
        async with hub(people=60) as h:
            await h.raises(**CONFIRMED)
            await h.raises("a2", **{**CONFIRMED, "kind": "UPDATE", "urgency": "normal", "sms_to": "everyone"})
            assert [(await h.ends(a)).delivered for a in ("a1", "a2")] == [60, 60]

    in_virtual_time(story())


def test_after_a_restart_the_hour_goes_on() -> None:
    async def story() -> None:
        async with hub() as h:
            await h.raises(**CONFIRMED)
            await asyncio.sleep(60)
            await h.crash()
            h.go()
            await h.raises("b1", IncidentId("i2"), **CONFIRMED)
            await asyncio.sleep(600)
            assert (h.count("a1"), h.count("b1")) == (MOST, 0)
            await h.send_on()
            assert (await h.ends("a1")).delivered == 250
            await h.crash()
            h.go()  # what a person let go is known from the log
            await asyncio.sleep(60)
            assert dict(await h.waiting()) == {"i1": 0, "i2": 250}

    in_virtual_time(story())


@pytest.mark.parametrize("notifiers", [1, 2, 3])
def test_several_notifiers_keep_one_limit(notifiers: int) -> None:
    async def story() -> None:
        async with hub() as h:
            for _ in range(notifiers - 1):
                h.go()
            await h.raises(**CONFIRMED)
            assert (await h.ends("a1")).delivered == 250
            assert len({to for _, _, to in h.got}) == len(h.got) == 250
            claims = [r for r in await h.ledger() if isinstance(r, ChunkClaimed)]
            for last in claims:
                hour = [len(c.recipients) for c in claims if last.at - HOUR < c.at <= last.at]
                assert sum(hour) <= MOST + 64 * (notifiers - 1)

    in_virtual_time(story())


def test_two_notifiers_say_one_figure_whatever_waits_where_in_each() -> None:
    async def story() -> None:
        async with hub() as h:
            h.busy_until_s = 1.0
            await h.raises("b1", IncidentId("i2"), not_after=NOW + timedelta(seconds=1), **CONFIRMED)
            await asyncio.sleep(2)  # the first one leaves the provider alone by now
            h.go()
            await h.raises(**CONFIRMED)
            await asyncio.sleep(600)
            assert h.count("a1") == MOST
            assert [(about, n) for about, n in await h.waiting() if about == "i1"] == [("i1", 122)]
            figures = [(await one.health())["waiting_for_the_hour"] for one in h.notifiers]
            assert figures[0] == figures[1]

    in_virtual_time(story())

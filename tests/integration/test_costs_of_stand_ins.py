"""Channels that stand in for others, and money: in virtual time, with the real engine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from services.notifier.worker import Notifier
from shared.contracts.groups import Policy
from shared.contracts.ledger import AlertExpanded
from shared.plugins.spec import Delivered, Outcome, Rejected, RenderedMessage, RetryLater
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import NOW, Rig, channel_kind
from tests.integration.test_costs import PRICE, paid, told
from tests.integration.test_stand_ins import now_s
from tests.rigs.virtual_time import VirtualClock, in_virtual_time

CONFIRMED = {"audience": "community", "kind": "CONFIRMED", "status": "confirmed"}
OVER = {"audience": "community", "kind": "OVER", "status": "officers_left"}


class Hub(Rig):
    """A group with a free chat and texts that cost, one of which stands in for the other."""

    def __init__(self) -> None:
        super().__init__(MemoryBus(), {"chat": channel_kind("chat", self._chat), "sms": paid("sms")})
        self.clock, self.look_every_s = VirtualClock(NOW), 0.5
        self.plugins["sms"].behaviour = staticmethod(self._text)
        self.chat: Outcome = Delivered()
        self.text: Outcome = Delivered()

    async def _chat(self, _address: str, _message: RenderedMessage) -> Outcome:
        return self.chat

    async def _text(self, _address: str, _message: RenderedMessage) -> Outcome:
        return self.text

    async def opens(self, cap: float, first: str, **most: int) -> None:
        """The texts stand in for the chat, or, if they come `first`, the chat for the texts."""
        self.policy = Policy(sms_pounds_a_month=cap)
        channels: dict[str, Any] = {
            "texts": {"kind": "sms", "to": 3, "price_pence": PRICE},
            "chat": {"kind": "chat", "to": 3},
        }
        for name, channel in channels.items():
            instead_of = {"channel": first, **most} if name != first else None
            channel.update(audience="community", instead_of=instead_of)
        await self.group(**channels)

    def go(self) -> Notifier:
        return self.start(deadline_s=10.0, lease_s=20.0, monotonic=now_s)

    async def hears(self, alert_id: str, **more: Any) -> AlertExpanded:
        await self.alert(alert_id, not_after=NOW + timedelta(hours=2), **more)
        await self.settled(alert_id, within_s=7_200)
        return next(r for r in await self.ledger() if isinstance(r, AlertExpanded) and r.alert_id == alert_id)

    def copies(self, kind: str, alert_id: str) -> int:
        return sum(n for (alert, _), n in self.plugins[kind].copies.items() if alert == alert_id)


@asynccontextmanager
async def hub(cap: float, first: str, **most: int) -> AsyncIterator[Hub]:
    found = Hub()
    await found.opens(cap, first, **most)
    found.go()
    yield found
    await found.crash()


async def spent(hub: Hub) -> float:
    """In pounds, as whoever watches the hub reads it."""
    figures: Any = (await hub.notifiers[-1].health())["spending"]
    return float(figures["hackney"]["spent"])


def test_texts_that_stand_in_are_paid_where_they_go_and_nowhere_else() -> None:
    async def story() -> None:
        async with hub(100, "chat") as h:
            await h.hears("a1", incident_id="i1", **CONFIRMED)
            assert await spent(h) == 0.0
            h.chat = Rejected("http_404")
            event = await h.hears("a2", incident_id="i2", **CONFIRMED)
            assert (h.copies("sms", "a1"), h.copies("sms", "a2")) == (0, 3)
            each = (event.prices or {})["texts"]
            assert await spent(h) == pytest.approx(3 * each / 100)
            await h.crash()
            h.go()  # a new one knows it from the ledger
            await h.hears("a3", incident_id="i2", **OVER)
            assert await spent(h) == pytest.approx(3 * (each + (await priced(h, "a3"))) / 100)

    in_virtual_time(story())


async def priced(hub: Hub, alert_id: str) -> float:
    records = [r for r in await hub.ledger() if isinstance(r, AlertExpanded) and r.alert_id == alert_id]
    return (records[0].prices or {})["texts"]


def test_without_money_no_text_stands_in_but_it_does_for_an_end_that_the_chat_does_not_take() -> None:
    async def story() -> None:
        async with hub(0, "chat") as h:
            event = await h.hears("a1", incident_id="i1", **CONFIRMED)
            assert (told(event), event.over_cap, event.stand_ins) == ({"chat"}, ("texts",), None)
            assert event.not_told is None  # the chat has told them
            h.chat = Rejected("http_404")
            await h.hears("a2", incident_id="i1", **OVER)
            assert (h.copies("chat", "a1"), h.copies("sms", "a2")) == (3, 3)

    in_virtual_time(story())


def test_a_chat_whose_stand_ins_the_cap_left_out_is_tried_for_as_long_as_any() -> None:
    async def story() -> None:
        async with hub(0, "chat", after_s=30) as h:
            h.chat = RetryLater("unreachable")
            asyncio.get_running_loop().call_later(300, setattr, h, "chat", Delivered())
            await h.hears("a1", incident_id="i1", **CONFIRMED)
            (end,) = await h.settled("a1")
            assert (end.delivered, end.unsent, h.copies("chat", "a1")) == (3, (), 3)

    in_virtual_time(story())


def test_a_chat_that_stands_in_for_texts_tells_those_whom_the_cap_leaves_out_within_its_budget() -> None:
    async def story() -> None:
        async with hub(0, "texts", most=2) as h:
            event = await h.hears("a1", incident_id="i1", **CONFIRMED)
            assert (told(event), event.over_cap, event.not_told) == ({"chat"}, ("texts",), {"over_cap": 3})
            (end,) = await h.settled("a1")
            assert (h.copies("chat", "a1"), [o.recipient for o in end.unsent]) == (2, ["chat:2"])
            event = await h.hears("a2", incident_id="i1", **OVER)
            assert event.chunks == (("chat:0", "chat:1"),)  # to whom nothing began nothing ends

    in_virtual_time(story())


def test_money_for_texts_that_wait_at_their_gate_is_kept_until_the_chat_stands_in() -> None:
    async def story() -> None:
        async with hub(0.5, "texts") as h:
            h.text = RetryLater("unreachable")
            first = asyncio.create_task(h.hears("a1", incident_id="i1", **CONFIRMED))
            await asyncio.sleep(60)
            assert (await h.notifiers[0].health())["channels_held"]
            assert await spent(h) > 0.25
            assert (await h.hears("a2", incident_id="i2", **CONFIRMED)).over_cap == ("texts",)
            await first
            assert (h.copies("chat", "a1"), await spent(h)) == (3, 0.0)
            h.text = Delivered()
            assert (await h.hears("a3", incident_id="i3", **CONFIRMED)).over_cap is None
            assert h.copies("sms", "a3") == 3

    in_virtual_time(story())

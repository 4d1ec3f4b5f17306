"""The monthly cap through the notifier: who is left out, who is told all the same, and who is warned."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from shared.contracts.catalog import decode_all
from shared.contracts.desk import SmsTo
from shared.contracts.groups import ChannelDefinition, GroupChannels, GroupDefined, GroupDefinition, Policy
from shared.contracts.ledger import AlertExpanded, SubscribersCounted
from shared.contracts.subscribers import Follow
from shared.plugins.bridge_file import BridgeEntry, Subscriptions
from shared.plugins.spec import PluginSettings
from shared.spending import month_of
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import NOW, ToldSettings, channel_kind, until
from tests.integration.test_subscribers import ADA, BO, Book, Texts

PRICE = 10.0


class PaidSettings(ToldSettings):
    price_pence: float = 0.0


async def hastily(seconds: float) -> None:
    """Sleep, but not for long."""
    await asyncio.sleep(min(seconds, 0.05))


def paid(kind: str) -> type[Any]:
    """A channel paid by the segment."""
    made = channel_kind(kind)
    made.spec = replace(made.spec, sms=True)
    made.Settings = PaidSettings
    return made


class Purse(Book):
    """A group whose texts cost, with a cap; a free chat beside them; one subscriber of each choice."""

    async def opens(self, cap: float | None, texts: int = 10) -> None:
        self.plugins = {"chat": channel_kind("chat"), "texts": paid("texts")}
        self.bridges = {
            "join": BridgeEntry(Texts, PluginSettings(), "bridges.yaml", Subscriptions(price_pence=PRICE))
        }
        channels = [
            ChannelDefinition(
                id="list", kind="texts", audience="community", settings={"to": texts, "price_pence": PRICE}
            ),
            ChannelDefinition(id="free", kind="chat", audience="community", settings={}),
            ChannelDefinition(id="team", kind="chat", audience="verifiers", settings={}),
            ChannelDefinition(
                id="pager", kind="texts", audience="verifiers", settings={"to": 2, "price_pence": PRICE}
            ),
        ]
        definition = GroupDefinition(id="hackney", name="Hackney", policy=Policy(sms_pounds_a_month=cap))
        await self.store(
            GroupDefined(
                id="g.hackney",
                at=NOW,
                group="hackney",
                version=1,
                definition=definition,
                channels=GroupChannels(channels=tuple(channels)),
            )
        )
        await self.person(1, ADA, Follow(group="hackney", choice="witness"))
        await self.person(2, BO, Follow(group="hackney"))
        self.start(sleep=hastily)

    async def expanded(self, alert_id: str, **more: Any) -> AlertExpanded:
        await self.tell(alert_id, **more)
        return next(r for r in await self.ledger() if isinstance(r, AlertExpanded) and r.alert_id == alert_id)


@pytest.fixture
async def purse(memory_bus: MemoryBus) -> AsyncIterator[Purse]:
    purse = Purse(memory_bus)
    Texts.to, Texts.next = [], {}
    yield purse
    await purse.crash()


def told(event: AlertExpanded) -> set[str]:
    return {r.rpartition(":")[0] for chunk in event.chunks for r in chunk}


WITNESS, FACTS, LIST, FREE = "sub_join_en_w", "sub_join_en_i", "list", "free"


async def test_what_each_recipient_costs_stands_in_the_ledger(purse: Purse) -> None:
    await purse.opens(cap=None)
    event = await purse.expanded("a1")
    assert told(event) == {WITNESS, FACTS, LIST, FREE}
    assert event.prices is not None
    assert set(event.prices) == {WITNESS, FACTS, LIST}
    assert all(pence in {PRICE, 2 * PRICE} for pence in event.prices.values())
    assert (event.over_cap, event.not_told) == (None, None)


@pytest.mark.parametrize(
    ("sms_to", "hear"),
    [
        (None, {FREE}),
        ("nobody", {FREE}),
        ("witnesses", {FREE, WITNESS}),
        ("everyone", {FREE, WITNESS, FACTS, LIST}),
    ],
)
async def test_at_the_cap_those_hear_who_were_chosen(
    purse: Purse, sms_to: SmsTo | None, hear: set[str]
) -> None:
    await purse.opens(cap=0.5)
    event = await purse.expanded("a1", sms_to=sms_to)
    assert told(event) == hear
    left_out = {WITNESS, FACTS, LIST} - hear
    assert set(event.over_cap or ()) == left_out
    assert (event.not_told or {}).get("over_cap", 0) == sum(10 if c == LIST else 1 for c in left_out)


async def test_below_the_cap_the_choice_means_nothing(purse: Purse) -> None:
    await purse.opens(cap=100.0)
    assert told(await purse.expanded("a1", sms_to="nobody")) == {WITNESS, FACTS, LIST, FREE}


async def test_what_is_urgent_for_verifiers_is_never_held_back(purse: Purse) -> None:
    await purse.opens(cap=0.0)
    event = await purse.expanded(
        "a1", audience="verifiers", kind="UNCONFIRMED", status="unconfirmed", ask="NONE"
    )
    assert told(event) == {"team", "pager"}


@pytest.mark.parametrize("kind", ["OVER", "WRONG"])
async def test_the_end_reaches_whoever_was_told_although_the_cap_is_passed(purse: Purse, kind: str) -> None:
    await purse.opens(cap=0.01)
    assert told(await purse.expanded("a1", sms_to="everyone")) == {WITNESS, FACTS, LIST, FREE}
    assert told(await purse.expanded("a2", kind=kind, status="officers_left", ask="NONE")) == {
        WITNESS,
        FACTS,
        LIST,
        FREE,
    }


async def test_the_end_reaches_nobody_whom_the_cap_left_out_of_all_of_it(purse: Purse) -> None:
    await purse.opens(cap=0.0)
    await purse.expanded("a1", sms_to="witnesses")
    await purse.expanded("a2", kind="UPDATE", urgency="normal", sms_to="nobody")
    assert told(await purse.expanded("a3", kind="OVER", status="officers_left", ask="NONE")) == {
        FREE,
        WITNESS,
    }


async def test_what_was_spent_is_known_after_a_restart(purse: Purse) -> None:
    await purse.opens(cap=3.0)
    first = await purse.expanded("a1", sms_to="nobody")
    assert LIST in told(first)
    await purse.stop()
    purse.start()
    assert told(await purse.expanded("a2", incident_id="i2", sms_to="nobody")) == {FREE}


async def test_two_notifiers_reckon_with_what_the_other_spent(purse: Purse) -> None:
    await purse.opens(cap=3.0)
    purse.start()
    await purse.expanded("a1")
    assert told(await purse.expanded("a2", incident_id="i2")) == {FREE}


def warnings(purse: Purse) -> list[str]:
    return sorted(alert for alert, _ in purse.plugins["chat"].copies if alert.startswith("spending-"))


async def test_verifiers_are_warned_once_over_a_channel_that_costs_nothing(purse: Purse) -> None:
    await purse.opens(cap=2.0)
    await purse.expanded("a1", sms_to="everyone")
    await until(lambda: warnings(purse) == ["spending-hackney-" + month_of(NOW) + "-100"])
    await purse.stop()
    purse.start(sleep=hastily)
    await purse.expanded("a2", incident_id="i2", sms_to="everyone")
    assert len(warnings(purse)) == 1
    assert not [alert for alert, _ in purse.plugins["texts"].copies if alert.startswith("spending-")]


async def test_how_many_follow_by_what_that_costs_is_said_without_naming_anybody(purse: Purse) -> None:
    await purse.opens(cap=None)
    last = None
    async with asyncio.timeout(10):
        while last is None:
            last = await purse.bus.last("LEDGER", "ledger.v1.hackney")
            await asyncio.sleep(0.02)
    (counted,) = decode_all(last)
    assert isinstance(counted, SubscribersCounted)
    assert [(f.channel, f.people, f.choice, f.sms, f.price_pence) for f in counted.following] == [
        (FACTS, 5, "information", True, PRICE),
        (WITNESS, 5, "witness", True, PRICE),
    ]
    assert ADA not in counted.model_dump_json()

"""The ledger of an incident: who was told and how, who was not and why, however many they are."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.decide import reckoning
from services.console.decide.ledger_each import each, recipients_of
from services.console.decide.ledger_views import message
from services.console.decide.why_not import SENTENCES, why_lost, why_not
from services.console.ledger import EACH
from services.console.ledger_models import LedgerAlert
from shared.contracts.base import AlertId, GroupId
from shared.contracts.ledger import (
    LATE,
    AlertExpanded,
    AlertSettled,
    ChunkClaimed,
    ChunkSettled,
    DeliveryReceipted,
    LedgerRecord,
    RecipientOutcome,
    StandIn,
)
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import START, Rig, console_rig

FACTS = {
    "alert_id": "a1",
    "at": START.isoformat(),
    "kind": "CONFIRMED",
    "group": "hackney",
    "audience": "community",
}


def outcome(recipient: str, result: str, reason: str = "", kind: str = "kannel") -> RecipientOutcome:
    return RecipientOutcome.model_validate(
        {"recipient": recipient, "result": result, "channel_kind": kind, "reason": reason or result}
    )


class Notifier:
    """Writes the records of one alert as the notifier does."""

    def __init__(self, alert: str = "a1", group: str = "hackney") -> None:
        self.base: dict[str, Any] = {"alert_id": AlertId(alert), "group": GroupId(group)}
        self.n = 0

    def _next(self) -> dict[str, Any]:
        self.n += 1
        name = f"{self.base['alert_id']}.{self.base['group']}.{self.n}"
        return {"id": name, "at": START + timedelta(seconds=self.n), **self.base}

    def expanded(self, *chunks: tuple[str, ...], **more: Any) -> AlertExpanded:
        return AlertExpanded(**self._next(), audience="community", chunks=chunks, **more)

    def claimed(self, *recipients: str, attempt: int = 1) -> ChunkClaimed:
        return ChunkClaimed(**self._next(), chunk=0, attempt=attempt, claimant="n1", recipients=recipients)

    def settled(self, *outcomes: RecipientOutcome, attempt: int = 1) -> ChunkSettled:
        return ChunkSettled(**self._next(), chunk=0, attempt=attempt, outcomes=outcomes)

    def ended(self, delivered: int, *unsent: RecipientOutcome, reason: Any = "done") -> AlertSettled:
        return AlertSettled(**self._next(), delivered=delivered, unsent=unsent, reason=reason)

    def arrived(self, recipient: str, arrived: Any, reason: str = "delivered") -> DeliveryReceipted:
        said = {"recipient": recipient, "channel_kind": "kannel", "provider_id": "p"}
        return DeliveryReceipted(**self._next(), **said, arrived=arrived, reason=reason)


def told(*records: LedgerRecord) -> LedgerAlert:
    """The alert as it is shown, after these records."""
    alert: dict[str, Any] = dict(FACTS)
    said: dict[str, str] = {}
    for record in records:
        match record:
            case AlertExpanded():
                reckoning.frozen(alert, record)
            case ChunkSettled():
                reckoning.attempted(alert, record)
            case AlertSettled():
                reckoning.ended(alert, record)
                alert["settled"] = {"reason": record.reason}
            case DeliveryReceipted():
                reckoning.arrived(alert, record, before=said.get(record.recipient))
                said[record.recipient] = record.arrived
    return message(alert)


def figures(shown: LedgerAlert) -> dict[str, int]:
    return {name: n for name, n in shown.all.model_dump().items() if n}


def test_accepted_arrived_and_failed_are_never_one_figure() -> None:
    n = Notifier()
    names = tuple(f"texts:{i}" for i in range(5))
    shown = told(
        n.expanded(names),
        n.settled(
            *(outcome(r, "delivered") for r in names[:4]), outcome("texts:4", "rejected", "bad_number")
        ),
        n.ended(4, outcome("texts:4", "rejected", "bad_number")),
        n.arrived("texts:0", "delivered"),
        n.arrived("texts:1", "delivered"),
        n.arrived("texts:1", "failed", "undelivered"),  # a part of it was lost
    )
    assert figures(shown) == {"to": 5, "accepted": 4, "arrived": 1, "failed": 1, "unheard": 2, "refused": 1}
    assert [(w.why, w.reason, w.people) for w in shown.why_not] == [
        ("gone", "bad_number", 1),
        ("phone", "undelivered", 1),
    ]


def test_what_is_tried_again_is_under_way_and_counts_once() -> None:
    n = Notifier()
    begun = (
        n.expanded(("texts:0", "texts:1")),
        n.settled(outcome("texts:0", "retry"), outcome("texts:1", "unknown")),
    )
    assert figures(told(*begun)) == {"to": 2, "under_way": 2}
    again = (*begun, n.settled(outcome("texts:0", "delivered"), outcome("texts:1", "unknown"), attempt=2))
    assert figures(told(*again)) == {"to": 2, "accepted": 1, "unheard": 1, "under_way": 1}
    over = told(*again, n.ended(1, outcome("texts:1", "unknown", "ambiguous_twice"), reason="flagged"))
    assert figures(over) == {"to": 2, "accepted": 1, "unheard": 1, "perhaps": 1}
    assert over.state == "flagged"
    assert [(w.why, w.people) for w in over.why_not] == [("perhaps", 1)]


def test_an_attempt_that_was_held_for_abandoned_and_ended_after_all_is_put_right_at_the_end() -> None:
    n = Notifier()
    shown = told(
        n.expanded(("texts:0", "texts:1")),
        n.settled(outcome("texts:0", "delivered"), attempt=2),
        n.settled(outcome("texts:0", "delivered"), attempt=1),
        n.settled(outcome("texts:1", "rejected", "expired"), attempt=3),
        n.ended(1, outcome("texts:1", "rejected", "expired"), reason="expired"),
    )
    assert figures(shown) == {"to": 2, "accepted": 1, "unheard": 1, "refused": 1}


def test_who_is_not_among_the_recipients_is_named_with_the_reason() -> None:
    n = Notifier()
    shown = told(n.expanded(("sub_sms_en_w:7",), not_told={"quiet": 12, "another_group": 3}))
    assert figures(shown) == {"to": 1, "under_way": 1}
    assert [(w.why, w.people) for w in shown.why_not] == [("quiet", 12), ("another_group", 3)]


def test_who_stands_in_counts_only_where_they_were_told_and_a_hand_over_is_no_refusal() -> None:
    n = Notifier()
    chunks = (("chat:0", "chat:1", "chat:2"), ("texts:0", "texts:1", "texts:2"))
    stand_ins = {f"texts:{i}": StandIn(of=f"chat:{i}") for i in range(3)}
    frozen = n.expanded(*chunks, stand_ins=stand_ins)
    assert figures(told(frozen)) == {"to": 3, "under_way": 3}
    tried = (
        frozen,
        n.claimed(*chunks[0]),
        n.settled(
            outcome("chat:0", "delivered", kind="signal"),
            outcome("chat:1", "rejected", "unregistered", kind="signal"),
            outcome("chat:2", "rejected", "fell_back", kind="signal"),
        ),
        n.claimed("texts:1", "texts:2"),
        n.settled(outcome("texts:1", "delivered"), outcome("texts:2", "delivered")),
    )
    over = told(*tried, n.ended(3, outcome("chat:1", "rejected", "unregistered", kind="signal")))
    assert figures(over) == {"to": 4, "accepted": 3, "unheard": 3, "refused": 1}
    assert [(w.why, w.reason) for w in over.why_not] == [("gone", "unregistered")]
    found = {one.recipient: [s.what for s in one.steps] for one in each(tried, recipients_of(tried), {})}
    assert found.keys() == {"chat:0", "chat:1", "chat:2", "texts:1", "texts:2"}, "who was spared was nobody's"


def test_who_stands_in_beyond_the_budget_is_named() -> None:
    n = Notifier()
    stand_ins = {"texts:0": StandIn(of="chat", over_budget=True)}
    shown = told(
        n.expanded(("chat:0",), ("texts:0",), stand_ins=stand_ins),
        n.settled(outcome("chat:0", "rejected", "unregistered", kind="signal")),
        n.ended(
            0,
            outcome("chat:0", "rejected", "unregistered", kind="signal"),
            outcome("texts:0", "rejected", "over_fallback_budget", kind="unknown"),
        ),
    )
    assert figures(shown) == {"to": 2, "refused": 2}
    assert [(w.why, w.reason) for w in shown.why_not] == [
        ("gone", "unregistered"),
        ("money", "over_fallback_budget"),
    ]


_RESULTS = st.sampled_from(["delivered", "rejected", "retry", "unknown"])


@given(
    attempts=st.lists(st.lists(_RESULTS, min_size=1, max_size=4), min_size=1, max_size=6), over=st.booleans()
)
def test_everybody_is_in_exactly_one_figure(attempts: list[list[str]], *, over: bool) -> None:
    n = Notifier()
    names = tuple(f"texts:{i}" for i in range(len(attempts)))
    records: list[LedgerRecord] = [n.expanded(names)]
    last: dict[str, RecipientOutcome] = {}
    for turn in range(4):
        ended = {r for r, o in last.items() if o.result in {"delivered", "rejected"}}
        tried = [
            (r, a[turn]) for r, a in zip(names, attempts, strict=True) if turn < len(a) and r not in ended
        ]
        outcomes = tuple(outcome(r, result) for r, result in tried)
        last |= {o.recipient: o for o in outcomes}
        if outcomes:
            records.append(n.settled(*outcomes, attempt=turn + 1))
    if over:
        unsent = [o if o.result == "rejected" else outcome(o.recipient, "unknown", "ambiguous_twice")
                  for o in last.values() if o.result != "delivered"]  # fmt: skip
        records.append(n.ended(len(last) - len(unsent), *unsent))
    shown = told(*records).all
    assert shown.accepted + shown.refused + shown.perhaps + shown.under_way == shown.to == len(names)
    assert shown.arrived + shown.failed + shown.unheard == shown.accepted
    assert not (over and shown.under_way)


@pytest.mark.parametrize(
    ("reason", "way"),
    [
        ("bad_number", "gone"),
        ("smtp_550", "gone"),
        ("smtp_450", "other"),
        ("dsn_5_1_1", "gone"),
        ("dsn_5_2_2", "gone"),
        ("dsn_5_7_1", "other"),
        ("dsn_4_4_7", "other"),
        ("has_left", "left"),
        ("bad_credentials", "settings"),
        ("expired", "late"),
        ("vonage_5", "other"),
    ],
)
def test_reasons_are_told_by_what_is_to_be_done(reason: str, way: str) -> None:
    assert why_not(reason) == way
    assert SENTENCES[way]


def test_a_provider_s_expired_is_the_phone_and_ours_is_the_news() -> None:
    assert (why_not("expired"), why_lost("expired")) == ("late", "phone")


def test_each_recipient_has_its_steps_in_order() -> None:
    n = Notifier()
    records = [
        n.expanded(("texts:0", "texts:1")),
        n.claimed("texts:0", "texts:1"),
        n.settled(outcome("texts:0", "retry", "http_503"), outcome("texts:1", "delivered")),
        n.claimed("texts:0", attempt=2),
        n.settled(outcome("texts:0", "rejected", "bad_number"), attempt=2),
    ]
    arrivals = {"texts:1": {"arrived": "failed", "at": START.isoformat(), "reason": "undelivered"}}
    found = each(records, recipients_of(records), arrivals)
    assert [(one.recipient, [(s.what, s.reason) for s in one.steps]) for one in found] == [
        ("texts:0", [("claimed", None), ("again", "http_503"), ("claimed", None), ("refused", "bad_number")]),
        ("texts:1", [("claimed", None), ("accepted", None), ("failed", "undelivered")]),
    ]


# --- the API --------------------------------------------------------------------------------------


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with console_rig(MemoryBus(), MemoryState(), tmp_path) as found:
        await found.group("hackney")
        await found.group("haringey")
        await found.incident(groups=("hackney", "haringey"))
        yield found


async def stored(rig: Rig, *records: LedgerRecord) -> None:
    for record in records:
        await rig.publish(record)
    await rig.shown()


async def test_the_ledger_tells_all_messages_and_all_together(rig: Rig) -> None:
    ada = await rig.member("Ada", hackney="verifier")
    alert = await rig.confirmed("i1", "D7K", "")
    n = Notifier(alert)
    late = Notifier(f"{LATE}1")
    await stored(
        rig,
        n.expanded(("texts:0", "texts:1")),
        n.settled(outcome("texts:0", "delivered"), outcome("texts:1", "rejected", "bad_number")),
        n.ended(1, outcome("texts:1", "rejected", "bad_number")),
        n.arrived("texts:0", "delivered"),
        late.expanded(("sub_sms_en_w:5",), incident_id="i1"),
        late.settled(outcome("sub_sms_en_w:5", "delivered")),
        late.ended(1),
        late.arrived("sub_sms_en_w:5", "delivered"),
    )
    status, shown = await rig.ask("GET", "/v1/desk/incidents/d7k/ledger", ada)
    assert status == 200
    assert shown["all"] == {"to": 3, "accepted": 2, "arrived": 2, "failed": 0, "unheard": 0, "refused": 1,
                            "perhaps": 0, "under_way": 0}  # fmt: skip
    assert [(w["why"], w["people"]) for w in shown["why_not"]] == [("gone", 1)]
    assert [(m["kind"], m["group"], m["state"]) for m in shown["messages"]] == [
        ("UNCONFIRMED", "hackney", "under_way"),
        ("UNCONFIRMED", "haringey", "under_way"),
        ("CONFIRMED", "hackney", "done"),
    ]
    (joined,) = shown["joined_later"]
    assert (joined["group"], joined["all"]["arrived"], joined["state"]) == ("hackney", 1, "done")


async def test_a_hundred_thousand_are_a_line_and_are_read_some_at_a_time(rig: Rig) -> None:
    ada = await rig.member("Ada", hackney="verifier")
    alert = await rig.confirmed("i1", "D7K", "")
    n, many = Notifier(alert), 100_000
    names = [f"sub_sms_en_w:{i}" for i in range(many)]
    chunks = tuple(tuple(names[i : i + 64]) for i in range(0, many, 64))
    first = chunks[0]
    await stored(
        rig, n.expanded(*chunks), n.claimed(*first), n.settled(*(outcome(r, "delivered") for r in first))
    )
    _, shown = await rig.ask("GET", "/v1/desk/incidents/D7K/ledger", ada)
    assert (shown["all"]["to"], shown["all"]["accepted"]) == (many, 64)
    assert len(json.dumps(shown)) < 4_000
    path = f"/v1/desk/incidents/D7K/ledger/{alert}"
    _, some = await rig.ask("GET", path, ada)
    assert (some["begins"], some["total"], len(some["recipients"]), some["readable"]) == (0, many, EACH, True)
    assert [s["what"] for s in some["recipients"][63]["steps"]] == ["claimed", "accepted"]
    assert some["recipients"][64]["steps"] == []
    _, last = await rig.ask("GET", f"{path}?from={many - 1}", ada)
    assert [r["recipient"] for r in last["recipients"]] == [names[-1]]


async def test_one_by_one_only_a_group_s_own_people_see_whom_it_told(rig: Rig) -> None:
    ada = await rig.member("Ada", hackney="verifier")
    hana = await rig.member("Hana", haringey="admin")
    paula = await rig.member("Paula", peckham="admin")
    alert = await rig.confirmed("i1", "D7K", "")
    n = Notifier(alert)
    await stored(rig, n.expanded(("texts:0",)), n.claimed("texts:0"))
    each_path = f"/v1/desk/incidents/D7K/ledger/{alert}"
    found = [await rig.ask("GET", each_path, who) for who in (ada, hana, paula)]
    assert [status for status, _ in found] == [200, 403, 404]
    assert (await rig.ask("GET", "/v1/desk/incidents/D7K/ledger", hana))[0] == 200
    assert (await rig.ask("GET", "/v1/desk/incidents/D7K/ledger", paula))[0] == 404
    assert (await rig.ask("GET", "/v1/desk/incidents/D7K/ledger/other", ada))[0] == 404


async def test_records_that_the_log_no_longer_holds_are_said_to_be_gone(rig: Rig) -> None:
    ada = await rig.member("Ada", hackney="verifier")
    alert = await rig.confirmed("i1", "D7K", "")
    await stored(rig, Notifier(alert).expanded(("texts:0",)))
    await rig.bus.erase("LEDGER", await rig.bus.last_seq("LEDGER"))
    _, shown = await rig.ask("GET", f"/v1/desk/incidents/D7K/ledger/{alert}", ada)
    assert (shown["readable"], shown["recipients"], shown["total"]) == (False, [], 1)

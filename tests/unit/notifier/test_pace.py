"""How many messages a group sends in an hour, folded from the ledger, and what of an alert waits for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.decide.pace import HOUR, Pace, Verdict, WaitsFor, may_wait
from shared.contracts.alerts import AlertKind, AlertRaised, Urgency
from shared.contracts.base import AlertId, GroupId, IncidentId
from shared.contracts.groups import Audience
from shared.contracts.incidents import IncidentMerged
from shared.contracts.ledger import ChunkClaimed, ChunkSettled, RecipientOutcome, Result

_TEN: tuple[Result, ...] = ("delivered",) * 10
NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
HACKNEY = GroupId("hackney")


def minutes(n: float) -> datetime:
    return NOON + timedelta(minutes=n)


def claimed(alert: str, size: int = 10, *, at: float = 0, attempt: int = 1, group: str = "hackney") -> Any:
    return ChunkClaimed(
        id=f"claim.{alert}.{attempt}",
        at=minutes(at),
        alert_id=AlertId(alert),
        group=GroupId(group),
        chunk=0,
        attempt=attempt,
        claimant="n1",
        recipients=tuple(f"texts:{n}" for n in range(size)),
    )


def settled(alert: str, *results: Result, at: float = 1, attempt: int = 1) -> ChunkSettled:
    return ChunkSettled(
        id=f"settled.{alert}.{attempt}",
        at=minutes(at),
        alert_id=AlertId(alert),
        group=HACKNEY,
        chunk=0,
        attempt=attempt,
        outcomes=tuple(
            RecipientOutcome(recipient=f"texts:{n}", result=result, channel_kind="sms", reason="said")
            for n, result in enumerate(results)
        ),
    )


def sent(*records: Any, at: float = 1) -> int:
    pace = Pace()
    for record in records:
        pace.learn(record)
    return pace.sent(HACKNEY, minutes(at))


@pytest.mark.parametrize(
    ("records", "messages"),
    [
        ([], 0),
        ([claimed("a1")], 10),  # it may be under way, or may have left copies
        ([claimed("a1", 3), settled("a1", "delivered", "unknown", "delivered")], 3),
        ([claimed("a1", 3), settled("a1", "delivered", "rejected", "retry")], 1),
        ([claimed("a1"), claimed("a1")], 10),
        ([claimed("a1"), claimed("a2", 5)], 15),
        ([claimed("a1", 2), settled("a1", "retry", "retry"), claimed("a1", 2, at=1, attempt=2)], 2),
        ([claimed("a1", group="haringey")], 0),
        ([settled("a1", "delivered")], 0),  # whose claim is older than an hour
    ],
)
def test_what_is_claimed_counts_until_it_is_known_not_to_have_gone(records: list[Any], messages: int) -> None:
    assert sent(*records) == messages


@pytest.mark.parametrize(("after", "messages"), [(59, 15), (60, 5), (89, 5), (90, 0)])
def test_an_hour_later_it_counts_no_more(after: float, messages: int) -> None:
    assert sent(claimed("a1"), claimed("a2", 5, at=30), at=after) == messages


@given(st.lists(st.sampled_from(range(6)), max_size=30))
def test_records_read_again_change_nothing(again: list[int]) -> None:
    records = [
        claimed("a1"),
        settled("a1", *_TEN),
        claimed("a2", 5),
        settled("a2", "retry", "retry", "unknown", "rejected", "delivered"),
        claimed("a2", 2, attempt=2),
        settled("a2", "delivered", "rejected", attempt=2),
    ]
    assert sent(*records, *(records[n] for n in again)) == 10 + 2 + 1


@given(
    st.lists(st.tuples(st.integers(1, 64), st.floats(0, 20)), max_size=60),
    st.integers(100, 300),
)
def test_whatever_comes_no_hour_has_more_than_the_limit(steps: list[tuple[int, float]], most: int) -> None:
    pace, waits_for, at, gone = Pace(), WaitsFor(), 0.0, []
    for n, (size, later) in enumerate(steps):
        at += later
        room = most - pace.sent(HACKNEY, minutes(at))
        if waits_for.verdict(an_alert(), size, room) == "go":
            pace.learn(claimed(f"a{n}", size, at=at))
            gone.append((minutes(at), size))
    for end, _ in gone:
        assert sum(size for began, size in gone if end - HOUR < began <= end) <= most


def an_alert(  # noqa: PLR0913 - each is what a verdict depends on
    kind: AlertKind = "CONFIRMED",
    audience: Audience = "community",
    urgency: Urgency = "urgent",
    *,
    at: float = 0,
    incident: str | None = "i1",
    group: str = "hackney",
) -> AlertRaised:
    return AlertRaised(
        id="e1",
        at=minutes(at),
        alert_id=AlertId("a1"),
        group=GroupId(group),
        group_version=1,
        audience=audience,
        kind=kind,
        urgency=urgency,
        not_after=minutes(120),
        incident_id=IncidentId(incident) if incident else None,
    )


@pytest.mark.parametrize(
    ("kind", "audience", "urgency", "waits"),
    [
        ("CONFIRMED", "community", "urgent", True),
        ("CONFIRMED", "partners", "urgent", True),
        ("UPDATE", "community", "normal", True),
        ("UPDATE", "community", "urgent", False),  # it isn't over after all, or it moved
        ("OVER", "community", "urgent", False),
        ("WRONG", "community", "urgent", False),
        ("NO_NEWS", "community", "normal", False),
        ("UNCONFIRMED", "verifiers", "urgent", False),
        ("CONFIRMED", "verifiers", "urgent", False),
        ("DIGEST", "verifiers", "normal", False),  # they decide about the rest
    ],
)
def test_what_may_wait(kind: AlertKind, audience: Audience, urgency: Urgency, *, waits: bool) -> None:
    assert may_wait(an_alert(kind, audience, urgency)) is waits


def test_a_correction_that_goes_to_everyone_does_not_wait() -> None:
    moved = an_alert("UPDATE", urgency="normal")
    assert may_wait(moved)
    assert not may_wait(moved.model_copy(update={"sms_to": "everyone"}))


def test_what_is_about_no_incident_nobody_could_let_go() -> None:
    assert not may_wait(an_alert("UPDATE", urgency="normal", incident=None))


@pytest.mark.parametrize(
    ("alert", "messages", "room", "verdict"),
    [
        (an_alert(), 64, 64, "go"),
        (an_alert(), 65, 64, "wait"),
        (an_alert(), 1, -5, "wait"),
        (an_alert("OVER"), 64, 0, "go"),
        (an_alert(incident="on", at=9), 64, 0, "go"),
        (an_alert(incident="on", at=11), 64, 0, "wait"),  # was raised after they looked
        (an_alert(incident="on", at=9, group="haringey"), 64, 0, "wait"),
    ],
)
def test_what_goes_and_what_waits(alert: AlertRaised, messages: int, room: int, verdict: Verdict) -> None:
    waits_for = WaitsFor()
    waits_for.sent_on(HACKNEY, IncidentId("on"), minutes(10))
    waits_for.sent_on(HACKNEY, IncidentId("on"), minutes(5))  # read again
    assert waits_for.verdict(alert, messages, room) == verdict


def test_who_lets_go_what_waits_of_an_incident_lets_go_what_became_one_with_it() -> None:
    waits_for = WaitsFor()
    waits_for.sent_on(HACKNEY, IncidentId("i2"), minutes(10))
    assert waits_for.verdict(an_alert(), 64, 0) == "wait"
    merge = {"id": "m", "at": NOON, "incident_id": "i2", "absorbed": "i1", "member": "ada"}
    waits_for.merged.learn(IncidentMerged.model_validate(merge))
    assert waits_for.verdict(an_alert(), 64, 0) == "go"
    assert waits_for.verdict(an_alert(at=11), 64, 0) == "wait"

"""What is spent, folded from the ledger; who is left out at the cap; when a group is warned."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.decide.spending import KEPT, Spending, left_out
from shared.contracts.alerts import AlertKind, Urgency
from shared.contracts.base import AlertId, GroupId, IncidentId
from shared.contracts.desk import SmsTo
from shared.contracts.groups import Audience
from shared.contracts.ledger import AlertExpanded, ChunkSettled, RecipientOutcome, Result, StandIn
from shared.spending import may_be_held_back, month_of, warned_at

NOVEMBER = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
HACKNEY = GroupId("hackney")
WITNESSES = "sub_join_en_w"
FACTS = "sub_join_en_i"


def expanded(  # noqa: PLR0913 - a record's own parts
    alert: str,
    channel: str = "texts",
    people: int = 10,
    price: float = 8.0,
    *,
    at: datetime = NOVEMBER,
    group: str = "hackney",
    over_cap: tuple[str, ...] = (),
) -> AlertExpanded:
    names = tuple(f"{channel}:{n}" for n in range(people))
    return AlertExpanded(
        id=f"expanded.{alert}",
        at=at,
        alert_id=AlertId(alert),
        group=GroupId(group),
        incident_id=IncidentId("i1"),
        audience="community",
        chunks=(names,) if names else (),
        prices={channel: price} if names else None,
        over_cap=over_cap or None,
    )


def settled(alert: str, *results: Result, channel: str = "texts", attempt: int = 1) -> ChunkSettled:
    outcomes = tuple(
        RecipientOutcome(recipient=f"{channel}:{n}", result=result, channel_kind="twilio", reason="said")
        for n, result in enumerate(results)
    )
    return ChunkSettled(
        id=f"settled.{alert}.0.{attempt}",
        at=NOVEMBER,
        alert_id=AlertId(alert),
        group=HACKNEY,
        chunk=0,
        attempt=attempt,
        outcomes=outcomes,
    )


def spent(*records: AlertExpanded | ChunkSettled, group: str = "hackney", month: str = "2026-11") -> float:
    spending = Spending()
    for record in records:
        spending.learn(record)
    return spending.spent(GroupId(group), month)


def test_what_is_frozen_is_spent() -> None:
    assert spent(expanded("a1"), expanded("a2", people=1)) == pytest.approx(88.0)


def test_a_channel_without_a_price_costs_nothing() -> None:
    assert spent(expanded("a1", price=0.0)) == 0.0


def test_what_was_refused_or_came_too_late_is_not_spent() -> None:
    assert spent(expanded("a1"), settled("a1", "delivered", "rejected", "rejected")) == pytest.approx(64.0)


@pytest.mark.parametrize("result", ["delivered", "unknown", "retry"])
def test_what_may_have_gone_out_or_will_be_tried_again_is_spent(result: Result) -> None:
    assert spent(expanded("a1"), settled("a1", result)) == pytest.approx(80.0)


def standing_in(alert: str, most: int = 100) -> AlertExpanded:
    """Three chats, which cost nothing, for which three texts at eight pence stand in."""
    record = expanded(alert, people=3)
    waiting = {f"texts:{n}": StandIn(of=f"chat:{n}", over_budget=n >= most) for n in range(3)}
    chats = ("chat:0", "chat:1", "chat:2")
    return record.model_copy(update={"chunks": (*record.chunks, chats), "stand_ins": waiting})


@pytest.mark.parametrize(
    ("results", "pence"),
    [
        ((), 0.0),  # nobody had to be told in anothers place
        (("delivered", "unknown"), 16.0),
        (("retry", "retry", "retry"), 0.0),
        (("delivered", "rejected"), 8.0),
    ],
)
def test_whoever_stands_in_costs_when_they_are_told(results: tuple[Result, ...], pence: float) -> None:
    assert spent(standing_in("a1"), settled("a1", *results)) == pytest.approx(pence)


def test_whoever_is_told_beside_those_who_stand_in_is_refused_as_ever() -> None:
    frozen = standing_in("a1").model_copy(update={"prices": {"chat": 2.0, "texts": 8.0}})
    chats = settled("a1", "rejected", channel="chat").model_copy(update={"chunk": 1})
    assert spent(frozen, chats, settled("a1", "delivered")) == pytest.approx(4.0 + 8.0)


def test_another_groups_and_another_months_money_is_not_ours() -> None:
    october = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
    assert spent(expanded("a1", group="haringey"), expanded("a2", at=october)) == 0.0


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        ("2026-11-30T23:59:59+00:00", "2026-11"),
        ("2026-06-30T23:30:00+00:00", "2026-07"),  # half past midnight in London
    ],
)
def test_a_month_ends_at_midnight_here(moment: str, month: str) -> None:
    assert month_of(datetime.fromisoformat(moment)) == month


@given(st.lists(st.sampled_from(["x1", "x2", "s1", "s2"]), max_size=20))
def test_records_read_twice_count_once(again: list[str]) -> None:
    records: dict[str, AlertExpanded | ChunkSettled] = {
        "x1": expanded("a1"),
        "x2": expanded("a2", people=3),
        "s1": settled("a1", "rejected"),
        "s2": settled("a1", "delivered", "rejected", attempt=2),
    }
    assert spent(*records.values(), *(records[name] for name in again)) == pytest.approx(88.0)


@given(
    st.lists(
        st.tuples(st.sampled_from(["a1", "a2"]), st.sampled_from(["expanded", "settled", "asked"])),
        max_size=20,
    )
)
def test_what_is_asked_in_between_changes_no_sum(steps: list[tuple[str, str]]) -> None:
    asked, unasked = Spending(), Spending()
    for n, (alert, what) in enumerate(steps):
        if what == "asked":
            asked.spent(HACKNEY, "2026-11")
            continue
        record = expanded(alert, people=n) if what == "expanded" else settled(alert, "rejected", attempt=n)
        asked.learn(record)
        unasked.learn(record)
    assert asked.spent(HACKNEY, "2026-11") == unasked.spent(HACKNEY, "2026-11")


def test_what_the_log_forgets_is_forgotten() -> None:
    spending = Spending()
    for day in range(400):
        spending.learn(expanded(f"a{day}", at=NOVEMBER + timedelta(days=day)))
    assert len(spending) == KEPT.days + 1
    assert spending.spent(HACKNEY, "2026-11") == 0.0


def test_a_channel_that_heard_nothing_of_it_for_the_cap_hears_no_end_either() -> None:
    spending = Spending()
    spending.learn(expanded("a1", people=0, over_cap=("texts",)))
    assert spending.never_told(HACKNEY, {"i1"}, "texts")
    assert not spending.never_told(HACKNEY, {"i1"}, "others")
    assert not spending.never_told(HACKNEY, {"i2"}, "texts")
    assert not spending.never_told(GroupId("haringey"), {"i1"}, "texts")


def test_a_channel_that_heard_of_it_once_hears_the_end() -> None:
    spending = Spending()
    spending.learn(expanded("a1"))
    spending.learn(expanded("a2", people=0, over_cap=("texts",)))
    assert not spending.never_told(HACKNEY, {"i1"}, "texts")


COSTS = {"texts": 80.0, WITNESSES: 16.0, FACTS: 24.0, "chat": 0.0}


@pytest.mark.parametrize(
    ("left", "to", "out"),
    [
        (None, None, set()),  # there is no cap
        (120.0, None, set()),  # it is just enough
        (120.0, "nobody", set()),  # the choice was for the case that it is not
        (119.9, None, {"texts", WITNESSES, FACTS}),  # nobody chose
        (119.9, "nobody", {"texts", WITNESSES, FACTS}),
        (119.9, "witnesses", {"texts", FACTS}),
        (-50.0, "witnesses", {"texts", FACTS}),  # a person chose, whatever is left
        (0.0, "everyone", set()),
    ],
)
def test_who_is_left_out(left: float | None, to: SmsTo | None, out: set[str]) -> None:
    assert left_out(COSTS, left, to, {WITNESSES}) == out


@pytest.mark.parametrize(
    ("left", "to", "out"),
    [
        (120.0, None, set()),  # who stands in may be needed by nobody
        (0.1, "nobody", {"texts", WITNESSES, FACTS, "pager"}),
        (0.1, "witnesses", {"texts", FACTS, "pager"}),
        (0.0, "everyone", set()),
    ],
)
def test_those_who_stand_in_are_left_out_with_the_others(
    left: float, to: SmsTo | None, out: set[str]
) -> None:
    assert left_out({**COSTS, "pager": 0.0}, left, to, {WITNESSES}, standing={"pager"}) == out


@pytest.mark.parametrize(("left", "out"), [(0.1, set()), (0.0, {"pager"}), (-5.0, {"pager"})])
def test_where_nothing_else_costs_they_stand_in_while_anything_is_left(left: float, out: set[str]) -> None:
    assert left_out({"chat": 0.0, "pager": 0.0}, left, None, (), standing={"pager"}) == out


def test_what_costs_nothing_always_goes_out() -> None:
    assert left_out({"chat": 0.0}, -10.0, None, ()) == frozenset()


@given(st.dictionaries(st.sampled_from(list(COSTS)), st.floats(0, 500)), st.floats(-100, 1000))
def test_without_a_choice_the_cap_is_never_passed(costs: dict[str, float], left: float) -> None:
    out = left_out(costs, left, None, ())
    assert sum(pence for channel, pence in costs.items() if channel not in out) <= max(left, 0.0)


@pytest.mark.parametrize(
    ("kind", "audience", "urgency", "held"),
    [
        ("UNCONFIRMED", "verifiers", "urgent", False),
        ("LIKELY", "verifiers", "urgent", False),
        ("CONFIRMED", "verifiers", "urgent", False),
        ("CONFIRMED", "community", "urgent", True),
        ("CONFIRMED", "partners", "urgent", True),
        ("UPDATE", "community", "normal", True),
        ("UPDATE", "community", "urgent", False),  # it is not over after all
        ("DIGEST", "verifiers", "normal", True),
        ("DUTY", "verifiers", "normal", True),
        ("OVER", "community", "urgent", False),
        ("WRONG", "community", "urgent", False),
        ("NOT_CONFIRMED", "verifiers", "urgent", False),
        ("CLOSED", "community", "normal", False),
        ("NO_NEWS", "community", "normal", False),
        ("TEST", "community", "normal", False),
    ],
)
def test_what_the_cap_may_hold_back(
    kind: AlertKind, audience: Audience, urgency: Urgency, *, held: bool
) -> None:
    assert may_be_held_back(kind, audience, urgency) is held


@pytest.mark.parametrize(
    ("spent_pence", "cap", "at"),
    [
        (0.0, 0.0, None),  # nothing was spent, so nothing is said
        (5_000.0, None, None),
        (3_999.0, 5_000.0, None),
        (4_000.0, 5_000.0, 80),
        (4_999.9, 5_000.0, 80),
        (5_000.0, 5_000.0, 100),
        (9_000.0, 5_000.0, 100),
    ],
)
def test_when_a_group_is_warned(spent_pence: float, cap: float | None, at: int | None) -> None:
    assert warned_at(spent_pence, cap) == at

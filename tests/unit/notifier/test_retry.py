"""What follows from an outcome: a table, a reason a row."""

import pytest

from services.notifier.decide.retry import Again, Decision, Done, Flag, GiveUp, Plan, decide, plan
from shared.contracts.ledger import RecipientOutcome, Result


def outcome(
    result: Result, reason: str = "x", after: float | None = None, who: str = "c:0"
) -> RecipientOutcome:
    return RecipientOutcome(
        recipient=who, result=result, channel_kind="told", reason=reason, retry_after_s=after
    )


@pytest.mark.parametrize(
    ("ended", "attempt", "copies", "left_s", "then"),
    [
        (outcome("delivered"), 1, 1, 60, Done()),  # arrived
        (outcome("rejected", "http_410"), 1, 0, 60, GiveUp("http_410")),  # will never arrive
        (outcome("retry"), 1, 0, 60, Again(1.0)),  # soon at first
        (outcome("retry"), 4, 0, 60, Again(8.0)),  # ever longer
        (outcome("retry"), 40, 0, 600, Again(60.0)),  # but a minute at most
        (outcome("retry", after=31.0), 1, 0, 60, Again(31.0)),  # as the provider asks
        (outcome("retry", after=0.1), 3, 0, 60, Again(4.0)),  # never sooner than our own pause
        (outcome("retry", after=61.0), 1, 0, 60, GiveUp("expired")),  # the wait outlives the alert
        (outcome("retry", "bad_credentials"), 1, 0, 600, Again(75.0)),  # a person must act first
        (outcome("unknown"), 1, 1, 60, Again(1.0)),  # one possible copy: once more
        (outcome("unknown"), 2, 2, 60, Flag("ambiguous_twice")),  # two possible copies: never a third
    ],
)
def test_table(ended: RecipientOutcome, attempt: int, copies: int, left_s: float, then: Decision) -> None:
    assert decide(ended, attempt=attempt, copies=copies, jitter=1.0, left_s=left_s) == then


def test_jitter_spreads_the_pauses() -> None:
    pauses = [decide(outcome("retry"), attempt=3, copies=0, jitter=j) for j in (0.0, 0.5, 1.0)]
    assert pauses == [Again(2.0), Again(3.0), Again(4.0)]


def test_a_chunk_waits_for_the_longest_pause_and_leaves_the_hopeless_to_the_end() -> None:
    after = (outcome("retry", after=9.0), outcome("retry", after=999.0, who="c:1"))
    planned = plan(("c:0", "c:1", "c:2"), after, attempt=1, jitter=1.0, left_s=60)
    assert planned == Plan(9.0, ("c:0", "c:2"))
    assert plan(("c:1",), after[1:], attempt=1, jitter=1.0, left_s=60) == Plan(0.0, ("c:1",), hopeless=True)


def test_nobody_tried_yet_goes_at_once() -> None:
    assert plan(("c:0",), (), attempt=0, jitter=1.0, left_s=60) == Plan(0.0, ("c:0",))

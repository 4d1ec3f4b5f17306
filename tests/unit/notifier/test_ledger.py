"""For any interleaving of crashes, outcomes and restarts: at most two copies, and nobody silently none."""

from collections import Counter
from copy import deepcopy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.decide.ledger import AlertLedger, Chunk, Claim, Finished, Wait
from services.notifier.delivery import Delivery
from shared.contracts.ledger import (
    AlertExpanded,
    AlertSettled,
    ChunkClaimed,
    ChunkSettled,
    LedgerRecord,
    RecipientOutcome,
)

NOW = datetime(2022, 5, 14, 18, 0, tzinfo=UTC)
PEOPLE = ("c:0", "c:1", "c:2")


def outcome(who: str, result: str) -> RecipientOutcome:
    return RecipientOutcome.model_validate(
        {"recipient": who, "result": result, "channel_kind": "told", "reason": result}
    )


def claimed(attempt: int, recipients: tuple[str, ...] = PEOPLE) -> ChunkClaimed:
    return ChunkClaimed(
        id=f"c{attempt}",
        at=NOW,
        alert_id="a",
        group="g",
        chunk=0,
        attempt=attempt,
        claimant="n1",
        recipients=recipients,
    )


def settled(attempt: int, *outcomes: RecipientOutcome) -> ChunkSettled:
    return ChunkSettled(
        id=f"s{attempt}", at=NOW, alert_id="a", group="g", chunk=0, attempt=attempt, outcomes=outcomes
    )


def test_first_everybody_then_wait_then_who_remains() -> None:
    chunk = Chunk(PEOPLE)
    assert chunk.next_step() == Claim(1, PEOPLE)
    chunk.claims[1] = PEOPLE
    assert chunk.next_step() == Wait(1)
    retry = outcome("c:1", "retry")
    chunk.settled[1] = (outcome("c:0", "delivered"), retry, outcome("c:2", "rejected"))
    assert chunk.next_step() == Claim(2, ("c:1",), (retry,))


def test_an_abandoned_claim_is_a_possible_copy_and_is_taken_over_once() -> None:
    chunk = Chunk(PEOPLE, claims={1: PEOPLE})
    assert chunk.next_step(lapsed=1) == Claim(2, PEOPLE)
    chunk.claims[2] = PEOPLE
    assert chunk.next_step(lapsed=1) == Wait(2)
    step = chunk.next_step(lapsed=2)
    assert isinstance(step, Finished)
    assert step.flagged
    assert {o.reason for o in step.unsent} == {"ambiguous_twice"}


def test_late_outcomes_of_an_abandoned_claim_still_count() -> None:
    chunk = Chunk(("c:0",), claims={1: ("c:0",), 2: ("c:0",)})
    chunk.settled[1] = (outcome("c:0", "retry"),)
    assert chunk.next_step(lapsed=2) == Claim(3, ("c:0",), (outcome("c:0", "retry"),))


@given(st.permutations(range(5)), st.integers(0, 4))
def test_any_order_and_any_repetition_gives_the_same_ledger(order: list[int], again: int) -> None:
    records: list[LedgerRecord] = [
        AlertExpanded(id="e", at=NOW, alert_id="a", group="g", audience="verifiers", chunks=(PEOPLE,)),
        claimed(1),
        settled(1, *(outcome(p, "retry") for p in PEOPLE)),
        claimed(2),
        settled(2, *(outcome(p, "delivered") for p in PEOPLE)),
    ]
    straight, shuffled = AlertLedger(), AlertLedger()
    for record in records:
        straight.apply(record)
    for index in [*order, again]:
        shuffled.apply(records[index])
    assert straight == shuffled
    assert shuffled.chunks[0].next_step() == Finished(3, (), flagged=False)


def a_delivery(*, chunks: int = 1, claimed_before: int = 0) -> Delivery:
    delivery = Delivery(open_chunks=set(range(chunks)))
    frozen = (PEOPLE,) * chunks
    delivery.ledger.apply(
        AlertExpanded(id="e", at=NOW, alert_id="a", group="g", audience="verifiers", chunks=frozen)
    )
    for attempt in range(1, claimed_before + 2):
        delivery.ledger.apply(claimed(attempt))
    delivery.lapsed[0] = claimed_before
    return delivery


@pytest.mark.parametrize(
    ("delivery", "results", "ending"),
    [
        (a_delivery(), ("delivered", "delivered", "delivered"), (3, "done")),
        (a_delivery(), ("delivered", "rejected", "delivered"), (2, "done")),
        (a_delivery(), ("delivered", "retry", "delivered"), None),  # somebody is tried again
        (a_delivery(), ("delivered", "unknown", "delivered"), None),
        (a_delivery(chunks=2), ("delivered", "delivered", "delivered"), None),  # another chunk is open
        (a_delivery(claimed_before=1), ("delivered", "delivered", "delivered"), (3, "done")),
        (a_delivery(claimed_before=1), ("delivered", "unknown", "delivered"), None),  # a person must look
    ],
)
def test_an_alert_ends_with_the_last_record_of_its_last_chunk(
    delivery: Delivery, results: tuple[str, ...], ending: tuple[int, str] | None
) -> None:
    outcomes = (outcome(who, result) for who, result in zip(PEOPLE, results, strict=True))
    before = deepcopy(delivery)
    found = delivery.ending_with(settled(max(delivery.ledger.chunks[0].claims), *outcomes))
    assert (found and (found[0], found[2])) == ending
    assert delivery == before, "it is only asked, not told"


def test_the_last_record_ends_it() -> None:
    ledger = AlertLedger()
    ledger.apply(AlertSettled(id="x", at=NOW, alert_id="a", group="g", delivered=0, reason="done"))
    assert ledger.settled


EVENTS = st.sampled_from(["delivered", "retry", "rejected", "unknown_arrived", "unknown_lost"])
ATTEMPTS = st.lists(
    st.tuples(
        st.sampled_from(["settles", "dies", "dies_late_settle"]), st.lists(EVENTS, min_size=3, max_size=3)
    ),
    max_size=12,
)


@given(ATTEMPTS)
def test_never_a_third_copy_and_nobody_silently_none(history: list[tuple[str, list[str]]]) -> None:
    chunk = Chunk(PEOPLE)
    arrived: Counter[str] = Counter()
    late: list[tuple[int, tuple[RecipientOutcome, ...]]] = []
    steps = iter([*history, *[("settles", ["delivered"] * 3)] * 20])
    while isinstance(step := chunk.next_step(lapsed=max(chunk.claims, default=0)), Claim):
        fate, events = next(steps)
        happened = dict(zip(PEOPLE, events, strict=True))
        chunk.claims[step.attempt] = step.recipients
        for who in step.recipients:
            arrived[who] += happened[who] in {"delivered", "unknown_arrived"}
        outcomes = tuple(outcome(who, happened[who].partition("_")[0]) for who in step.recipients)
        if fate == "settles":
            chunk.settled[step.attempt] = outcomes
        elif fate == "dies_late_settle":
            late.append((step.attempt, outcomes))
        while late and fate == "settles":
            attempt, known = late.pop()
            chunk.settled.setdefault(attempt, known)
    assert isinstance(step, Finished)
    assert max(arrived.values(), default=0) <= 2
    named = {o.recipient for o in step.unsent}
    assert step.delivered + len(named) == len(PEOPLE)
    assert all(arrived[who] or who in named for who in PEOPLE)
    for who in PEOPLE:
        assert chunk.copies(who) >= arrived[who], "every copy that may be out is counted"

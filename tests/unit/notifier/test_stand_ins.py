"""Who stands in for whom, and when: from the records alone."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.decide.expand import expand, stand_ins
from services.notifier.decide.ledger import AlertLedger, Chunk, Claim, Finished, Wait
from services.notifier.decide.retry import MAX_COPIES
from services.notifier.decide.stood_in import StoodIn
from services.notifier.delivery import Bill, expanded
from services.notifier.preparing import concerned_by
from shared.contracts.groups import ChannelDefinition, InsteadOf
from shared.contracts.ledger import (
    AlertExpanded,
    ChunkClaimed,
    ChunkSettled,
    RecipientOutcome,
    Result,
    StandIn,
)
from tests.integration.notifier_rig import an_alert

AT = datetime(2026, 5, 14, 17, 42, tzinfo=UTC)


def channel(name: str, instead_of: str | None = None, most: int = 100, **more: Any) -> ChannelDefinition:
    rule = InsteadOf(channel=instead_of, most=most) if instead_of else None
    return ChannelDefinition(id=name, kind="told", audience="verifiers", instead_of=rule, **more)


SIGNAL, TEXTS = channel("signal", drills=True), channel("texts", "signal")


def frozen(signal: int, texts: int, told: set[str] | None = None, most: int = 100) -> AlertExpanded:
    channels = (SIGNAL, channel("texts", "signal", most))
    addresses = {"signal": signal, "texts": texts}
    waiting = stand_ins(channels, addresses=addresses, told=told or set())
    chunks = expand(channels, "verifiers", addresses=addresses, widths={}, stand_ins=waiting)
    return expanded(an_alert(), Bill(chunks, waiting), AT)


def test_as_many_are_the_same_people_and_others_stand_in_for_all_together() -> None:
    pairs = frozen(2, 2).stand_ins
    assert pairs == {"texts:0": StandIn(of="signal:0"), "texts:1": StandIn(of="signal:1")}
    assert frozen(1, 2).stand_ins == {"texts:0": StandIn(of="signal"), "texts:1": StandIn(of="signal")}


def test_beyond_the_budget_nobody_stands_in_and_whoever_would_be_stood_in_for_keeps_their_time() -> None:
    record = frozen(3, 3, most=2)
    assert record.chunks == (("signal:2",), ("signal:0", "signal:1"), ("texts:0", "texts:1", "texts:2"))
    ledger = AlertLedger()
    ledger.apply(record)
    assert ledger.stood_in_for == {"signal:0", "signal:1"}


def test_who_was_told_in_anothers_place_before_waits_for_nobody() -> None:
    record = frozen(1, 3, told={"texts:1"})
    assert record.chunks == (("signal:0",), ("texts:1",), ("texts:0", "texts:2"))
    assert set(record.stand_ins or ()) == {"texts:0", "texts:2"}


@pytest.mark.parametrize(
    ("drill", "incident", "carrying"),
    [
        (False, "i1", ["signal", "texts"]),
        (False, None, ["signal"]),  # a digest is worth no text message
        (True, "i1", ["signal"]),  # exercises go over what was chosen for them
    ],
)
def test_a_stand_in_is_concerned_by_what_is_said_of_incidents(
    incident: str | None, carrying: list[str], *, drill: bool
) -> None:
    alert = an_alert(drill=drill, incident_id=incident)
    assert [c.id for c in concerned_by(alert, (TEXTS, SIGNAL))] == carrying
    assert concerned_by(alert, (TEXTS,)) == ()


def claim(chunk: int, attempt: int, *who: str) -> ChunkClaimed:
    return ChunkClaimed(
        id=f"c{chunk}{attempt}", at=AT, alert_id="a1", group="hackney", chunk=chunk, attempt=attempt,
        claimant="n", recipients=who,
    )  # fmt: skip


def settled(chunk: int, attempt: int, reason: str = "x", **how: Result) -> ChunkSettled:
    outcomes = tuple(
        RecipientOutcome(recipient=name.replace("_", ":"), result=result, channel_kind="told", reason=reason)
        for name, result in how.items()
    )
    return ChunkSettled(
        id=f"s{chunk}{attempt}", at=AT, alert_id="a1", group="hackney", chunk=chunk, attempt=attempt,
        outcomes=outcomes,
    )  # fmt: skip


def after(*records: Any, signal: int = 2, most: int = 100) -> AlertLedger:
    ledger = AlertLedger()
    for record in (frozen(signal, 2, most=most), *records):
        ledger.apply(record)
    return ledger


@pytest.mark.parametrize(
    ("signal", "ended", "then"),
    [
        (2, {"signal_0": "delivered", "signal_1": "delivered"}, Finished(0, (), flagged=False)),  # spared
        (2, {"signal_0": "delivered", "signal_1": "rejected"}, Claim(1, ("texts:1",))),  # the one of the pair
        (1, {"signal_0": "delivered"}, Finished(0, (), flagged=False)),
        (1, {"signal_0": "rejected"}, Claim(1, ("texts:0", "texts:1"))),  # all of them for the one
    ],
)
def test_whoever_was_not_reached_is_told_by_the_other_channel(
    signal: int, ended: dict[str, Result], then: Any
) -> None:
    ledger = after(settled(0, 1, **ended), signal=signal)
    assert ledger.awaited == {1: {0}}
    assert ledger.chunks[1].next_step() == then


def test_beyond_the_budget_is_named_and_not_sent() -> None:
    step = after(settled(0, 1, signal_0="rejected"), signal=1, most=1).chunks[1].next_step()
    assert step == Claim(1, ("texts:0",))
    done = after(settled(0, 1, signal_0="rejected"), settled(1, 1, texts_0="delivered"), signal=1, most=1)
    over = done.chunks[1].next_step()
    assert isinstance(over, Finished)
    assert [(o.recipient, o.reason) for o in over.unsent] == [("texts:1", "over_fallback_budget")]


def test_a_maybe_of_the_first_counts_and_after_two_a_person_looks() -> None:
    one = (settled(0, 1, signal_0="unknown"), settled(0, 2, signal_0="rejected", reason="fell_back"))
    ledger = after(*one, signal=1)
    assert ledger.chunks[1].copies("texts:0") == 1
    assert ledger.chunks[1].next_step() == Claim(1, ("texts:0", "texts:1"))
    ledger.apply(settled(1, 1, texts_0="unknown", texts_1="delivered"))
    end = ledger.chunks[1].next_step()
    assert isinstance(end, Finished)
    assert (end.delivered, end.flagged, [o.recipient for o in end.unsent]) == (1, True, ["texts:0"])
    two = after(settled(0, 1, signal_0="unknown"), settled(0, 2, signal_0="unknown"), signal=1)
    end = two.chunks[0].next_step()
    assert isinstance(end, Finished)
    assert end.flagged
    assert two.chunks[1].next_step() == Finished(0, (), flagged=False)


RESULTS: st.SearchStrategy[Result] = st.sampled_from(
    ["unknown", "unknown", "unknown", "rejected", "retry", "delivered"]
)


@given(st.lists(RESULTS, max_size=30), st.booleans())
def test_whatever_happens_nobody_gets_a_third_copy_by_both_channels_and_it_ends(
    results: list[Result],
    lost: bool,  # noqa: FBT001 - Hypothesis gives it by position
) -> None:
    """One person, reached by two channels; what is `lost` was claimed by somebody who died."""
    ledger, attempts, copies = AlertLedger(), Attempts(), 0
    ledger.apply(frozen(1, 1))
    for result in [*results, "rejected", "rejected", "rejected"]:
        chunk = 0 if not isinstance(ledger.chunks[0].next_step(lapsed=99), Finished) else 1
        step = ledger.chunks[chunk].next_step(lapsed=99)
        if isinstance(step, Finished):
            break
        assert not isinstance(step, Wait)
        attempt = attempts.next(chunk)
        who = "signal:0" if chunk == 0 else "texts:0"
        ledger.apply(claim(chunk, attempt, who))
        copies += result in {"delivered", "unknown"}
        if not lost or result != "unknown":
            ledger.apply(settled(chunk, attempt, **{who.replace(":", "_"): result}))
    assert copies <= MAX_COPIES


class Attempts:
    """Their numbers, chunk by chunk."""

    def __init__(self) -> None:
        self._made = {0: 0, 1: 0}

    def next(self, chunk: int) -> int:
        self._made[chunk] += 1
        return self._made[chunk]


def test_whom_a_channel_told_in_anothers_place_is_known_from_the_ledger() -> None:
    stood_in = StoodIn()
    for record in (
        frozen(1, 2),
        settled(0, 1, signal_0="rejected"),
        settled(1, 1, texts_0="unknown", texts_1="retry"),
    ):
        stood_in.learn(record)
    assert stood_in.told("hackney", {"i1"}) == stood_in.told("hackney", {"i2", "i1"}) == {"texts:0"}
    assert stood_in.told("peckham", {"i1"}) == stood_in.told("hackney", {"i2"}) == set()


def test_who_is_being_told_counts_as_told_until_it_is_known_that_they_were_not() -> None:
    stood_in = StoodIn()
    for record in (frozen(1, 2), settled(0, 1, signal_0="rejected"), claim(1, 1, "texts:0", "texts:1")):
        stood_in.learn(record)
    assert stood_in.told("hackney", {"i1"}) == {"texts:0", "texts:1"}
    stood_in.learn(settled(1, 1, texts_0="retry", texts_1="delivered"))
    stood_in.learn(claim(1, 1, "texts:0", "texts:1"))  # read again
    assert stood_in.told("hackney", {"i1"}) == {"texts:1"}


def test_of_an_alert_that_has_ended_only_who_was_told_is_kept() -> None:
    stood_in = StoodIn()
    for record in (frozen(1, 2), settled(1, 1, texts_0="delivered")):
        stood_in.learn(record)
    stood_in.ended("a1")
    stood_in.ended("another")
    assert len(stood_in) == 0
    assert stood_in.told("hackney", {"i1"}) == {"texts:0"}


@pytest.mark.parametrize("ended", ["rejected", "delivered"])
def test_who_stands_in_for_a_long_list_is_known_without_looking_at_all_of_it_for_each(
    monkeypatch: pytest.MonkeyPatch, ended: Result
) -> None:
    """Four hundred who stand in for five hundred: hundreds of questions, not hundreds of thousands."""
    asked: Counter[str] = Counter()
    standing = Chunk._standing

    def counted(chunk: Chunk, recipient: str, outcomes: list[RecipientOutcome]) -> Any:
        asked[recipient] += 1
        return standing(chunk, recipient, outcomes)

    monkeypatch.setattr(Chunk, "_standing", counted)
    record = frozen(500, 400, most=400)
    ledger = AlertLedger()
    ledger.apply(record)
    texts = [n for n, chunk in enumerate(record.chunks) if chunk[0].startswith("texts")]
    for n, chunk in enumerate(record.chunks):
        if n not in texts:
            ledger.apply(settled(n, 1, **{who.replace(":", "_"): ended for who in chunk}))
    steps = [ledger.chunks[n].next_step() for n in texts]
    if ended == "rejected":
        assert sum(len(step.recipients) for step in steps if isinstance(step, Claim)) == 400
    else:
        assert {type(step) for step in steps} == {Finished}
    assert asked.total() < 2_000


def test_what_is_known_of_those_who_are_stood_in_for_changes_with_the_records() -> None:
    ledger = after(settled(0, 1, signal_0="retry"), signal=1)
    step = ledger.chunks[1].next_step
    assert step() == Claim(1, ("texts:0", "texts:1"))
    ledger.apply(claim(0, 2, "signal:0"))
    assert ledger.chunks[1].copies("texts:0") == 1
    ledger.apply(settled(0, 2, signal_0="retry"))
    assert ledger.chunks[1].copies("texts:0") == 0
    ledger.apply(settled(0, 3, signal_0="delivered"))
    assert step() == Finished(0, (), flagged=False)

"""The judge of texts under kills: what the network got, against what the ledger says, recipient by recipient.

Its witnesses are the network's own log and the raw LEDGER; the notifier's word about itself counts for
nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.raw_log import Record
from tests.rigs.kannel import Part

CHANNEL = "texts"
MAX_COPIES = 2
_Attempt = tuple[int, int]
"""A chunk, and which attempt at it."""


@dataclass(frozen=True)
class Sending:
    """One alert to one group's phones: recipient `texts:n` has the n-th number."""

    alert_id: str
    numbers: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Told:
    """One recipient: copies that the network got, and what the ledger says of them."""

    copies: int
    whole: bool
    """Whether what arrived is that text, so many times over, and nothing else."""
    sure: int
    """Attempts that ended as delivered."""
    maybe: int
    """Attempts that were claimed and whose end nobody could record."""
    flagged: bool


@dataclass
class Verdict:
    """What was found. The run was sound if `problems` is empty."""

    recipients: int = 0
    once: int = 0
    twice: int = 0
    flagged: int = 0
    lost: int = 0
    claims: int = 0
    left_open: int = 0
    """Claims that a kill left without an end."""
    problems: list[str] = field(default_factory=list)


def judge(
    sendings: Sequence[Sending], ledger: Sequence[Record], received: Sequence[Part], *, kills: int
) -> Verdict:
    """Compare the witnesses."""
    verdict = Verdict()
    known = {number for sending in sendings for number in sending.numbers}
    _note(verdict, sum(part.to not in known for part in received), "parts went to somebody else")
    of_alert: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in ledger:
        of_alert[record.body["alert_id"]].append(record.body)
    arrived = by_number(received)
    died = set[str]()
    for sending in sendings:
        died |= _judge_one(verdict, sending, of_alert[sending.alert_id], arrived)
    _note(verdict, max(0, len(died) - kills), "notifiers left claims open and were not killed")
    return verdict


def by_number(received: Sequence[Part]) -> dict[str, Counter[str]]:
    """How often a number got which part; in what order says nothing, for two copies may cross."""
    arrived: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for part in received:
        arrived[part.to][part.text] += 1
    return dict(arrived)


def copies_of(text: str, parts: Counter[str]) -> tuple[int, bool]:
    """How many copies of a text parts are, begun ones counted; and whether they are that many whole ones."""
    count = max(parts.values(), default=0)
    whole = "".join(sorted(parts, key=text.find)) == text and set(parts.values()) == {count}
    return count, whole or not parts


@dataclass(frozen=True)
class _Ledger:
    """What the ledger says of one alert."""

    claims: Mapping[_Attempt, dict[str, Any]]
    ends: Mapping[_Attempt, list[dict[str, Any]]]
    settled: Sequence[dict[str, Any]]

    @property
    def left(self) -> list[dict[str, Any]]:
        """Claims whose end nobody could record."""
        return [claim for attempt, claim in self.claims.items() if attempt not in self.ends]


def _ledger(records: Sequence[dict[str, Any]]) -> _Ledger:
    claims = {(r["chunk"], r["attempt"]): r for r in _of(records, "chunk.claimed.v1")}
    ends = {(r["chunk"], r["attempt"]): r["outcomes"] for r in _of(records, "chunk.settled.v1")}
    return _Ledger(claims, ends, _of(records, "alert.settled.v1"))


def _judge_one(
    verdict: Verdict, sending: Sending, records: Sequence[dict[str, Any]], arrived: Mapping[str, Counter[str]]
) -> set[str]:
    """Add one alert to the verdict; returns which notifiers left a claim of it open."""
    ledger = _ledger(records)
    told = _told(sending, ledger, arrived)
    _count(verdict, told)
    verdict.claims += len(ledger.claims)
    verdict.left_open += len(ledger.left)
    results = Counter(o["result"] for outcomes in ledger.ends.values() for o in outcomes)
    _note(verdict, results["unknown"], "sends ended unknown although the notifier lived")
    _note(verdict, len(ledger.ends.keys() - ledger.claims.keys()), "attempts ended that nobody had claimed")
    sure = sum(one.sure > 0 for one in told)
    if [(r["delivered"], len(r["unsent"])) for r in ledger.settled] != [(sure, len(told) - sure)]:
        verdict.problems.append(f"{sending.alert_id}: its last record does not say what its chunks do")
    return {claim["claimant"] for claim in ledger.left}


def _told(sending: Sending, ledger: _Ledger, arrived: Mapping[str, Counter[str]]) -> list[Told]:
    """How it went for each recipient."""
    outcomes = [outcome for some in ledger.ends.values() for outcome in some]
    sure = Counter(o["recipient"] for o in outcomes if o["result"] == "delivered")
    maybe = Counter(recipient for claim in ledger.left for recipient in claim["recipients"])
    unsent = [outcome for end in ledger.settled for outcome in end["unsent"]]
    flagged = {o["recipient"] for o in unsent if o["reason"] == "ambiguous_twice"}
    told = []
    for n, number in enumerate(sending.numbers):
        name = f"{CHANNEL}:{n}"
        copies, whole = copies_of(sending.text, arrived.get(number, Counter()))
        told.append(Told(copies, whole, sure[name], maybe[name], name in flagged))
    return told


def _count(verdict: Verdict, told: Sequence[Told]) -> None:
    verdict.recipients += len(told)
    verdict.once += sum(one.copies == 1 for one in told)
    verdict.twice += sum(one.copies == MAX_COPIES for one in told)
    verdict.flagged += sum(one.flagged for one in told)
    lost = sum(one.copies == 0 and not one.flagged for one in told)
    verdict.lost += lost
    _note(verdict, lost, "recipients got nothing, and nobody was told so")
    _note(verdict, sum(one.copies > MAX_COPIES for one in told), "recipients got a third copy")
    _note(verdict, sum(one.copies > 1 and not one.maybe for one in told), "second copies without a kill")
    _note(verdict, sum(not one.whole for one in told), "recipients got other words, or half of them")
    differ = sum(not one.sure <= one.copies <= one.sure + one.maybe for one in told)
    _note(verdict, differ, "recipients of whom the ledger says what the network does not")


def _of(records: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [record for record in records if record["type"] == kind]


def _note(verdict: Verdict, count: int, what: str) -> None:
    if count:
        verdict.problems.append(f"{count} {what}")

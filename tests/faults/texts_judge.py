"""The judge of texts under kills: what the network got, against what the ledger says, recipient by recipient.

Its witnesses are the network's own log and the raw LEDGER; the notifier's word about itself counts for nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.raw_log import Record
from tests.rigs.kannel import Part

CHANNEL = "texts"
MAX_COPIES = 2


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
    open_chunks: int = 0
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
    arrived: defaultdict[str, str] = defaultdict(str)
    for part in received:
        arrived[part.to] += part.text
    died = set[str]()
    for sending in sendings:
        died |= _judge_one(verdict, sending, of_alert[sending.alert_id], arrived)
    _note(verdict, max(0, len(died) - kills), "notifiers left claims open and were not killed")
    return verdict


def _judge_one(
    verdict: Verdict, sending: Sending, records: Sequence[dict[str, Any]], arrived: Mapping[str, str]
) -> set[str]:
    """Add one alert to the verdict; returns which notifiers left a claim of it open."""
    ends = {(r["chunk"], r["attempt"]): r["outcomes"] for r in _of(records, "chunk.settled.v1")}
    claims = {(r["chunk"], r["attempt"]): r for r in _of(records, "chunk.claimed.v1")}
    left = [claim for key, claim in claims.items() if key not in ends]
    results = Counter((o["recipient"], o["result"]) for outcomes in ends.values() for o in outcomes)
    maybe = Counter(recipient for claim in left for recipient in claim["recipients"])
    settled = _of(records, "alert.settled.v1")
    flagged = {o["recipient"] for r in settled for o in r["unsent"] if o["reason"] == "ambiguous_twice"}
    told = [
        _told(name, arrived.get(number, ""), sending.text, results, maybe, flagged)
        for name, number in ((f"{CHANNEL}:{n}", number) for n, number in enumerate(sending.numbers))
    ]
    _count(verdict, told)
    verdict.open_chunks += len(left)
    unknown = sum(n for (_, result), n in results.items() if result == "unknown")
    _note(verdict, unknown, "sends ended unknown although the notifier lived")
    _note(verdict, ends.keys() - claims.keys(), "attempts ended that nobody had claimed")
    sure = sum(one.sure > 0 for one in told)
    if [(r["delivered"], len(r["unsent"])) for r in settled] != [(sure, len(told) - sure)]:
        verdict.problems.append(f"{sending.alert_id}: its last record does not say what its chunks do")
    return {claim["claimant"] for claim in left}


def _told(  # noqa: PLR0913 - the witnesses
    recipient: str,
    arrived: str,
    text: str,
    results: Mapping[tuple[str, str], int],
    maybe: Mapping[str, int],
    flagged: set[str],
) -> Told:
    copies = -(-len(arrived) // len(text))
    sure = results.get((recipient, "delivered"), 0)
    return Told(copies, arrived == text * copies, sure, maybe.get(recipient, 0), recipient in flagged)


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


def _note(verdict: Verdict, found: int | set[Any], what: str) -> None:
    if count := found if isinstance(found, int) else len(found):
        verdict.problems.append(f"{count} {what}")

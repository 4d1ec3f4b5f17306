"""What became of a message to each recipient, step by step, from the ledger's own records. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from services.console.decide.draft import Document
from services.console.decide.why_not import why_lost, why_not
from services.console.ledger_models import LedgerRecipient, LedgerStep
from shared.contracts.ledger import AlertExpanded, ChunkClaimed, ChunkSettled, LedgerRecord

_WHAT: Final[Mapping[str, Literal["accepted", "refused", "again", "perhaps"]]] = {
    "delivered": "accepted",
    "rejected": "refused",
    "retry": "again",
    "unknown": "perhaps",
}


def recipients_of(records: Iterable[LedgerRecord]) -> list[str]:
    """Everybody to whom it was to go, as they were frozen; of those who stand in, whoever was needed."""
    found = list(records)
    frozen = next((r for r in found if isinstance(r, AlertExpanded)), None)
    if frozen is None:
        return []
    claimed = {name for record in found if isinstance(record, ChunkClaimed) for name in record.recipients}
    spared = (frozen.stand_ins or {}).keys() - claimed
    return [name for chunk in frozen.chunks for name in chunk if name not in spared]


def each(
    records: Iterable[LedgerRecord], wanted: Sequence[str], arrivals: Mapping[str, Document]
) -> list[LedgerRecipient]:
    """The steps of these recipients; `arrivals` are what their providers said later."""
    steps: dict[str, list[LedgerStep]] = {recipient: [] for recipient in wanted}
    for record in records:
        if isinstance(record, ChunkClaimed):
            for recipient in steps.keys() & set(record.recipients):
                steps[recipient].append(LedgerStep(at=record.at, what="claimed"))
        elif isinstance(record, ChunkSettled):
            for outcome in record.outcomes:
                if outcome.recipient in steps:
                    steps[outcome.recipient].append(_ended(record, _WHAT[outcome.result], outcome.reason))
    for recipient, said in arrivals.items():
        if recipient in steps:
            steps[recipient].append(_arrived(said))
    return [LedgerRecipient(recipient=recipient, steps=found) for recipient, found in steps.items()]


def _ended(
    record: ChunkSettled, what: Literal["accepted", "refused", "again", "perhaps"], reason: str
) -> LedgerStep:
    if what == "accepted":
        return LedgerStep(at=record.at, what=what)
    return LedgerStep(at=record.at, what=what, reason=reason, why=why_not(reason))


def _arrived(said: Document) -> LedgerStep:
    if said["arrived"] == "delivered":
        return LedgerStep(at=said["at"], what="arrived")
    return LedgerStep(at=said["at"], what="failed", reason=said["reason"], why=why_lost(said["reason"]))

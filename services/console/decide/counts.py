"""How often what was decided, for which reason, and how deliveries ended: the figures of `status`."""

from typing import Any

from services.console.decide.draft import Draft
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import Message
from shared.contracts.incidents import IncidentOpened, InputDecided, PositionCarried
from shared.contracts.keys import DeadLettered
from shared.contracts.ledger import AlertSettled, ChunkSettled, DeliveryReceipted, LedgerNote, LedgerRecord

COUNTS = "counts"


def count(draft: Draft, event: Message) -> None:
    """Count the event, and note how far the log's clock and its inputs have come."""
    counts = draft.edit(COUNTS)
    if not isinstance(event, LedgerRecord | LedgerNote | DeadLettered):
        counts["log_at"] = max(counts.get("log_at", ""), event.at.isoformat())
    match event:
        case InputDecided():
            add(counts, "decisions", f"{event.input.stream}.{event.outcome}.{event.reason}")
            _seen(counts, event.input.stream, event.input.seq)
        case PositionCarried():
            _seen(counts, "REPORTS", event.reports)
            _seen(counts, "DESK", event.desk)
        case IncidentOpened():
            add(counts, "incidents", "opened")
        case AlertRaised():
            add(counts, "alerts", f"{event.kind}.{event.audience}")
        case AlertSettled():
            add(counts, "settled", event.reason)
        case ChunkSettled():
            _deliveries(draft, counts, event)
        case DeadLettered():
            add(counts, "dead", f"{event.service}.{event.stream}.{event.reason}")
        case DeliveryReceipted():
            add(counts, "receipts", f"{event.channel_kind}.{event.arrived}")


def _deliveries(draft: Draft, counts: dict[str, Any], event: ChunkSettled) -> None:
    # The ledger names the audience when it expands an alert, always before a chunk of it settles.
    alert = draft.get(f"alert:{event.alert_id}") or {}
    for outcome in event.outcomes:
        add(counts, "deliveries", f"{outcome.channel_kind}.{alert.get('audience')}.{outcome.result}")


def add(counts: dict[str, Any], family: str, name: str, by: int = 1) -> None:
    """Count one more under that name."""
    figures = counts.setdefault(family, {})
    figures[name] = figures.get(name, 0) + by


def _seen(counts: dict[str, Any], stream: str, seq: int) -> None:
    decided = counts.setdefault("decided_up_to", {})
    decided[stream] = max(decided.get(stream, 0), seq)

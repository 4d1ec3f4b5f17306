"""Alert documents: what a group was to be told, and what the ledger says became of it. Pure.

An alert becomes public when the ledger says that a channel of kind `feed` took it, never
earlier (ADR 0010). The two halves come from two streams and may arrive in either order.
"""

from collections.abc import Iterable
from typing import Any, Final

from services.console.decide import carried, spending
from services.console.decide.counts import add
from services.console.decide.draft import Document, Draft
from services.console.decide.heard import heard
from shared.contracts.alerts import AlertBody, AlertRaised
from shared.contracts.base import Sealed
from shared.contracts.ledger import (
    AlertExpanded,
    AlertSettled,
    ChunkSettled,
    DeliveryReceipted,
    LedgerRecord,
    MessagesWaiting,
    ProvidersWords,
    RecipientOutcome,
)

_BUCKET: Final = 64
"""Recipients whose receipts stand in one document, so that 10,000 of them are not written anew with each."""
_FACTS: Final = ("alert_id", "group", "group_version", "audience", "kind", "urgency", "ask", "drill",
                 "incident_id", "code", "status")  # fmt: skip


def needs(_draft: Draft, event: LedgerRecord) -> Iterable[str]:
    """The alert."""
    yield f"alert:{event.alert_id}"


def needs_of_chunk(_draft: Draft, event: ChunkSettled) -> Iterable[str]:
    """The alert, which channels carried something before, and what its group spent."""
    return (f"alert:{event.alert_id}", carried.key(event.group), spending.key(event.group))


def needs_of_expansion(_draft: Draft, event: AlertExpanded) -> Iterable[str]:
    """The alert, and what its group spent."""
    return (f"alert:{event.alert_id}", spending.key(event.group))


def needs_of_alert(_draft: Draft, event: AlertRaised) -> Iterable[str]:
    """The alert and its incident, and which channels carried something before."""
    yield from (f"alert:{event.alert_id}", carried.key(event.group))
    if event.incident_id:
        yield f"incident:{event.incident_id}"


def raised(draft: Draft, event: AlertRaised, place: float) -> None:
    """A group's audience is to be told, or one of its channels is tested."""
    alert = draft.edit(f"alert:{event.alert_id}")
    alert.update({name: getattr(event, name) for name in _FACTS}, at=event.at.isoformat(), seq=place)
    if isinstance(event.body, AlertBody):
        alert.update(_body(event.body))
    if event.incident_id:
        incident = draft.edit(f"incident:{event.incident_id}")
        incident.setdefault("alerts", []).append(event.alert_id)
        if event.audience == "verifiers":
            heard(incident, event.group, event.id.rpartition(".")[0])
    if event.channel is not None:
        _tested(draft, event)
    carried.note(draft, alert)
    _maybe_public(draft, alert)


def _tested(draft: Draft, event: AlertRaised) -> None:
    """The latest test of this channel."""
    draft.put(
        f"channel_test:{event.group}.{event.channel}",
        {
            "alert_id": event.alert_id,
            "channel": event.channel,
            "at": event.at.isoformat(),
            "version": event.group_version,
            "until": event.not_after.isoformat(),
        },
    )


def expanded(draft: Draft, event: AlertExpanded, _place: float) -> None:
    """Its recipients are frozen; who stands in for others is none besides."""
    alert = draft.edit(f"alert:{event.alert_id}")
    alert["audience"] = event.audience
    alert["recipients"] = sum(len(chunk) for chunk in event.chunks) - len(event.stand_ins or ())
    spending.frozen(draft, event)


def chunk_settled(draft: Draft, event: ChunkSettled, _place: float) -> None:
    """An attempt ended, recipient by recipient."""
    alert = draft.edit(f"alert:{event.alert_id}")
    for outcome in event.outcomes:
        results: dict[str, Any] = alert.setdefault("results", {})
        add(results, outcome.channel_kind, outcome.result)
        if outcome.channel_kind == "feed" and outcome.result == "delivered":
            alert.setdefault("feed_at", event.at.isoformat())
        if event.words is not None:
            _said(alert, outcome, event.words)
    carried.accepted(alert, event)
    spending.settled(draft, event)
    if alert.get("group") == event.group:
        carried.note(draft, alert)
    _maybe_public(draft, alert)


def needs_of_receipt(_draft: Draft, event: DeliveryReceipted) -> Iterable[str]:
    """The alert, and what was said of the recipients beside this one."""
    yield f"alert:{event.alert_id}"
    yield _bucket(event)


def receipted(draft: Draft, event: DeliveryReceipted, _place: float) -> None:
    """A provider says that what it took arrived, or never will; once it failed it stays so."""
    said = draft.edit(_bucket(event))
    before = said.get(event.recipient)
    if before in {event.arrived, "failed"}:
        return
    said[event.recipient] = event.arrived
    alert = draft.edit(f"alert:{event.alert_id}")
    figures = alert.setdefault("receipts", {}).setdefault(event.channel_kind, {})
    figures[event.arrived] = figures.get(event.arrived, 0) + 1
    if before is not None:
        figures[before] -= 1
    if event.recipient in alert.get("answers", {}):
        alert["answers"][event.recipient].update(arrived=event.arrived, arrived_why=event.reason)


def _bucket(event: DeliveryReceipted) -> str:
    channel, _, number = event.recipient.rpartition(":")
    return f"receipts:{event.alert_id}.{channel}.{int(number) // _BUCKET}"


def needs_of_waiting(_draft: Draft, event: MessagesWaiting) -> Iterable[str]:
    """The incident."""
    yield f"incident:{event.incident_id}"


def waiting(draft: Draft, event: MessagesWaiting, _place: float) -> None:
    """So many messages of it wait for their group; of an incident that is forgotten nothing is kept."""
    if not draft.get(f"incident:{event.incident_id}"):
        return
    groups = draft.edit(f"incident:{event.incident_id}").setdefault("waiting", {})
    groups.pop(event.group, None)
    if event.messages:
        groups[event.group] = {"messages": event.messages, "since": event.since.isoformat()}


def settled(draft: Draft, event: AlertSettled, _place: float) -> None:
    """Nothing more will be sent for it."""
    alert = draft.edit(f"alert:{event.alert_id}")
    alert["settled"] = {
        "at": event.at.isoformat(),
        "reason": event.reason,
        "delivered": event.delivered,
        "unsent": len(event.unsent),
    }


def _said(alert: Document, outcome: RecipientOutcome, words: ProvidersWords | Sealed) -> None:
    """What a test came to for one recipient; that no time was left for another try says nothing new."""
    answers: dict[str, Any] = alert.setdefault("answers", {})
    if outcome.reason == "expired" and outcome.recipient in answers:
        return
    said = words.said.get(outcome.recipient, "") if isinstance(words, ProvidersWords) else ""
    known = answers.get(outcome.recipient, {})
    answers[outcome.recipient] = {
        **known,
        "result": outcome.result,
        "reason": outcome.reason,
        "words": said,
    }


def _body(body: AlertBody) -> Document:
    return {
        "public": body.public.model_dump(mode="json"),
        "statement": body.statement,
        "tally": body.tally.model_dump(),
        "first_report_at": body.first_report_at.isoformat(),
        "since": body.since.isoformat() if body.since else None,
    }


def _maybe_public(draft: Draft, alert: Document) -> None:
    if alert.get("feed_at") and alert.get("public") and alert.get("audience") == "community":
        draft.score("public", alert["alert_id"], alert["seq"])

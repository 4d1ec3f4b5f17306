"""Alert documents: what a group was to be told, and what the ledger says became of it. Pure.

An alert becomes public when the ledger says that a channel of kind `feed` took it, never
earlier (ADR 0010). The two halves come from two streams and may arrive in either order.
"""

from collections.abc import Iterable
from typing import Any, Final

from services.console.decide import carried, reckoning, spending
from services.console.decide.counts import add
from services.console.decide.draft import Document, Draft
from services.console.decide.heard import heard
from shared.contracts.alerts import AlertBody, AlertRaised
from shared.contracts.base import Sealed
from shared.contracts.ledger import (
    LATE,
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


def needs(draft: Draft, event: LedgerRecord) -> Iterable[str]:
    """The alert; of one who joined late also what all of them came to."""
    key = f"alert:{event.alert_id}"
    yield key
    if isinstance(event, AlertExpanded) and event.incident_id and _is_late(event):
        yield late_key(event.incident_id, event.group)
    elif not draft.missing([key]) and (late := (draft.get(key) or {}).get("late")):
        yield late


def needs_of_chunk(draft: Draft, event: ChunkSettled) -> Iterable[str]:
    """The same, which channels carried something before, and what its group spent."""
    return (*needs(draft, event), carried.key(event.group), spending.key(event.group))


def needs_of_expansion(draft: Draft, event: AlertExpanded) -> Iterable[str]:
    """The same, and what its group spent."""
    return (*needs(draft, event), spending.key(event.group))


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


def late_key(incident: str, group: str) -> str:
    """The document of all whom a group's news of an incident reached because they joined later."""
    return f"late:{incident}.{group}"


def _is_late(event: LedgerRecord) -> bool:
    return event.alert_id.startswith(LATE)


def _reckoned(draft: Draft, alert: Document) -> Document:
    """Where its figures stand: its own document, or that of all who joined late."""
    return draft.edit(alert["late"]) if "late" in alert else alert


def _seen_at(alert: Document, place: float) -> None:
    """Between which two places of LEDGER its records lie."""
    first, last = alert.get("ledger", (int(place), 0))
    alert["ledger"] = [first, max(last, int(place))]


def expanded(draft: Draft, event: AlertExpanded, place: float) -> None:
    """Its recipients are frozen; who stands in for others is none besides."""
    alert = draft.edit(f"alert:{event.alert_id}")
    alert["audience"] = event.audience
    alert["recipients"] = sum(len(chunk) for chunk in event.chunks) - len(event.stand_ins or ())
    spending.frozen(draft, event)
    if event.incident_id and _is_late(event):
        alert["late"] = late_key(event.incident_id, event.group)
    _seen_at(alert, place)
    reckoning.frozen(_reckoned(draft, alert), event)


def chunk_settled(draft: Draft, event: ChunkSettled, place: float) -> None:
    """An attempt ended, recipient by recipient."""
    alert = draft.edit(f"alert:{event.alert_id}")
    _seen_at(alert, place)
    reckoning.attempted(_reckoned(draft, alert), event)
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


def needs_of_receipt(draft: Draft, event: DeliveryReceipted) -> Iterable[str]:
    """The alert, and what was said of the recipients beside this one."""
    yield from needs(draft, event)
    yield bucket(event.alert_id, event.recipient)


def receipted(draft: Draft, event: DeliveryReceipted, _place: float) -> None:
    """A provider says that what it took arrived, or never will; once it failed it stays so."""
    said = draft.edit(bucket(event.alert_id, event.recipient))
    before = said.get(event.recipient, {}).get("arrived")
    if before in {event.arrived, "failed"}:
        return
    said[event.recipient] = {"arrived": event.arrived, "at": event.at.isoformat(), "reason": event.reason}
    alert = draft.edit(f"alert:{event.alert_id}")
    reckoning.arrived(_reckoned(draft, alert), event, before=before)
    figures = alert.setdefault("receipts", {}).setdefault(event.channel_kind, {})
    figures[event.arrived] = figures.get(event.arrived, 0) + 1
    if before is not None:
        figures[before] -= 1
    if event.recipient in alert.get("answers", {}):
        alert["answers"][event.recipient].update(arrived=event.arrived, arrived_why=event.reason)


def bucket(alert_id: str, recipient: str) -> str:
    """The document that says what became of this recipient's message, as the provider told later."""
    channel, _, number = recipient.rpartition(":")
    return f"arrived:{alert_id}.{channel}.{int(number) // _BUCKET}"


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


def settled(draft: Draft, event: AlertSettled, place: float) -> None:
    """Nothing more will be sent for it."""
    alert = draft.edit(f"alert:{event.alert_id}")
    _seen_at(alert, place)
    reckoning.ended(_reckoned(draft, alert), event)
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
        "setting": body.setting,
        "jurisdiction": body.jurisdiction,
        "first_report_at": body.first_report_at.isoformat(),
        "since": body.since.isoformat() if body.since else None,
    }


def _maybe_public(draft: Draft, alert: Document) -> None:
    if alert.get("feed_at") and alert.get("public") and alert.get("audience") == "community":
        draft.score("public", alert["alert_id"], alert["seq"])

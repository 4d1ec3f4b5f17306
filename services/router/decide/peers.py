"""What another hub says of an incident that it and we know: evidence, never a command.

Its first word of something is judged as any report is. What it says later joins the incident that its first
word became; its answer joins the incident that we told it of, and no other. A person confirmed or ended it
there: here that makes it likely, or asks our verifiers to look. No hub is told its own word again.
"""

from collections.abc import Iterable
from typing import Final

from services.router.decide import assess, reasons
from services.router.decide.draft import Draft
from services.router.decide.evolve_peers import standing_for
from services.router.decide.likeness import present
from services.router.decide.reports import Answer
from services.router.decide.state import Incident, State
from shared.contracts import incidents as events
from shared.contracts.alerts import AlertKind, Note
from shared.contracts.base import GroupId, IncidentId
from shared.contracts.groups import Audience
from shared.contracts.peers import PassedOn, PeerSays
from shared.contracts.reports import ReportContent, ReportReceived

_KIND: Final[dict[PeerSays, str]] = {"over": "over", "wrong": "wrong", "not_confirmed": "wrong"}
"""What a word counts as among the reports; all others say that it goes on."""
_ENDS: Final = frozenset(_KIND)
_Told = tuple[GroupId, Audience]


def decide_peer(draft: Draft, report: ReportReceived) -> Answer | None:
    """What follows from another hub's word; None for what is to be judged as any report is."""
    content = report.content
    if not isinstance(content, ReportContent) or content.passed_on is None:
        return None
    if draft.state.known.get(report.report_id) is not None:
        return None
    word = content.passed_on
    incident = _meant(draft.state, content, word)
    if incident is not None and not incident.drill:
        return _join(draft, report, content, word, incident)
    if word.answers is not None:
        return Answer("ignored", reasons.NOT_ASKED)
    return Answer("ignored", reasons.NOTHING_TO_UPDATE) if word.says in _ENDS else None


def _meant(state: State, content: ReportContent, word: PassedOn) -> Incident | None:
    """Our incident: the one that the hub was told of, or that what it said before became."""
    if word.answers is not None:
        asked = present(state, IncidentId(word.answers))
        heard = {group for group, _ in asked.told} if asked else set()
        return asked if heard & set(standing_for(word.hub, state.groups)) else None
    thread = state.threads.get(content.sender) if content.sender else None
    return present(state, thread.incident) if thread else None


def _join(
    draft: Draft, report: ReportReceived, content: ReportContent, word: PassedOn, before: Incident
) -> Answer:
    kind = _KIND.get(word.says, "report")
    detail = events.ReportDetail(
        gist=events.Gist(kind=kind, present=kind == "report"),
        text=content.text,
        sender=content.sender,
        observed_at=content.observed_at,
        trusted=word.says == "confirmed",
        passed_on=word,
    )
    draft.emit(events.ReportAttached, incident_id=before.id, report_id=report.report_id, detail=detail)
    _follow(draft, before, word)
    return Answer("attached", reasons.PEERS_WORD, before.id)


def _follow(draft: Draft, before: Incident, word: PassedOn) -> None:
    """Our verifiers look where it says that it ended or goes on after all; a person's yes makes it likely."""
    others = [e for e in _others(draft.state, before, word.hub) if e[1] == "verifiers"]
    if before.status == "no_news" and word.says not in _ENDS:
        draft.emit(events.IncidentReopened, incident_id=before.id, status="unconfirmed")
        _tell(draft, draft.incident(before.id), "UPDATE", others, note="reopened")
    incident = draft.incident(before.id)
    if incident.ended:
        return
    if incident.said_over_at is not None and before.said_over_at is None:
        _tell(draft, incident, "UPDATE", others, note="said_over")
    if incident.said_wrong_at is not None and before.said_wrong_at is None:
        _tell(draft, incident, "UPDATE", others, note="said_wrong")
    if assess.likely(incident, draft.state.groups):
        reason = reasons.TRUSTED_REPORT if incident.vouched else reasons.ENOUGH_INDEPENDENT
        draft.emit(events.IncidentAssessed, incident_id=incident.id, status="likely", reason=reason)
        _tell(draft, incident, "LIKELY", others)


def _tell(
    draft: Draft, incident: Incident, kind: AlertKind, whom: Iterable[_Told], *, note: Note | None = None
) -> None:
    draft.tell(incident.id, kind, whom, urgency="urgent" if kind == "LIKELY" else "normal", note=note)


def _others(state: State, incident: Incident, hub: str) -> list[_Told]:
    """Whoever was told of it, that hub apart."""
    its = set(standing_for(hub, state.groups))
    return [ear for ear in incident.told if ear[0] not in its]

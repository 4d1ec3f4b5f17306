"""One report becomes events: opened, attached, held or ignored, and who is told."""

from dataclasses import dataclass, replace
from typing import Final

from services.router.decide import assess, ids, reasons
from services.router.decide.draft import Draft, tell_first
from services.router.decide.geo import distance_m
from services.router.decide.judge import Judgement, group_ids, judge
from services.router.decide.limits import MOVE_M
from services.router.decide.locate import precise
from services.router.decide.route import concerned
from services.router.decide.state import Held, Incident, State
from services.router.decide.watch import note_police
from shared.contracts import incidents as events
from shared.contracts.alerts import Note
from shared.contracts.base import GroupId, IncidentId, Place, ReportId
from shared.contracts.incidents import GroupShare, Outcome
from shared.contracts.reports import ReportContent, ReportReceived

_BETTER: Final = 0.6
_GOOD_ENOUGH_M: Final = 150.0
_MOST_SHOWN: Final = 5
_MOST_BESIDE: Final = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an input, and why."""

    outcome: Outcome
    reason: str
    incident: IncidentId | None = None
    why: events.Why | None = None


def decide_report(draft: Draft, report: ReportReceived) -> Answer:
    """Judge the report and emit what follows."""
    known = draft.state.known.get(report.report_id)
    if known is not None:
        return Answer("ignored", reasons.DUPLICATE_REPORT, IncidentId(known) if known else None)
    content = report.content
    if not isinstance(content, ReportContent):
        return Answer("ignored", reasons.CONTENT_GONE)
    ruling = judge(draft.state, content, drill=report.drill, now=draft.now, gazetteer=draft.gazetteer)
    return replace(carry_out(draft, report, content, ruling), why=why(ruling))


def carry_out(draft: Draft, report: ReportReceived, content: ReportContent, ruling: Judgement) -> Answer:
    """Emit what follows from a judgement."""
    if ruling.verdict == "open" and ruling.place is not None:
        return _open(draft, report, content, ruling)
    if ruling.verdict == "join" and ruling.incident is not None:
        return _join(draft, report, content, ruling)
    if ruling.verdict == "hold":
        return _hold(draft, report, content, ruling)
    if ruling.reason == reasons.OTHER_POLICE and precise(ruling.place):
        note_police(draft, report.report_id, group_ids(ruling.groups), held_of(content, ruling))
    return Answer("ignored", ruling.reason, ruling.incident)


def why(ruling: Judgement) -> events.Why:
    """What `explain` shows of a judgement."""
    return events.Why(
        kind=ruling.reckoned.kind,
        sure=ruling.reckoned.sure,
        because=dict(ruling.reckoned.because),
        first_hand=ruling.first_hand,
        who=ruling.understood.who,
        place=ruling.place,
        place_reason=ruling.located.reason,
        places=dict(ruling.located.considered),
        considered=tuple(
            events.Weighed(incident=c.incident.id, score=c.score, signs=dict(c.signs))
            for c in ruling.correlated.candidates[:_MOST_SHOWN]
        ),
        copy_of=ruling.correlated.copy_of.id if ruling.correlated.copy_of else None,
    )


def detail_of(
    content: ReportContent, place: Place | None, *, first_hand: bool | None, gist: events.Gist | None = None
) -> events.ReportDetail:
    """The report as its incident keeps it."""
    return events.ReportDetail(
        gist=gist,
        text=content.text,
        sender=content.sender,
        source=content.source,
        position=content.position,
        place=place,
        first_hand=first_hand,
        language=content.language,
        observed_at=content.observed_at,
    )


def open_incident(
    draft: Draft, incident: IncidentId, place: Place, groups: tuple[GroupShare, ...], *, drill: bool
) -> None:
    """Emit the opening; the caller attaches its reports next."""
    attempt = 0
    while (code := ids.code(incident, attempt)) in draft.state.codes:
        attempt += 1
    draft.emit(
        events.IncidentOpened,
        incident_id=incident,
        code=code,
        drill=drill,
        groups=groups,
        where=events.IncidentPlace(place=place),
    )


def _open(draft: Draft, report: ReportReceived, content: ReportContent, ruling: Judgement) -> Answer:
    incident = ids.incident_id(report.report_id)
    assert ruling.place is not None  # noqa: S101 - asked by the caller
    open_incident(draft, incident, ruling.place, ruling.groups, drill=report.drill)
    _attach(draft, incident, report.report_id, content, ruling)
    for held in ruling.joins_held:
        join_held(draft, held, incident, how="joined")
    tell_first(draft, incident)
    raise_to_likely(draft, incident)
    return Answer("opened", ruling.reason, incident)


def _attach(
    draft: Draft, incident: IncidentId, report: ReportId, content: ReportContent, ruling: Judgement
) -> None:
    detail = detail_of(content, ruling.place, first_hand=ruling.first_hand, gist=ruling.gist)
    draft.emit(events.ReportAttached, incident_id=incident, report_id=report, detail=detail)


def join_held(draft: Draft, report: ReportId, incident: IncidentId, *, how: str) -> None:
    """A held report joins an incident after all."""
    held = draft.state.held[report]
    draft.emit(events.HeldSettled, report_id=report, how=how, incident_id=incident)
    draft.emit(events.ReportAttached, incident_id=incident, report_id=report, detail=_detail_of_held(held))


def _detail_of_held(held: Held) -> events.ReportDetail:
    return events.ReportDetail(
        gist=held.evidence.gist,
        text=held.evidence.text,
        sender=held.evidence.sender,
        source=held.evidence.source,
        place=held.evidence.place,
        first_hand=held.evidence.first_hand,
        language=held.language,
    )


def open_held(draft: Draft, held: Held) -> None:
    """A held report opens an incident after all, with the others that name the same area."""
    place, report = held.evidence.place, held.evidence.report
    groups = concerned(place, draft.state.groups, draft.gazetteer) if place else ()
    if place is None or not groups:
        return
    incident = ids.incident_id(report)
    open_incident(draft, incident, place, groups, drill=held.drill)
    for other in (held, *_beside(draft.state, held)):
        join_held(draft, other.evidence.report, incident, how="joined")
    tell_first(draft, incident)
    raise_to_likely(draft, incident)


def _beside(state: State, held: Held) -> list[Held]:
    """Other held reports of the same area."""
    place = held.evidence.place
    alike = [
        h
        for h in state.held.values()
        if h.reason == held.reason
        and h.drill == held.drill
        and h.evidence.report != held.evidence.report
        and h.evidence.place is not None
        and place is not None
        and h.evidence.place.label == place.label
    ]
    return sorted(alike, key=lambda h: h.evidence.report)[:_MOST_BESIDE]


def _join(draft: Draft, report: ReportReceived, content: ReportContent, ruling: Judgement) -> Answer:
    assert ruling.incident is not None  # noqa: S101 - asked by the caller
    before = draft.incident(ruling.incident)
    _attach(draft, ruling.incident, report.report_id, content, ruling)
    _follow_up(draft, before, ruling)
    raise_to_likely(draft, ruling.incident)
    return Answer("attached", ruling.reason, ruling.incident)


def _follow_up(draft: Draft, before: Incident, ruling: Judgement) -> None:
    """What a further report changes beyond the count: each told once, to those who were told."""
    incident = draft.incident(before.id)
    if before.status == "no_news" and ruling.reckoned.kind == "report":
        draft.emit(events.IncidentReopened, incident_id=incident.id, status="unconfirmed")
        _ask_verifiers(draft, incident, "reopened")
    if incident.said_over_at is not None and before.said_over_at is None:
        _ask_verifiers(draft, incident, "said_over")
    if incident.said_wrong_at is not None and before.said_wrong_at is None:
        _ask_verifiers(draft, incident, "said_wrong")
    if ruling.place is not None:
        _move_or_improve(draft, incident, ruling.place, ruling)


def _ask_verifiers(draft: Draft, incident: Incident, note: Note) -> None:
    """Reports say something that only people decide: the verifiers who were told are asked to look."""
    if not incident.ended or note == "reopened":
        told = [pair for pair in incident.told if pair[1] == "verifiers"]
        draft.tell(incident.id, "UPDATE", told, note=note)


def _move_or_improve(draft: Draft, incident: Incident, place: Place, ruling: Judgement) -> None:
    moved = _moved(place, incident, ruling)
    if moved and not _unsettled(incident):
        _ask_verifiers(draft, incident, "said_moved")
    elif moved or _corrects(place, incident, ruling) or _improves(place, incident, ruling):
        place_better(draft, incident, place, moved=moved)


def _corrects(place: Place, incident: Incident, ruling: Judgement) -> bool:
    """Whether somebody who reported it says that it is elsewhere: "sorry, not Goldhawk, Uxbridge Road"."""
    told = ruling.understood.corrects and ruling.located.said and precise(place)
    return told and _unsettled(incident) and ruling.correlated.best is not None and "sender" in ruling.correlated.best.signs


def _moved(place: Place, incident: Incident, ruling: Judgement) -> bool:
    """Whether the report says that they have moved to another precise place nearby."""
    old = incident.place
    if old is None or not (ruling.understood.moved and ruling.located.said and precise(place) and precise(old)):
        return False
    if ruling.reckoned.kind not in {"report", "update"}:
        return False
    return old.radius_m < distance_m(place.lat, place.lon, old.lat, old.lon) <= MOVE_M


def _unsettled(incident: Incident) -> bool:
    """Whether reports may still place it: no person has placed or confirmed it."""
    return incident.status in {"unconfirmed", "likely"} and not incident.placed_by_person


def _improves(place: Place, incident: Incident, ruling: Judgement) -> bool:
    """Whether a report makes the place clearly better."""
    if not _unsettled(incident) or incident.place is None:
        return False
    if ruling.reason in {reasons.SAID_OVER, reasons.SAID_WRONG} or not ruling.located.said:
        return False
    old = incident.place
    inside = distance_m(place.lat, place.lon, old.lat, old.lon) <= old.radius_m
    return inside and old.radius_m > _GOOD_ENOUGH_M and place.radius_m < _BETTER * old.radius_m


def place_better(draft: Draft, incident: Incident, place: Place, *, moved: bool = False) -> None:
    """A finer place: routing is revised, and only those are told whom it concerns newly or no longer.

    Of a move all who were told are told.
    """
    groups = concerned(place, draft.state.groups, draft.gazetteer) or incident.groups
    where = events.IncidentPlace(place=place)
    draft.emit(events.IncidentPlaced, incident_id=incident.id, moved=moved, groups=groups, where=where)
    after = set(group_ids(groups))
    tell_first(draft, incident.id, "LIKELY" if incident.status == "likely" else "UNCONFIRMED")
    draft.tell(incident.id, "UPDATE", [p for p in incident.told if p[0] not in after], note="not_concerned")
    if moved:
        draft.tell(incident.id, "UPDATE", [p for p in incident.told if p[0] in after], note="moved")


def raise_to_likely(draft: Draft, incident: IncidentId) -> None:
    """Enough independent reports: likely, for verifiers' eyes."""
    known = draft.incident(incident)
    if not assess.likely(known, draft.state.groups):
        return
    draft.emit(
        events.IncidentAssessed, incident_id=incident, status="likely", reason=reasons.ENOUGH_INDEPENDENT
    )
    told = [pair for pair in known.told if pair[1] == "verifiers"]
    draft.tell(incident, "LIKELY", told, urgency="urgent")


def _hold(draft: Draft, report: ReportReceived, content: ReportContent, ruling: Judgement) -> Answer:
    draft.emit(
        events.ReportHeld,
        report_id=report.report_id,
        reason=ruling.reason,
        leans_to=ruling.incident,
        groups=_holders(draft.state, ruling),
        drill=report.drill,
        detail=held_of(content, ruling),
    )
    return Answer("held", ruling.reason, ruling.incident)


def held_of(content: ReportContent, ruling: Judgement) -> events.HeldReport:
    """The report as it is kept for a person."""
    return events.HeldReport(
        gist=ruling.gist,
        text=content.text,
        sender=content.sender,
        source=content.source,
        position=content.position,
        place=ruling.place,
        first_hand=ruling.first_hand,
        language=content.language,
    )


def _holders(state: State, ruling: Judgement) -> tuple[GroupId, ...]:
    """Whose verifiers see it in a digest: those of the place, of the incident it leans to, else fallbacks."""
    if ruling.groups:
        return group_ids(ruling.groups)
    leaning = state.incidents.get(ruling.incident) if ruling.incident else None
    if leaning is not None:
        return group_ids(leaning.groups)
    if ruling.place is not None:
        return ()
    return tuple(sorted(g for g, known in state.groups.items() if known.definition.fallback))

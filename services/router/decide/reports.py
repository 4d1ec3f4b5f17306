"""One report becomes events: opened, attached, held or ignored, and who is told."""

from dataclasses import dataclass
from typing import Final

from services.router.decide import assess, ids, reasons
from services.router.decide.draft import Draft, verifiers
from services.router.decide.geo import distance_m
from services.router.decide.judge import Judgement, group_ids, judge
from services.router.decide.route import concerned
from services.router.decide.state import Held, Incident, State
from shared.contracts import incidents as events
from shared.contracts.alerts import AlertKind
from shared.contracts.base import GroupId, IncidentId, Place, ReportId
from shared.contracts.incidents import GroupShare, Outcome
from shared.contracts.reports import ReportContent, ReportReceived

_BETTER: Final = 0.6
_GOOD_ENOUGH_M: Final = 150.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an input, and why."""

    outcome: Outcome
    reason: str
    incident: IncidentId | None = None


def decide_report(draft: Draft, report: ReportReceived) -> Answer:
    """Judge the report and emit what follows."""
    known = draft.state.known.get(report.report_id)
    if known is not None:
        return Answer("ignored", reasons.DUPLICATE_REPORT, IncidentId(known) if known else None)
    content = report.content
    if not isinstance(content, ReportContent):
        return Answer("ignored", reasons.CONTENT_GONE)
    ruling = judge(draft.state, content, drill=report.drill, now=draft.now, gazetteer=draft.gazetteer)
    return carry_out(draft, report, content, ruling)


def carry_out(draft: Draft, report: ReportReceived, content: ReportContent, ruling: Judgement) -> Answer:
    """Emit what follows from a judgement."""
    if ruling.verdict == "open" and ruling.place is not None:
        return _open(draft, report, content, ruling)
    if ruling.verdict == "join" and ruling.incident is not None:
        return _join(draft, report, content, ruling)
    if ruling.verdict == "hold":
        return _hold(draft, report, content, ruling)
    return Answer("ignored", ruling.reason, ruling.incident)


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
    draft.tell(incident, "UNCONFIRMED", verifiers(draft.incident(incident)), urgency="urgent")
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


def _join(draft: Draft, report: ReportReceived, content: ReportContent, ruling: Judgement) -> Answer:
    assert ruling.incident is not None  # noqa: S101 - asked by the caller
    _attach(draft, ruling.incident, report.report_id, content, ruling)
    incident = draft.incident(ruling.incident)
    if ruling.place is not None and _improves(ruling.place, incident, ruling):
        place_better(draft, incident, ruling.place)
    raise_to_likely(draft, ruling.incident)
    return Answer("attached", ruling.reason, ruling.incident)


def _improves(place: Place, incident: Incident, ruling: Judgement) -> bool:
    """Whether a report may make the place better: of what no person placed or confirmed, and clearly."""
    if (
        incident.status not in {"unconfirmed", "likely"}
        or incident.placed_by_person
        or incident.place is None
    ):
        return False
    if ruling.reason in {reasons.SAID_OVER, reasons.SAID_WRONG} or not ruling.located.said:
        return False
    old = incident.place
    inside = distance_m(place.lat, place.lon, old.lat, old.lon) <= old.radius_m
    return inside and old.radius_m > _GOOD_ENOUGH_M and place.radius_m < _BETTER * old.radius_m


def place_better(draft: Draft, incident: Incident, place: Place) -> None:
    """A finer place: routing is revised, and only those are told whom it concerns newly or no longer."""
    groups = concerned(place, draft.state.groups, draft.gazetteer) or incident.groups
    draft.emit(
        events.IncidentPlaced, incident_id=incident.id, groups=groups, where=events.IncidentPlace(place=place)
    )
    before, after = set(group_ids(incident.groups)), set(group_ids(groups))
    kind: AlertKind = "LIKELY" if incident.status == "likely" else "UNCONFIRMED"
    draft.tell(incident.id, kind, [(g, "verifiers") for g in after - before], urgency="urgent")
    left = [(g, a) for g, a in incident.told if g in before - after]
    draft.tell(incident.id, "UPDATE", left)


def raise_to_likely(draft: Draft, incident: IncidentId) -> None:
    """Enough independent reports: likely, for verifiers' eyes."""
    known = draft.incident(incident)
    if not assess.likely(known, draft.state.groups):
        return
    draft.emit(
        events.IncidentAssessed, incident_id=incident, status="likely", reason=reasons.ENOUGH_INDEPENDENT
    )
    draft.tell(incident, "LIKELY", verifiers(known), urgency="urgent")


def _hold(draft: Draft, report: ReportReceived, content: ReportContent, ruling: Judgement) -> Answer:
    draft.emit(
        events.ReportHeld,
        report_id=report.report_id,
        reason=ruling.reason,
        leans_to=ruling.incident,
        groups=_holders(draft.state, ruling),
        drill=report.drill,
        detail=events.HeldReport(
            gist=ruling.gist,
            text=content.text,
            sender=content.sender,
            source=content.source,
            position=content.position,
            place=ruling.place,
            first_hand=ruling.first_hand,
            language=content.language,
        ),
    )
    return Answer("held", ruling.reason, ruling.incident)


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

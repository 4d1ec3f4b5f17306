"""Merge and split: each undoes the other, so that nobody need fear to decide.

What a split gives back of an absorbed incident is as it was before the merge: its place, its groups, what a
person had said of it, and who was told. It bears a new name, because the old one leads to where it went.
What remains loses what came with the rest: its groups, and the support that made it likely.
"""

from services.router.decide import assess, ids, reasons
from services.router.decide.desk_account import parted, taken_together
from services.router.decide.desk_incident import first_word
from services.router.decide.draft import Draft, public, verifiers
from services.router.decide.follow_up import raise_to_likely
from services.router.decide.judge import group_ids
from services.router.decide.limits import MOST_SPLIT
from services.router.decide.permissions import concerns
from services.router.decide.reports import open_incident
from services.router.decide.route import concerned
from services.router.decide.sayings import ask_now
from services.router.decide.state import DAWN, Evidence, Incident, State
from shared.contracts import desk
from shared.contracts import incidents as events
from shared.contracts.base import GroupId, IncidentId, Place, ReportId


def merge(draft: Draft, command: desk.Merge, incident: Incident) -> str:
    """Two were one: those told of the absorbed one learn its new code."""
    absorbed = draft.state.incidents.get(command.absorbed)
    if absorbed is None:
        return reasons.UNKNOWN_INCIDENT
    if refused := _no_merge(incident, absorbed, command):
        return refused
    draft.emit(events.IncidentMerged, incident_id=incident.id, absorbed=absorbed.id, member=command.member)
    taken_together(draft, command, incident, absorbed)
    merged = draft.incident(incident.id)
    ask = ask_now(merged)
    facts = {"was_code": absorbed.code}
    draft.tell(incident.id, "UPDATE", absorbed.told, ask=ask, sms_to="everyone", facts=facts)
    if merged.status == "confirmed":
        fresh = set(public(merged)) - set(merged.told)
        draft.tell(incident.id, "CONFIRMED", fresh, urgency="urgent", ask=ask)
    raise_to_likely(draft, incident.id)
    return reasons.APPLIED


def _no_merge(incident: Incident, absorbed: Incident, command: desk.Merge) -> str | None:
    if incident.id == absorbed.id:
        return reasons.SAME_INCIDENT
    if not concerns(absorbed, command.group):
        return reasons.NOT_YOUR_INCIDENT
    if incident.drill != absorbed.drill:
        return reasons.ANOTHER_WORLD
    if incident.ended or absorbed.merged_into:
        return reasons.WRONG_STATUS
    if _told_in_public(absorbed) and incident.status != "confirmed":
        return reasons.MERGE_OTHER_WAY
    return None


def _told_in_public(incident: Incident) -> bool:
    """Whether others than verifiers count on hearing the rest: it is confirmed, or once was."""
    return incident.status == "confirmed" or any(audience != "verifiers" for _, audience in incident.told)


def split(draft: Draft, command: desk.Split, incident: Incident) -> str:
    """Some reports are another event: it opens, or is given back, and its verifiers are told."""
    moved = [incident.evidence[r] for r in dict.fromkeys(command.reports) if r in incident.evidence]
    if refused := _no_split(command, incident, moved):
        return refused
    into = ids.incident_id(incident.id, command.id)
    absorbed = _absorbed(draft.state, incident, {e.report for e in moved})
    place = (absorbed.place if absorbed else None) or _place_of(moved) or incident.place
    if place is None or into in draft.state.incidents:
        return reasons.PLACE_NEEDED if place is None else reasons.UNCHANGED
    _move(draft, command, into, place, moved, absorbed)
    if absorbed is not None:
        _as_it_was(draft, command, into, absorbed)
        parted(draft, command, into, absorbed)
    raise_to_likely(draft, into)
    opened = draft.incident(into)
    whom = {*verifiers(opened), *(absorbed.told if absorbed else ())}
    draft.tell(into, first_word(opened), whom, urgency="urgent", sms_to="everyone")
    _what_remains(draft, incident.id, group_ids(opened.groups))
    return reasons.APPLIED


def _no_split(command: desk.Split, incident: Incident, moved: list[Evidence]) -> str | None:
    if incident.ended:
        return reasons.WRONG_STATUS
    if len(moved) < len(set(command.reports)):
        return reasons.UNKNOWN_REPORT
    if len(moved) == len(incident.evidence):
        return reasons.NOTHING_WOULD_REMAIN
    return reasons.TOO_MANY_REPORTS if len(moved) > MOST_SPLIT else None


def _place_of(reports: list[Evidence]) -> Place | None:
    places = [e.place for e in reports if e.place is not None]
    return min(places, key=lambda p: p.radius_m, default=None)


def _taken_in(state: State, incident: Incident) -> list[Incident]:
    """The incidents that were merged into it and of whose reports it has any."""
    merged = (state.incidents[name] for name in state.resting)
    return [
        i for i in merged if i.merged_into == incident.id and any(r in incident.evidence for r in i.evidence)
    ]


def _absorbed(state: State, incident: Incident, moved: set[ReportId]) -> Incident | None:
    """What was merged into it and leaves it again with every report that is still here."""
    leaving = [
        i for i in _taken_in(state, incident) if all(r in moved for r in i.evidence if r in incident.evidence)
    ]
    return max(leaving, key=lambda i: (len(i.evidence), i.ended_at or DAWN, i.id), default=None)


def _move(  # noqa: PLR0913,PLR0917 - a split's parts
    draft: Draft,
    command: desk.Split,
    into: IncidentId,
    place: Place,
    moved: list[Evidence],
    absorbed: Incident | None,
) -> None:
    """The new incident, and its reports in the order in which they came."""
    incident = draft.incident(command.incident_id)
    found = concerned(place, draft.state.groups, draft.gazetteer) or incident.groups
    groups = absorbed.groups if absorbed else found
    open_incident(draft, into, place, groups, drill=incident.drill)
    draft.emit(
        events.IncidentSplit,
        incident_id=incident.id,
        into=into,
        reports=tuple(e.report for e in moved),
        member=command.member,
    )
    for report in sorted(moved, key=lambda e: (e.at, e.report)):
        detail = events.ReportDetail(
            text=report.text,
            sender=report.sender,
            source=report.source,
            place=report.place,
            first_hand=report.first_hand,
            gist=report.gist,
            reported_at=report.at,
            seq=report.seq,
            trusted=report.trusted,
            asked_as=report.asked_as,
            passed_on=report.passed_on,
        )
        draft.emit(events.ReportAttached, incident_id=into, report_id=report.report, detail=detail)


def _as_it_was(draft: Draft, command: desk.Split, into: IncidentId, absorbed: Incident) -> None:
    """What people had said of it before it was merged holds again."""
    by = {"incident_id": into, "member": command.member}
    if absorbed.placed_by_person and absorbed.place is not None:
        where = events.IncidentPlace(place=absorbed.place)
        draft.emit(events.IncidentPlaced, **by, groups=absorbed.groups, where=where)
    was = absorbed.was
    if was == "confirmed":
        draft.emit(events.IncidentConfirmed, **by, group=command.group, ask="NONE")
    elif was in {"officers_left", "aftercare", "closed"}:
        draft.emit(events.IncidentEnded, **by, group=command.group, stage=was, tally=absorbed.tally)
    elif was in {"not_confirmed", "other_agency", "retracted"}:
        draft.emit(events.IncidentRejected, **by, group=command.group, outcome=was)


def _what_remains(draft: Draft, incident: IncidentId, left: tuple[GroupId, ...]) -> None:
    """It concerns no more whom only the rest concerned, and is likely only by reports of its own."""
    rest = draft.incident(incident)
    places = [rest.place, *(i.place for i in _taken_in(draft.state, rest))]
    still = {share.group for p in places if p for share in concerned(p, draft.state.groups, draft.gazetteer)}
    groups = tuple(s for s in rest.groups if s.group not in left or s.group in still)
    if groups and groups != rest.groups and rest.place is not None:
        where = events.IncidentPlace(place=rest.place)
        draft.emit(events.IncidentPlaced, incident_id=incident, groups=groups, where=where)
        gone = set(group_ids(rest.groups)) - set(group_ids(groups))
        whom = [p for p in rest.told if p[0] in gone]
        draft.tell(incident, "UPDATE", whom, sms_to="everyone", note="not_concerned")
    rest = draft.incident(incident)
    if rest.status == "likely" and not assess.enough(rest, draft.state.groups):
        reason = reasons.SUPPORT_LEFT
        draft.emit(events.IncidentAssessed, incident_id=incident, status="unconfirmed", reason=reason)
        here = group_ids(rest.groups)
        told = [p for p in rest.told if p[0] in here and p[1] == "verifiers"]
        draft.tell(incident, "UPDATE", told, note="support_left")

"""What a further report changes about a known incident: each told once, to those who were told."""

from typing import Final

from services.router.decide import assess, reasons
from services.router.decide.alerts import places_before
from services.router.decide.clues import precise
from services.router.decide.draft import Draft, tell_first
from services.router.decide.judge import Judgement, group_ids
from services.router.decide.limits import MOVE_M
from services.router.decide.route import concerned
from services.router.decide.state import Incident
from shared.contracts import incidents as events
from shared.contracts.alerts import Note
from shared.contracts.base import IncidentId, Place
from shared.geo import distance_m

_BETTER: Final = 0.6


_GOOD_ENOUGH_M: Final = 150.0


def follow_up(draft: Draft, before: Incident, ruling: Judgement) -> None:
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
    return (
        told
        and _unsettled(incident)
        and ruling.correlated.best is not None
        and "sender" in ruling.correlated.best.signs
    )


def _moved(place: Place, incident: Incident, ruling: Judgement) -> bool:
    """Whether the report says that they have moved to another precise place nearby."""
    old = incident.place
    if old is None or not (
        ruling.understood.moved and ruling.located.said and precise(place) and precise(old)
    ):
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
    gone = [p for p in incident.told if p[0] not in after]
    draft.tell(incident.id, "UPDATE", gone, sms_to="everyone", note="not_concerned")
    if moved:
        still = [p for p in incident.told if p[0] in after]
        was = places_before(incident, draft.incident(incident.id), draft.gazetteer)
        draft.tell(incident.id, "UPDATE", still, sms_to="everyone", note="moved", facts=was)


def raise_to_likely(draft: Draft, incident: IncidentId) -> None:
    """Enough independent reports, or a trusted one: likely, for verifiers' eyes."""
    known = draft.incident(incident)
    if not assess.likely(known, draft.state.groups):
        return
    many = assess.supported(known, draft.state.groups)
    reason = reasons.ENOUGH_INDEPENDENT if many else reasons.TRUSTED_REPORT
    draft.emit(events.IncidentAssessed, incident_id=incident, status="likely", reason=reason)
    told = [pair for pair in known.told if pair[1] == "verifiers"]
    draft.tell(incident, "LIKELY", told, urgency="urgent")

"""Ordinary police: no alert. Reported by several people at one place within the hour they make a watch.

A watch is one quiet line in the next digest. A report of immigration officers there opens an incident
at once, and its verifiers are told what was seen before.
"""

from collections.abc import Sequence

from services.router.decide import ids
from services.router.decide.draft import Draft
from services.router.decide.geo import cells_asked
from services.router.decide.limits import WATCH_M, WATCH_SENDERS, WATCH_WITHIN
from services.router.decide.state import Sighting
from services.router.decide.watch_at import near, watch_near
from shared.contracts import incidents as events
from shared.contracts.base import GroupId, IncidentId, Place, ReportId


def note_police(
    draft: Draft, report: ReportId, groups: tuple[GroupId, ...], detail: events.HeldReport
) -> None:
    """Keep a sighting; with the third sender near it a watch is noted, once."""
    draft.emit(events.ReportWatched, report_id=report, groups=groups, detail=detail)
    place = detail.place
    if place is None or watch_near(draft.state, place, draft.now) is not None:
        return
    seen = _recent(draft, place)
    if len({s.sender or s.report for s in seen}) >= WATCH_SENDERS:
        where = events.WatchPlace(place=place, since=min(s.at for s in seen), reports=len(seen))
        draft.emit(events.WatchNoted, watch_id=ids.watch_id(report), groups=groups, where=where)


def keep_watch(draft: Draft, incident: IncidentId) -> None:
    """A person found ordinary police where a raid was reported: the place is remembered as a watch."""
    known = draft.incident(incident)
    if known.place is None or known.drill or watch_near(draft.state, known.place, draft.now) is not None:
        return
    where = events.WatchPlace(place=known.place, since=known.opened_at, reports=len(known.evidence))
    groups = tuple(share.group for share in known.groups)
    draft.emit(events.WatchNoted, watch_id=ids.watch_id(known.id), groups=groups, where=where)


def _recent(draft: Draft, place: Place) -> Sequence[Sighting]:
    found: dict[ReportId, Sighting] = {}
    for cell in cells_asked(place.lat, place.lon, WATCH_M):
        for sighting in draft.state.sightings.get(cell) or ():
            if near(sighting.place, place) and sighting.at + WATCH_WITHIN >= draft.now:
                found[sighting.report] = sighting
    return list(found.values())

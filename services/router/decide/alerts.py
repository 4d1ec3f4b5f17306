"""What an alert says: the facts for its audience, with the place blurred for strangers.

Verifiers see the exact place and the best report's words; everybody else a street, or of a home
no more than its district. No report's text leaves for another audience.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from services.router.decide.rota import on_duty
from services.router.decide.state import Incident, State
from services.router.decide.understand import understand
from services.router.decide.watch_at import watch_near
from shared.contracts.aftercare import Fate
from shared.contracts.alerts import AlertBody, Note, PublicPlace
from shared.contracts.base import GroupId, Place
from shared.contracts.groups import Audience
from shared.gazetteer.port import Gazetteer
from shared.tallies import held

EXCERPT: Final = 280
"""Characters of the best report that verifiers are shown."""

ALIKE_FROM: Final = 4
"""So many reports in one phrasing are said to be so."""

_AFTERWARDS: Final = frozenset({"officers_left", "aftercare", "closed"})
"""When it is told what became of those taken."""

_STREET_GRID: Final = 0.002
_STREET_M: Final = 200.0
_DISTRICT_GRID: Final = 0.02
_DISTRICT_M: Final = 1_500.0
_POSTCODE: Final = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)\s?\d[A-Z]{2}\b", re.IGNORECASE)
_HOUSE_NUMBER: Final = re.compile(r"\b(?:flat|unit|room|no\.?)?\s*\d+[a-z]?\b[\s,]*", re.IGNORECASE)


def body(
    incident: Incident,
    state: State,
    gazetteer: Gazetteer,
    *,
    statement: str = "",
    note: Note | None = None,
) -> AlertBody | None:
    """The facts for verifiers; None if the incident's content is destroyed."""
    if incident.place is None:
        return None
    best = incident.best
    understood = understand(best.text if best else "")
    watch = watch_near(state, incident.place, incident.opened_at)
    return AlertBody(
        place=incident.place,
        public=public_place(incident.place, gazetteer, home=incident.home),
        first_report_at=incident.opened_at,
        reports=len(incident.evidence),
        first_hand=incident.first_hand,
        excerpt=best.text[:EXCERPT] if best else "",
        statement=statement,
        tally=incident.tally,
        fates=_fates(incident),
        also_told=_names(incident, state),
        since=incident.last_at,
        note=note,
        checked=incident.checked,
        who=understood.who,
        seen=dict(understood.counts),
        alike=_alike(incident),
        watch_reports=watch.reports if watch else 0,
        watch_since=watch.since if watch else None,
    )


def _fates(incident: Incident) -> dict[Fate, int]:
    """What became of those taken, in numbers; while it is running nobody is told of an earlier end."""
    people = incident.aftercare.people if incident.status in _AFTERWARDS else ()
    return dict(Counter(held(person.fate for person in people)))


def _alike(incident: Incident) -> bool:
    """Many senders and one phrasing, and nobody of them saw it."""
    return len(incident.evidence) >= ALIKE_FROM and len(incident.support) <= 1 and incident.first_hand == 0


def for_group(
    full: AlertBody, incident: Incident, state: State, group: GroupId, audience: Audience
) -> AlertBody:
    """The facts for one group's audience: without its own name; without the exact place and the words."""
    own = state.groups[group].definition.name
    update: dict[str, object] = {"also_told": tuple(n for n in full.also_told if n != own), "was_public": ""}
    if audience == "verifiers":
        update["on_duty"] = on_duty(state, group, state.now)
    else:
        blurred = full.public
        place = Place(**blurred.model_dump(), how=_how(incident))
        update |= {"place": place, "excerpt": "", "note": None, "watch_reports": 0, "watch_since": None}
        update |= {"posts": (), "unknown": 0, "owner": "", "was": full.was_public}
    return full.model_copy(update=update)


def places_before(before: Incident, gazetteer: Gazetteer) -> dict[str, str]:
    """Where it was said to be, as verifiers and as strangers know it: what an alert of a new place adds."""
    if before.place is None:
        return {}
    blurred = public_place(before.place, gazetteer, home=before.home)
    return {"was": before.place.label, "was_public": blurred.label}


def _how(incident: Incident) -> str:
    return incident.place.how if incident.place else "area"


def _names(incident: Incident, state: State) -> tuple[str, ...]:
    told = {g for g, audience in incident.told if audience == "verifiers"} | {
        s.group for s in incident.groups
    }
    return tuple(sorted(known.definition.name for g in told if (known := state.groups.get(g))))


@dataclass(frozen=True, slots=True)
class _Grain:
    grid: float
    radius_m: float


def public_place(place: Place, gazetteer: Gazetteer, *, home: bool) -> PublicPlace:
    """The place blurred: snapped to a grid, named by its street, or for a home by its district alone."""
    grain = _Grain(_DISTRICT_GRID, _DISTRICT_M) if home else _Grain(_STREET_GRID, _STREET_M)
    outcode = place.outcode or gazetteer.outcode_at(place.lat, place.lon)
    label = (outcode or "this area") if home else _street(place.label, outcode)
    return PublicPlace(
        lat=_snapped(place.lat, grain.grid, 90),
        lon=_snapped(place.lon, grain.grid, 180),
        radius_m=max(place.radius_m, grain.radius_m),
        label=label,
    )


def _snapped(value: float, grid: float, limit: float) -> float:
    return max(-limit, min(limit, round(round(value / grid) * grid, 6)))


def _street(label: str, outcode: str | None) -> str:
    """The label without house numbers, and a postcode cut to its district."""
    if label.startswith("near "):
        return outcode or "this area"
    districts = _POSTCODE.findall(label)
    bare = _HOUSE_NUMBER.sub("", _POSTCODE.sub("", label)).strip(" ,/")
    return ", ".join(part for part in (bare, *districts[:1]) if part) or outcode or "this area"

"""What an alert says: the facts for its audience, with the place blurred for strangers.

Verifiers see the exact place and the best report's words; everybody else a street, or of a home
no more than its district. No report's text leaves for another audience.
"""

from collections import Counter
from typing import Any, Final

from services.router.decide.rota import on_duty
from services.router.decide.state import Incident, State
from services.router.decide.watch_at import watch_near
from shared.contracts.aftercare import Fate
from shared.contracts.alerts import AlertBody, Note
from shared.contracts.base import GroupId, Place
from shared.contracts.groups import Audience
from shared.contracts.incidents import Gist
from shared.gazetteer.port import Gazetteer
from shared.public_place import between, public_place
from shared.saying_most import EXCERPT
from shared.situation import jurisdiction_at
from shared.tallies import held

ALIKE_FROM: Final = 4
"""So many reports in one phrasing are said to be so."""

_AFTERWARDS: Final = frozenset({"officers_left", "aftercare", "closed"})
"""When it is told what became of those taken."""


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
    gist = best.gist if best else Gist()
    watch = watch_near(state, incident.place, incident.opened_at)
    outcode = incident.place.outcode or gazetteer.outcode_at(incident.place.lat, incident.place.lon)
    return AlertBody(
        place=incident.place,
        public=public_place(incident.place, gazetteer.outcode_at, home=incident.home),
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
        told_at=incident.said.at if incident.said else None,
        setting=incident.setting,
        jurisdiction=jurisdiction_at(outcode),
        who=gist.who,
        seen=dict(gist.seen),
        sightings=incident.seen,
        alike=_alike(incident),
        watch_reports=watch.reports if watch else 0,
        watch_since=watch.since if watch else None,
        peers=incident.peers,
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
    update: dict[str, object] = {
        "also_told": tuple(n for n in full.also_told if n != own),
        "was_public": "",
        "was_public_m": 0.0,
    }
    if audience == "verifiers":
        update["on_duty"] = on_duty(state, group, state.now)
    else:
        blurred = full.public
        place = Place(**blurred.model_dump(), how=_how(incident))
        update |= {"place": place, "excerpt": "", "note": None, "watch_reports": 0, "watch_since": None}
        update |= {"peers": (), "posts": (), "unknown": 0, "owner": "", "was": full.was_public}
        update["was_m"] = full.was_public_m
    return full.model_copy(update=update)


def places_before(before: Incident, after: Incident, gazetteer: Gazetteer) -> dict[str, Any]:
    """Where it was said to be and how far away, as verifiers and as strangers know it."""
    if before.place is None or after.place is None:
        return {}
    blurred = public_place(before.place, gazetteer.outcode_at, home=before.home)
    return {
        "was": before.place.label,
        "was_public": blurred.label,
        "was_m": between(before.place, after.place),
        "was_public_m": between(blurred, public_place(after.place, gazetteer.outcode_at, home=after.home)),
    }


def _how(incident: Incident) -> str:
    return incident.place.how if incident.place else "area"


def _names(incident: Incident, state: State) -> tuple[str, ...]:
    told = {g for g, audience in incident.told if audience == "verifiers"} | {
        s.group for s in incident.groups
    }
    return tuple(sorted(known.definition.name for g in told if (known := state.groups.get(g))))

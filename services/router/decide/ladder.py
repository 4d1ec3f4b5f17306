"""The ladder: an incident that nobody takes is brought to more people, rung by rung, each rung once.

Whoever is on duty is named in the first word already. Then its own verifiers are asked once more, then the
neighbour groups', then the fallback group's; at last it is said that nobody is left to ask. A claim
stops it; a claim that lapses lets it go on from where it stood, and any act of a person gives it time.
Drills stay within their own groups. Where a group has no room for one more message, the incident rides
in its next digest (see `digests`).
"""

from collections.abc import Callable, Iterator
from typing import Final

from services.router.decide.desk_incident import first_word
from services.router.decide.draft import Draft, has_room
from services.router.decide.due import climbs_at, least_ladder, open_incidents
from services.router.decide.evolve_peers import is_hub
from services.router.decide.limits import NEIGHBOURS, NEIGHBOURS_M
from services.router.decide.route import fallback_group, neighbours
from services.router.decide.state import RUNGS, Incident, State
from shared.contracts import incidents as events
from shared.contracts.base import GroupId
from shared.contracts.groups import Audience
from shared.contracts.incidents import Rung

_Groups = tuple[GroupId, ...]


def ladder(draft: Draft) -> Iterator[None]:
    """Take every incident that nobody took in time one rung further."""
    since = draft.now - least_ladder(draft.state.groups)
    long = (i for i in open_incidents(draft.state) if i.waits_since is not None and i.waits_since <= since)
    due = [i for i in long if climbs_at(draft.state, i) <= draft.now]
    for incident in sorted(due, key=lambda i: i.id):
        rung, groups = _next(draft.state, incident)
        draft.emit(events.IncidentEscalated, incident_id=incident.id, groups=groups, rung=rung)
        _ask(draft, draft.incident(incident.id))
        yield


def _next(state: State, incident: Incident) -> tuple[Rung, _Groups]:
    """The next rung on which there is anybody, and who that is."""
    for rung in RUNGS[incident.rung :]:
        if groups := _WHO[rung](state, incident):
            return rung, groups
    return RUNGS[-1], ()


def _own(state: State, incident: Incident) -> _Groups:
    """Those concerned who were told; another hub has a ladder of its own."""
    own = (share.group for share in incident.groups if _told(incident, share.group))
    return tuple(group for group in own if not is_hub(group, state.groups))


def _neighbours(state: State, incident: Incident) -> _Groups:
    """Those whom the group most concerned names, or else the nearest: as far as they help others."""
    if incident.drill or incident.place is None or not incident.groups:
        return ()
    first = state.groups.get(incident.groups[0].group)
    named = first.definition.policy.neighbours if first else None
    near = named if named is not None else neighbours(incident.place, state.groups, NEIGHBOURS_M)
    helping = [GroupId(g) for g in near if _helps(state, GroupId(g)) and not _told(incident, GroupId(g))]
    return tuple(dict.fromkeys(helping))[: NEIGHBOURS if named is None else None]


def _helps(state: State, group: GroupId) -> bool:
    known = state.groups.get(group)
    return known is not None and known.definition.policy.helps_neighbours and known.definition.peer is None


def _fallback(state: State, incident: Incident) -> _Groups:
    if incident.drill or incident.place is None:
        return ()
    group = fallback_group(incident.place, state.groups)
    return () if group is None or _told(incident, group) else (group,)


def _nobody(_: State, __: Incident) -> _Groups:
    return ()


_WHO: Final[dict[Rung, Callable[[State, Incident], _Groups]]] = {
    "again": _own,
    "neighbours": _neighbours,
    "fallback": _fallback,
    "nobody_left": _nobody,
}


def _told(incident: Incident, group: GroupId) -> bool:
    return (group, "verifiers") in incident.told


def _ask(draft: Draft, incident: Incident) -> None:
    """Ask the verifiers of those groups that have room for it, and for the first word of another incident."""
    asked = [g for g in incident.asking if has_room(draft, (g, incident.drill), spare=1)]
    again: list[tuple[GroupId, Audience]] = [(g, "verifiers") for g in asked if _told(incident, g)]
    fresh: list[tuple[GroupId, Audience]] = [(g, "verifiers") for g in asked if not _told(incident, g)]
    draft.tell(incident.id, "UPDATE", again, urgency="urgent", note="nobody_took")
    draft.tell(incident.id, first_word(incident), fresh, urgency="urgent", note="asked_to_help")

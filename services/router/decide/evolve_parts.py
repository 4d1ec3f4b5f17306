"""The pieces of state that change together with an incident: where it lies, whether it is open."""

from typing import Any

from rpds import HashTrieMap

from services.router.decide.changed import changed
from services.router.decide.geo import Cell, cells_of
from services.router.decide.limits import NEIGHBOURHOOD_M
from services.router.decide.state import INCIDENTS, UNPROVEN, Incident, State
from services.router.decide.worlds import remembering, world
from shared.contracts.base import IncidentId


def put(state: State, incident: Incident) -> State:
    """With this incident in its present form, and every index that follows from it."""
    if incident.asking and (incident.claim is not None or incident.status not in UNPROVEN):
        incident = changed(incident, asking=())
    before = state.incidents.get(incident.id)
    changes: dict[str, Any] = {"incidents": INCIDENTS.put(state.incidents, incident.id, incident)}
    if before is None or before.status != incident.status:
        state = _alive(state, incident, lives=incident.live)
        changes |= _listed(state, incident)
    if before is None or (before.told, before.groups, before.status, before.asking) != (
        incident.told,
        incident.groups,
        incident.status,
        incident.asking,
    ):
        changes |= _noted(state, incident)
    if before is None or before.place != incident.place:
        changes["cells"] = _moved(state.cells, incident.id, _cells_of(before), _cells_of(incident))
    return changed(state, **changes)


def _noted(state: State, incident: Incident) -> dict[str, Any]:
    """Whether some group concerned has yet to hear of it, or to be asked again."""
    unheard = any((s.group, "verifiers") not in incident.told for s in incident.groups)
    untold = incident.live and (unheard or bool(incident.asking))
    if untold == (incident.id in state.untold):
        return {}
    return {"untold": state.untold.insert(incident.id, True) if untold else state.untold.discard(incident.id)}


def drop(state: State, incident: Incident) -> State:
    """Without this incident; its code is free again."""
    state = _alive(state, incident, lives=False)
    return changed(
        state,
        incidents=INCIDENTS.discard(state.incidents, incident.id),
        active=state.active.discard(incident.id),
        resting=state.resting.discard(incident.id),
        untold=state.untold.discard(incident.id),
        codes=state.codes.discard(incident.code) if incident.code else state.codes,
        cells=_moved(state.cells, incident.id, _cells_of(incident), ()),
    )


def _listed(state: State, incident: Incident) -> dict[str, Any]:
    """Whether it is open or ended."""
    active, resting = state.active, state.resting
    if incident.ended:
        active, resting = active.discard(incident.id), resting.insert(incident.id, True)
    else:
        active, resting = active.insert(incident.id, True), resting.discard(incident.id)
    codes = state.codes.insert(incident.code, incident.id)
    return {"active": active, "resting": resting, "codes": codes}


def _alive(state: State, incident: Incident, *, lives: bool) -> State:
    """Whether it may still be going on."""
    live = world(state, drill=incident.drill).live
    if lives == (incident.id in live):
        return state
    new = live.insert(incident.id, True) if lives else live.discard(incident.id)
    return remembering(state, drill=incident.drill, live=new)


def _cells_of(incident: Incident | None) -> tuple[Cell, ...]:
    """Where reports may find it; an absorbed incident leads to the one that absorbed it."""
    if incident is None or incident.place is None:
        return ()
    return cells_of(incident.place.lat, incident.place.lon, incident.place.radius_m + NEIGHBOURHOOD_M)


def _moved(
    cells: "HashTrieMap[Cell, tuple[IncidentId, ...]]",
    incident: IncidentId,
    left: tuple[Cell, ...],
    entered: tuple[Cell, ...],
) -> "HashTrieMap[Cell, tuple[IncidentId, ...]]":
    for cell in left:
        others = tuple(i for i in cells.get(cell, ()) if i != incident)
        cells = cells.insert(cell, others) if others else cells.discard(cell)
    for cell in entered:
        cells = cells.insert(cell, (*cells.get(cell, ()), incident))
    return cells


def seq_of(event_id: str) -> int:
    """The sequence of the report whose decision this event is part of (`REPORTS.7.1`); 0: it is of none."""
    stream, _, rest = event_id.partition(".")
    seq = rest.partition(".")[0]
    return int(seq) if stream == "REPORTS" and seq.isascii() and seq.isdigit() else 0

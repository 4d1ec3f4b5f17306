"""What each `drill.*` event means: whether a group's exercise goes on. What is played is nothing to us.

A group that plays the same evening again is told of it again: what an earlier exercise came to, and is over,
takes none of it.
"""

from collections.abc import Callable
from typing import Any, Final

from services.router.decide.changed import changed
from services.router.decide.evolve_parts import put
from services.router.decide.permissions import concerns
from services.router.decide.state import Drill, State
from shared.contracts import drills
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import Message


def _begun(state: State, event: drills.DrillBegun) -> State:
    over = [i for i in state.all_incidents.values() if i.drill and not i.live and concerns(i, event.group)]
    for incident in over:
        state = put(state, changed(incident, bygone=True))
    return changed(state, drills=state.drills.insert(event.group, Drill(event.drill_id, event.until)))


def _ended(state: State, event: drills.DrillEnded) -> State:
    known = state.drills.get(event.group)
    if known is None or known.id != event.drill_id:
        return state
    return changed(state, drills=state.drills.insert(event.group, changed(known, ended=True)))


def told(state: State, event: AlertRaised) -> State:
    """Who hears that it began waits for its end; who hears of that waits no longer."""
    known = state.drills.get(event.group)
    if known is None:
        return state
    known = changed(known, waits=event.kind == "DRILL_BEGUN")
    return changed(state, drills=state.drills.insert(event.group, known))


DRILL_EVENTS: Final[dict[type[Message], Callable[[State, Any], State]]] = {
    drills.DrillBegun: _begun,
    drills.DrillEnded: _ended,
}

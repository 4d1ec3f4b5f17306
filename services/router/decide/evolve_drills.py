"""What each `drill.*` event means: whether a group's exercise goes on. What is played is nothing to us."""

from collections.abc import Callable
from typing import Any, Final

from services.router.decide.changed import changed
from services.router.decide.state import Drill, State
from shared.contracts import drills
from shared.contracts.base import Message


def _begun(state: State, event: drills.DrillBegun) -> State:
    return changed(state, drills=state.drills.insert(event.group, Drill(event.drill_id, event.until)))


def _ended(state: State, event: drills.DrillEnded) -> State:
    known = state.drills.get(event.group)
    if known is None or known.id != event.drill_id:
        return state
    return changed(state, drills=state.drills.insert(event.group, changed(known, ended=True)))


DRILL_EVENTS: Final[dict[type[Message], Callable[[State, Any], State]]] = {
    drills.DrillBegun: _begun,
    drills.DrillEnded: _ended,
}

"""What each `shift.*` event means for the rota. Events of shifts that are gone mean nothing."""

from collections.abc import Callable
from typing import Any, Final

from services.router.decide.changed import changed
from services.router.decide.rota import Shift
from services.router.decide.state import State
from shared.contracts import duty
from shared.contracts.base import Message


def _offered(state: State, event: duty.ShiftOffered) -> State:
    shift = Shift(
        id=event.shift_id,
        group=event.group,
        begins=event.begins,
        ends=event.ends,
        places=event.places,
        stated_at=event.at,
        takers=event.takers,
        reminded=event.reminded,
    )
    return changed(state, shifts=state.shifts.insert(shift.id, shift))


def _with(state: State, name: str, **changes: Any) -> State:
    shift = state.shifts.get(name)
    if shift is None:
        return state
    return changed(state, shifts=state.shifts.insert(name, changed(shift, **changes)))


def _taken(state: State, event: duty.ShiftTaken) -> State:
    shift = state.shifts.get(event.shift_id)
    return _with(state, event.shift_id, takers=(*(shift.takers if shift else ()), event.member))


def _given_up(state: State, event: duty.ShiftGivenUp) -> State:
    shift = state.shifts.get(event.shift_id)
    takers = shift.takers if shift else ()
    return _with(state, event.shift_id, takers=tuple(m for m in takers if m != event.member))


def _noted(state: State, _: duty.ShiftNoted) -> State:
    """Nothing is decided by it; the desk shows it."""
    return state


def _reminded(state: State, event: duty.ShiftReminded) -> State:
    """Who heard that nobody has it knows that it has room."""
    heard: tuple[duty.Reminder, ...] = (event.what,) if event.what == "open" else ("open", "empty")
    for name in event.shifts:
        shift = state.shifts.get(name)
        known = shift.reminded if shift else ()
        state = _with(state, name, reminded=(*known, *(what for what in heard if what not in known)))
    return state


def _dropped(state: State, event: duty.ShiftDropped) -> State:
    return changed(state, shifts=state.shifts.discard(event.shift_id))


SHIFT_EVENTS: Final[dict[type[Message], Callable[[State, Any], State]]] = {
    duty.ShiftOffered: _offered,
    duty.ShiftTaken: _taken,
    duty.ShiftGivenUp: _given_up,
    duty.ShiftNoted: _noted,
    duty.ShiftReminded: _reminded,
    duty.ShiftDropped: _dropped,
}

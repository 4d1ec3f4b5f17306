"""Which inputs could not be decided, and which letters are closed: as the log says it."""

from collections.abc import Callable
from typing import Any, Final

from services.router.decide import reasons
from services.router.decide.changed import changed
from services.router.decide.state import State
from shared.contracts.base import Message
from shared.contracts.dead import DeadClosed, letter_of
from shared.contracts.incidents import InputDecided

_FLAWS: Final = frozenset({reasons.UNREADABLE, reasons.DECIDE_FAILED})


def flawed(state: State, event: InputDecided) -> State:
    """An input that was decided without being read lies in the dead letters."""
    if event.outcome != "ignored" or event.reason not in _FLAWS:
        return state
    letter = letter_of("router", event.input.stream, event.input.seq)
    return changed(state, dead=state.dead.put(letter, True, event.at))  # noqa: FBT003 - a map's value


def _closed(state: State, event: DeadClosed) -> State:
    letter = letter_of(event.service, event.stream, event.seq)
    return changed(state, dead=state.dead.put(letter, False, event.at))  # noqa: FBT003 - a map's value


DEAD_EVENTS: Final[dict[type[Message], Callable[[State, Any], State]]] = {DeadClosed: _closed}

"""What is real and what is an exercise: two memories in one state, so that neither colours the other.

A message of an exercise is judged as if nothing real were going on, and a real one as if there were no
exercise: same words, a chat's talk or the only incident that is open mean nothing across the line.
"""

from typing import Any

from services.router.decide.changed import changed
from services.router.decide.state import State


def world(state: State, *, drill: bool) -> State:
    """The state as whoever judges real messages, or an exercise's, sees it."""
    if not drill:
        return state
    memory = state.exercise
    return changed(
        state,
        live=memory.live,
        threads=memory.threads,
        asked=memory.asked,
        traces=memory.traces,
        chats=memory.chats,
        words=memory.words,
    )


def remembering(state: State, *, drill: bool, **memory: Any) -> State:
    """With these parts of the one memory or the other changed."""
    if not drill:
        return changed(state, **memory)
    return changed(state, exercise=changed(state.exercise, **memory))

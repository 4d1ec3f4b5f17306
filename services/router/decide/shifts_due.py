"""When something about the rota falls due: reminders of shifts, forgetting and restating them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from services.router.decide.limits import FORGOTTEN_AFTER, RESTATED_AFTER, SHIFT_EMPTY, SHIFT_REMINDED
from services.router.decide.rota import Shift
from services.router.decide.state import State
from shared.contracts.duty import Reminder
from shared.quiet_hours import reminded_at

NEVER: Final = datetime.max.replace(tzinfo=UTC)


def shifts_due(state: State) -> Iterator[datetime]:
    """Every moment at which something may fall due for a shift."""
    for shift in state.shifts.values():
        yield reminder_due(state, shift, "open")
        yield reminder_due(state, shift, "empty")
        yield shift.ends + FORGOTTEN_AFTER
        yield shift.stated_at + RESTATED_AFTER


def reminder_due(state: State, shift: Shift, what: Reminder) -> datetime:
    """When the group's verifiers are to hear that the shift has room, or that nobody has taken it."""
    wanted = shift.has_room if what == "open" else not shift.takers
    group = state.groups.get(shift.group)
    if not wanted or what in shift.reminded or group is None:
        return NEVER
    before = SHIFT_REMINDED if what == "open" else SHIFT_EMPTY
    return reminded_at(shift.begins - before, shift.begins, group.definition.policy.quiet_hours)

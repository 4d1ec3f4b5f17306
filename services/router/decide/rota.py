"""The duty rota: which shifts a group has, who has them, who is on duty at a moment. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.router.decide.latest import Latest
from shared.contracts.base import GroupId, MemberId
from shared.contracts.duty import Reminder

if TYPE_CHECKING:
    from rpds import HashTrieMap

    from services.router.decide.state import State


@dataclass(frozen=True, slots=True)
class Shift:
    """So many people are wanted on duty from then to then; `stated_at` is when the log last said so."""

    id: str
    group: GroupId
    begins: datetime
    ends: datetime
    places: int
    stated_at: datetime
    takers: tuple[MemberId, ...] = ()
    reminded: tuple[Reminder, ...] = ()

    @property
    def has_room(self) -> bool:
        """Whether somebody more is wanted."""
        return len(self.takers) < self.places


def shifts_of(state: "State", group: GroupId) -> tuple[Shift, ...]:
    """A group's shifts, in the order in which they begin."""
    return _by_group(state.shifts).get(group, ())


@Latest
def _by_group(shifts: "HashTrieMap[str, Shift]") -> Mapping[GroupId, tuple[Shift, ...]]:
    found: dict[GroupId, list[Shift]] = {}
    for shift in sorted(shifts.values(), key=lambda s: (s.begins, s.id)):
        found.setdefault(shift.group, []).append(shift)
    return {group: tuple(own) for group, own in found.items()}


def on_duty(state: "State", group: GroupId, now: datetime) -> tuple[str, ...]:
    """What those are called who have the group's shift at that moment."""
    takers: dict[MemberId, Any] = {}
    for shift in shifts_of(state, group):
        if shift.begins <= now < shift.ends:
            takers |= dict.fromkeys(shift.takers)
    known = ((name, state.members.get(name)) for name in takers)
    return tuple((member.name or name) for name, member in known if member is not None)

"""A group's rota as its people see it: who is on duty, who is next, what has room, what was left. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.console.decide.draft import Document

NOTED_UNTIL: Final = timedelta(days=1)
"""So long after its end whoever was on duty may still leave a note to the next ones."""
_READ_FOR: Final = timedelta(days=2)
_MOST_NOTES: Final = 8


@dataclass(frozen=True, slots=True)
class ShiftView:
    """One shift at a moment, as one member sees it."""

    id: str
    begins: datetime
    ends: datetime
    places: int
    takers: tuple[Document, ...]
    mine: bool
    now: datetime

    @property
    def wanted(self) -> int:
        """How many more people it needs."""
        return max(0, self.places - len(self.takers))

    @property
    def running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.begins <= self.now < self.ends

    @property
    def may_note(self) -> bool:
        """Whether this member may leave a note to the next ones."""
        return self.mine and self.begins <= self.now <= self.ends + NOTED_UNTIL


@dataclass(frozen=True, slots=True)
class GroupRota:
    """A group's shifts that are not over, those that one may still leave a note to, and the notes left."""

    group: str
    name: str
    quiet: tuple[str, str] | None
    """From when until when reminders rest."""
    shifts: tuple[ShiftView, ...]
    mine_over: tuple[ShiftView, ...]
    notes: tuple[Document, ...]

    @property
    def on_duty(self) -> tuple[ShiftView, ...]:
        """The shifts that run and have somebody."""
        return tuple(shift for shift in self.shifts if shift.running and shift.takers)

    @property
    def untaken(self) -> ShiftView | None:
        """The shift that runs and that nobody has taken, the longest one."""
        running = [shift for shift in self.shifts if shift.running and not shift.takers]
        return max(running, key=lambda shift: shift.ends, default=None)

    @property
    def next(self) -> ShiftView | None:
        """The first shift that has not begun."""
        return next((shift for shift in self.shifts if not shift.running), None)


def rotas(
    groups: Iterable[Document], shifts: Iterable[Document], member: str, now: datetime
) -> list[GroupRota]:
    """The rota of each group, by name."""
    by_group: dict[str, list[Document]] = {}
    for shift in shifts:
        by_group.setdefault(shift["group"], []).append(shift)
    found = [_rota(group, by_group.get(group["id"], []), member, now) for group in groups]
    return sorted(found, key=lambda rota: (rota.name.casefold(), rota.group))


def _rota(group: Document, shifts: list[Document], member: str, now: datetime) -> GroupRota:
    definition: Mapping[str, Any] = group["definition"]
    quiet = (definition.get("policy") or {}).get("quiet_hours")
    seen = sorted((_shift(s, member, now) for s in shifts), key=lambda s: (s.begins, s.id))
    since, _, until = (quiet or "").partition("-")
    return GroupRota(
        group=group["id"],
        name=definition["name"],
        quiet=(since, until) if quiet else None,
        shifts=tuple(s for s in seen if s.ends > now),
        mine_over=tuple(s for s in seen if s.ends <= now and s.may_note),
        notes=_notes(shifts, now),
    )


def _shift(shift: Document, member: str, now: datetime) -> ShiftView:
    takers = tuple(shift["takers"])
    return ShiftView(
        id=shift["id"],
        begins=datetime.fromisoformat(shift["begins"]),
        ends=datetime.fromisoformat(shift["ends"]),
        places=shift["places"],
        takers=takers,
        mine=any(taker["member"] == member for taker in takers),
        now=now,
    )


def _notes(shifts: Iterable[Document], now: datetime) -> tuple[Document, ...]:
    """What was left to whoever comes now, the latest first."""
    oldest = (now - _READ_FOR).isoformat()
    found = [note for shift in shifts for note in shift["notes"] if note["at"] >= oldest]
    return tuple(sorted(found, key=lambda note: str(note["at"]), reverse=True)[:_MOST_NOTES])

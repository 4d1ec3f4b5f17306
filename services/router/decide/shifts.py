"""What time decides about the rota: reminders, each once, and what is forgotten or said again."""

from collections.abc import Iterator, Sequence

from services.router.decide import ids
from services.router.decide.draft import Draft
from services.router.decide.limits import FORGOTTEN_AFTER, RESTATED_AFTER
from services.router.decide.rota import Shift
from services.router.decide.shifts_due import reminder_due
from shared.contracts import duty
from shared.contracts.alerts import AlertRaised, DutyBody, ShiftLine
from shared.contracts.base import GroupId
from shared.contracts.duty import Reminder


def shifts(draft: Draft) -> Iterator[None]:
    """Remind, forget and restate."""
    for what in ("empty", "open"):
        for group, due in _due(draft, what).items():
            _remind(draft, group, due, what)
            yield
    for shift in _ordered(draft):
        if shift.ends + FORGOTTEN_AFTER <= draft.now:
            draft.emit(duty.ShiftDropped, shift_id=shift.id, how="forgotten")
            yield
        elif shift.stated_at + RESTATED_AFTER <= draft.now:
            _restate(draft, shift)
            yield


def _ordered(draft: Draft) -> list[Shift]:
    return sorted(draft.state.shifts.values(), key=lambda s: (s.begins, s.id))


def _due(draft: Draft, what: Reminder) -> dict[GroupId, list[Shift]]:
    due = [s for s in _ordered(draft) if reminder_due(draft.state, s, what) <= draft.now < s.begins]
    return {group: [s for s in due if s.group == group] for group in sorted({s.group for s in due})}


def _remind(draft: Draft, group: GroupId, due: Sequence[Shift], what: Reminder) -> None:
    """One message for all of them; it is worth nothing once the last of them has begun."""
    draft.emit(duty.ShiftReminded, group=group, shifts=tuple(s.id for s in due), what=what)
    lines = (ShiftLine(begins=s.begins, ends=s.ends, places=s.places, taken=len(s.takers)) for s in due)
    draft.emit(
        AlertRaised,
        alert_id=ids.alert_id(draft.next_id(), group, "verifiers"),
        group=group,
        group_version=draft.state.groups[group].version,
        audience="verifiers",
        kind="DUTY",
        urgency="normal",
        not_after=max(s.begins for s in due),
        body=DutyBody(what=what, lines=tuple(lines)),
    )


def _restate(draft: Draft, shift: Shift) -> None:
    draft.emit(
        duty.ShiftOffered,
        shift_id=shift.id,
        group=shift.group,
        begins=shift.begins,
        ends=shift.ends,
        places=shift.places,
        takers=shift.takers,
        reminded=shift.reminded,
    )

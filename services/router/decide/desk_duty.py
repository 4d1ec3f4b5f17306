"""Commands about the rota: shifts are offered, taken, given up, and leave a note to the next ones."""

from datetime import timedelta

from services.router.decide import reasons
from services.router.decide.draft import Draft
from services.router.decide.limits import MOST_SHIFTS, SHIFT_AHEAD, SHIFT_LONGEST, SHIFT_NOTED
from services.router.decide.rota import Shift, shifts_of
from shared.contracts import duty
from shared.contracts.base import MemberId


def offer(draft: Draft, command: duty.OfferShift) -> str:
    """People are wanted on duty from then to then."""
    if command.shift_id in draft.state.shifts:
        return reasons.ID_TAKEN
    long = command.ends - command.begins
    if command.ends <= draft.now or command.begins > draft.now + SHIFT_AHEAD or not _sound(long):
        return reasons.WRONG_TIMES
    if len(shifts_of(draft.state, command.group)) >= MOST_SHIFTS:
        return reasons.TOO_MANY
    draft.emit(
        duty.ShiftOffered,
        shift_id=command.shift_id,
        group=command.group,
        begins=command.begins,
        ends=command.ends,
        places=command.places,
    )
    return reasons.APPLIED


def _sound(long: timedelta) -> bool:
    return timedelta(0) < long <= SHIFT_LONGEST


def _own(draft: Draft, command: duty.ShiftCommand) -> Shift | None:
    """The shift, if it is the group's."""
    shift = draft.state.shifts.get(command.shift_id)
    return shift if shift is not None and shift.group == command.group else None


def withdraw(draft: Draft, command: duty.WithdrawShift) -> str:
    """It is no shift any more; one that is over stays as it was."""
    shift = _own(draft, command)
    if shift is None:
        return reasons.UNKNOWN_SHIFT
    if shift.ends <= draft.now:
        return reasons.NOT_NOW
    draft.emit(duty.ShiftDropped, shift_id=shift.id, how="withdrawn")
    return reasons.APPLIED


def take(draft: Draft, command: duty.TakeShift) -> str:
    """Whoever acts will be on duty, if there is room."""
    shift = _own(draft, command)
    if shift is None:
        return reasons.UNKNOWN_SHIFT
    if command.member in shift.takers:
        return reasons.UNCHANGED
    if shift.ends <= draft.now:
        return reasons.NOT_NOW
    if not shift.has_room:
        return reasons.SHIFT_FULL
    draft.emit(duty.ShiftTaken, shift_id=shift.id, member=command.member)
    return reasons.APPLIED


def give_up(draft: Draft, command: duty.GiveUpShift) -> str:
    """Whoever acts will not be on duty after all; whoever was stays named."""
    shift = _own(draft, command)
    if shift is None:
        return reasons.UNKNOWN_SHIFT
    if command.member not in shift.takers:
        return reasons.NOT_ON_IT
    if shift.ends <= draft.now:
        return reasons.NOT_NOW
    draft.emit(duty.ShiftGivenUp, shift_id=shift.id, member=command.member)
    return reasons.APPLIED


def note(draft: Draft, command: duty.NoteShift) -> str:
    """Whoever was on duty tells the next ones how things stand, from the beginning to a day after the end."""
    shift = _own(draft, command)
    if shift is None:
        return reasons.UNKNOWN_SHIFT
    if command.member not in shift.takers:
        return reasons.NOT_ON_IT
    if not shift.begins <= draft.now <= shift.ends + SHIFT_NOTED or command.note is None:
        return reasons.NOT_NOW
    draft.emit(duty.ShiftNoted, shift_id=shift.id, member=command.member, note=command.note)
    return reasons.APPLIED


def leave_rota(draft: Draft, member: MemberId) -> None:
    """Whoever may act no longer has no shifts any more: they have room again."""
    theirs = [s for s in draft.state.shifts.values() if member in s.takers and s.ends > draft.now]
    for shift in sorted(theirs, key=lambda s: (s.begins, s.id)):
        draft.emit(duty.ShiftGivenUp, shift_id=shift.id, member=member)

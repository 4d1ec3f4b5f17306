"""DESK and DECISIONS about shifts: who is on duty when, so that they are asked first.

A shift belongs to a group and names members by their ids alone. What somebody hands over at its end
is sealed, and its key dies with its hour's.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from shared.contracts.base import (
    SLUG_RULE,
    TOKEN_RULE,
    GroupId,
    KeyKind,
    MemberId,
    Message,
    Moment,
    Private,
    Sealed,
    Token,
)
from shared.contracts.desk import DeskCommand

Places = Annotated[int, Field(ge=1, le=20)]
"""How many people a shift needs."""
Reminder = Literal["open", "empty"]
"""What the verifiers were told of a shift: it begins within the hour and has room; nobody has taken it."""


class ShiftCommand(DeskCommand):
    """A command about one shift."""

    shift_id: Token


class OfferShift(ShiftCommand):
    """The group wants so many people on duty from then to then (`shift_id` is chosen by the desk)."""

    type: Literal["desk.shift_offer.v1"] = "desk.shift_offer.v1"
    begins: Moment
    ends: Moment
    places: Places = 1


class WithdrawShift(ShiftCommand):
    """The shift was a mistake, or is needed no longer."""

    type: Literal["desk.shift_withdraw.v1"] = "desk.shift_withdraw.v1"


class TakeShift(ShiftCommand):
    """I will be there."""

    type: Literal["desk.shift_take.v1"] = "desk.shift_take.v1"


class GiveUpShift(ShiftCommand):
    """I can't after all."""

    type: Literal["desk.shift_give_up.v1"] = "desk.shift_give_up.v1"


HandoverText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]


class HandoverNote(Private):
    """What the next ones should know."""

    sealed_under: ClassVar[KeyKind] = "report"
    text: HandoverText


class NoteShift(ShiftCommand):
    """What whoever was on duty leaves to the next ones."""

    type: Literal["desk.shift_note.v1"] = "desk.shift_note.v1"
    note: HandoverNote | Sealed | None = None


class ShiftOffered(Message):
    """A shift as it is at this moment: newly offered, or restated before the log forgets it."""

    type: Literal["shift.offered.v1"] = "shift.offered.v1"
    shift_id: Token
    group: Annotated[GroupId, SLUG_RULE]
    begins: Moment
    ends: Moment
    places: Places = 1
    takers: tuple[Annotated[MemberId, TOKEN_RULE], ...] = ()
    reminded: tuple[Reminder, ...] = ()


class ShiftEvent(Message):
    """Something happened to a shift."""

    shift_id: Token


class ShiftTaken(ShiftEvent):
    """A member will be on duty."""

    type: Literal["shift.taken.v1"] = "shift.taken.v1"
    member: Annotated[MemberId, TOKEN_RULE]


class ShiftGivenUp(ShiftEvent):
    """A member will not be on duty after all."""

    type: Literal["shift.given_up.v1"] = "shift.given_up.v1"
    member: Annotated[MemberId, TOKEN_RULE]


class ShiftNoted(ShiftEvent):
    """A member left a note to the next ones."""

    type: Literal["shift.noted.v1"] = "shift.noted.v1"
    member: Annotated[MemberId, TOKEN_RULE]
    note: HandoverNote | Sealed | None = None


class ShiftReminded(Message):
    """A group's verifiers were told of these shifts."""

    type: Literal["shift.reminded.v1"] = "shift.reminded.v1"
    group: Annotated[GroupId, SLUG_RULE]
    shifts: tuple[Token, ...]
    what: Reminder


class ShiftDropped(ShiftEvent):
    """It is a shift no more: withdrawn, or over for seven days."""

    type: Literal["shift.dropped.v1"] = "shift.dropped.v1"
    how: Literal["withdrawn", "forgotten"]

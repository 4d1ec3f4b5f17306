"""DESK and DECISIONS about exercises that a group's people begin: what is played, until when, and its end.

What is played is an exercise's own messages, sealed like every other text; an exercise without any is one
in which the members send the reports themselves. Each report that comes of it bears the flag `drill` from
the door on, and nothing takes that off.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.base import (
    SLUG_RULE,
    TOKEN_RULE,
    Frozen,
    GroupId,
    KeyKind,
    Latitude,
    Longitude,
    MemberId,
    Message,
    Metres,
    Moment,
    Private,
    Sealed,
    Slug,
    Token,
)
from shared.contracts.desk import DeskCommand

MOST_MESSAGES = 100
"""Messages of one exercise: with the longest texts they still fit one message of the log."""
MOST_CHARACTERS = 100_000
"""Of all its texts together."""
Speed = Annotated[float, Field(ge=0.01, le=1_000, allow_inf_nan=False)]
"""Times real time."""


class DrillMessage(Frozen):
    """One message of an exercise: what somebody sends so many seconds after its beginning."""

    t: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
    sender: Annotated[str, Field(min_length=1, max_length=200)]
    text: Annotated[str, Field(min_length=1, max_length=4_000)]
    lat: Latitude | None = None
    lon: Longitude | None = None
    accuracy_m: Metres | None = None
    postcode: Annotated[str, Field(max_length=12)] | None = None
    language: Annotated[str, Field(max_length=20)] | None = None
    first_hand: bool | None = None


class DrillScript(Private):
    """The messages that are played, in the order of their times."""

    sealed_under: ClassVar[KeyKind] = "report"
    messages: Annotated[tuple[DrillMessage, ...], Field(max_length=MOST_MESSAGES)] = ()


class DrillCommand(DeskCommand):
    """A command about one exercise of a group."""

    drill_id: Token


class BeginDrill(DrillCommand):
    """The group trains from now on (`drill_id` is chosen by the desk)."""

    type: Literal["desk.drill_begin.v1"] = "desk.drill_begin.v1"
    name: Slug | None = None
    """Of what is played; None: the members send the reports themselves."""
    speed: Speed = 1.0
    script: DrillScript | Sealed | None = None


class EndDrill(DrillCommand):
    """The exercise is over: nothing more is played, and its form takes nothing more."""

    type: Literal["desk.drill_end.v1"] = "desk.drill_end.v1"


class DrillEvent(Message):
    """Something happened to a group's exercise."""

    drill_id: Token
    group: Annotated[GroupId, SLUG_RULE]
    member: Annotated[MemberId, TOKEN_RULE]


class DrillBegun(DrillEvent):
    """A group trains, until then at the latest."""

    type: Literal["drill.begun.v1"] = "drill.begun.v1"
    begun_at: Moment
    """By the clock of whoever plays it: the log's may run ahead."""
    until: Moment
    name: Slug | None = None
    speed: Speed = 1.0
    script: DrillScript | Sealed | None = None


class DrillEnded(DrillEvent):
    """Somebody ended it before its time was over."""

    type: Literal["drill.ended.v1"] = "drill.ended.v1"

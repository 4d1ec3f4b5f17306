"""What people decide about dead letters: the message is handled again, or let go. Each with its reason.

A letter is named by the service that could not handle a message and by where that message lies, so one
message is one letter, however often and for whatever reasons it was buried.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.base import (
    SLUG_RULE,
    TOKEN_RULE,
    GroupId,
    KeyKind,
    MemberId,
    Message,
    Private,
    Sealed,
    Token,
)
from shared.contracts.desk import DeskCommand


class DeadWhy(Private):
    """Why somebody tried a letter again, or let it go."""

    sealed_under: ClassVar[KeyKind] = "group"
    text: Annotated[str, Field(max_length=200)] = ""


class DeadCommand(DeskCommand):
    """A command about one dead letter (given for the group `hub`)."""

    service: Token
    stream: Annotated[str, Field(pattern=r"^[A-Z]{1,20}$")]
    seq: Annotated[int, Field(ge=1)]
    why: DeadWhy | Sealed | None = None

    @property
    def letter(self) -> str:
        """What people call it."""
        return letter_of(self.service, self.stream, self.seq)


class RetryDead(DeadCommand):
    """Handle what lies there again: then it is handled, or this is refused and it stays where it is."""

    type: Literal["desk.dead_retry.v1"] = "desk.dead_retry.v1"


class DiscardDead(DeadCommand):
    """Let it go: nobody need look at it any more."""

    type: Literal["desk.dead_discard.v1"] = "desk.dead_discard.v1"


class DeadClosed(Message):
    """A letter waits no longer."""

    type: Literal["dead.closed.v1"] = "dead.closed.v1"
    group: Annotated[GroupId, SLUG_RULE]
    member: Annotated[MemberId, TOKEN_RULE]
    service: Token
    stream: Annotated[str, Field(pattern=r"^[A-Z]{1,20}$")]
    seq: int
    how: Literal["retried", "discarded"]
    why: DeadWhy | Sealed | None = None


def letter_of(service: str, stream: str, seq: int) -> str:
    """A letter's name."""
    return f"{service}.{stream}.{seq}"

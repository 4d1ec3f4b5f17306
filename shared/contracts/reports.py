"""REPORTS: what came in. One message from one sender, accepted and stored."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.base import (
    TOKEN_RULE,
    BridgeId,
    KeyKind,
    Message,
    Moment,
    Position,
    Private,
    ReportId,
    Sealed,
)
from shared.contracts.peers import PassedOn

SenderIs = Literal["account", "number"]
"""An account, in whose name nobody else can write at that source; or a number, which can be forged."""

MAX_TEXT = 4_000
"""Characters kept of a report's text; longer ones are refused at the door."""

MAX_CHAT = 100
"""Characters kept of a chat's name."""


def chat_of(source: str | None) -> str | None:
    """The chat's name in a source that a client of the API gives: "telegram:e17-mums" is of "e17-mums"."""
    return (source or "").partition(":")[2].strip()[:MAX_CHAT] or None


class ReportContent(Private):
    """What the report says. `sender` is a keyed pseudonym, never a number or a name."""

    sealed_under: ClassVar[KeyKind] = "report"
    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    sender: str | None = None
    position: Position | None = None
    postcode: str | None = None
    observed_at: Moment | None = None
    language: str | None = None
    first_hand: bool | None = None
    source: str | None = None
    """The channel or chat the message came in by, as the bridge names it (for independence)."""
    chat: Annotated[str, Field(max_length=MAX_CHAT)] | None = None
    """What the chat it was written in is called ("E17 mums"): a clue to where its people are."""
    trusted: bool = False
    """Whether it came in by an account that the operator trusts; of whose, nobody keeps."""
    flood: bool = False
    """Whether its sender wrote far more in the hour before than a person does: it opens nothing by itself."""
    sender_is: SenderIs | None = None
    """What vouches for the sender; None: nothing, a client of the API says so."""
    asked_as: str | None = None
    """The pseudonym that its questions are counted by, and its answer is known by; None: it left no contact.

    It is the sender's, where there is one. A contact typed into the form is nobody's proof of anything, so it
    makes no sender: no voice of its own, and no member's account.
    """
    passed_on: PassedOn | None = None
    """Of a report that another hub passed on: which, and what it says of it."""


class ReportContact(Private):
    """How the reporter may be written back to, by the bridge the report came in by. Lives 72 h."""

    sealed_under: ClassVar[KeyKind] = "contact"
    address: str


class ReportReceived(Message):
    """A report was accepted. `at` is the time of acceptance (`received_at`)."""

    type: Literal["report.received.v1"] = "report.received.v1"
    report_id: ReportId
    bridge: Annotated[BridgeId, TOKEN_RULE]
    drill: bool = False
    content: ReportContent | Sealed | None = None
    contact: ReportContact | Sealed | None = None
    reply_to: ReportContact | Sealed | None = None
    """Where a member's desk reply is answered: the chat it was written in, where that is a group's."""

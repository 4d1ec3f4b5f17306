"""SUBSCRIBERS: people who asked to be told, and what they ask of us; the notifier's book.

Everything about a person is sealed under a key of its own that lies in the same message, wrapped: erasing
that one message forgets it. What is asked is erased when it is done with, a person's entry when a newer one
stands, and all of it when they leave (ADR 27).
"""

from datetime import date
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from shared.contracts.base import (
    SLUG_RULE,
    Frozen,
    GroupId,
    KeyKind,
    Latitude,
    Longitude,
    Message,
    Metres,
    Moment,
    Private,
    Sealed,
    Slug,
    Token,
)

MAX_SAID: Final = 200
"""Characters of a message to a subscription account that are looked at; no keyword is longer."""
MAX_FOLLOWS: Final = 5
"""Areas that one person can follow."""
MAX_WAITING: Final = 3
"""Requests of one contact that can wait for their codes: as many codes are sent to it in an hour."""

Choice = Literal["witness", "information"]
"""*I can witness*: is told what is asked of people. *Information only*: facts, never an ask."""
QuietHours = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
Way = Slug
"""By what a person is written to: the id of a bridge that takes subscriptions, or `email`."""
Address = Annotated[str, StringConstraints(min_length=1, max_length=320)]
Answer = Literal[
    "confirm",
    "joined",
    "imported",
    "left",
    "help",
    "where",
    "which",
    "nobody",
    "full",
    "facts",
    "wrong_code",
    "old_code",
]
"""What a person is answered; the words stand in shared/words/subscribers.toml."""


class FollowedArea(Frozen):
    """A place and how far around it somebody wants to hear of."""

    lat: Latitude
    lon: Longitude
    radius_m: Metres
    label: Annotated[str, StringConstraints(max_length=80)]


class Follow(Frozen):
    """What one person wants to hear of one group. Without an area: all of it."""

    group: Annotated[GroupId, SLUG_RULE]
    area: FollowedArea | None = None
    choice: Choice = "information"
    quiet: QuietHours | None = None
    urgent_breaks: bool = True
    """Whether what is urgent comes in quiet hours, too."""


class Pending(Frozen):
    """What is so once the person has sent back the code that goes with the ticket."""

    ticket: Token
    until: Moment
    follows: Annotated[tuple[Follow, ...], Field(max_length=MAX_FOLLOWS)]
    language: str


class Guesses(Frozen):
    """Wrong codes that came from one contact, by whichever requests; counted anew after `until`."""

    wrong: int
    until: Moment


class Consent(Frozen):
    """When and how somebody agreed to be told, where that was not by a code of ours."""

    on: date
    how: Annotated[str, StringConstraints(min_length=1, max_length=120)]


class Subscriber(Private):
    """One person's contact and what they want to hear; `follows` is empty until they have confirmed."""

    sealed_under: ClassVar[KeyKind] = "own"
    number: Annotated[int, Field(ge=1)]
    """Theirs alone, as long as they stay: the ledger's pseudonyms are made of it."""
    way: Way
    address: Address
    language: str = "en"
    follows: Annotated[tuple[Follow, ...], Field(max_length=MAX_FOLLOWS)] = ()
    pending: Pending | None = None
    """What was asked last and waits for its code."""
    earlier: Annotated[tuple[Pending, ...], Field(max_length=MAX_WAITING - 1)] = ()
    """What was asked before that and waits too: nobody's code is made worthless by a later request."""
    guesses: Guesses | None = None
    since: Moment | None = None
    """When they were first in."""
    consent: Consent | None = None
    """Of those who came by a list."""

    @property
    def waiting(self) -> tuple[Pending, ...]:
        """All that waits for its code, the newest last."""
        return (*self.earlier, self.pending) if self.pending else ()


class Said(Private):
    """What somebody wrote to a subscription account."""

    sealed_under: ClassVar[KeyKind] = "own"
    way: Way
    address: Address
    text: Annotated[str, StringConstraints(max_length=MAX_SAID)]
    language: str | None = None


class SignedUp(Private):
    """What somebody typed into a group's sign-up page; whose contact it is nobody knows yet."""

    sealed_under: ClassVar[KeyKind] = "own"
    way: Way
    address: Address
    language: str
    ticket: Token
    group: Annotated[GroupId, SLUG_RULE]
    place: Annotated[str, StringConstraints(max_length=MAX_SAID)] = ""
    choice: Choice = "information"
    quiet: QuietHours | None = None
    urgent_breaks: bool = True


class CodeGiven(Private):
    """The code that was sent to the contact, typed into the page."""

    sealed_under: ClassVar[KeyKind] = "own"
    ticket: Token
    code: Annotated[str, StringConstraints(max_length=12)]


class LeftByLink(Private):
    """The link to leave by was followed."""

    sealed_under: ClassVar[KeyKind] = "own"
    subscriber: Token


class Imported(Private):
    """One line of a group's own list of people who have agreed elsewhere."""

    sealed_under: ClassVar[KeyKind] = "own"
    way: Way
    address: Address
    language: str
    group: Annotated[GroupId, SLUG_RULE]
    place: Annotated[str, StringConstraints(max_length=MAX_SAID)] = ""
    choice: Choice = "information"
    quiet: QuietHours | None = None
    urgent_breaks: bool = True
    consent: Consent


class Unreachable(Private):
    """The provider says that this person wants nothing more by it (Twilio's own STOP)."""

    sealed_under: ClassVar[KeyKind] = "own"
    way: Way
    address: Address


class SubscriptionAsked(Message):
    """Somebody asks something of the book. Erased once it is done and answered."""

    type: Literal["subscription.asked.v1"] = "subscription.asked.v1"
    content: Said | SignedUp | CodeGiven | LeftByLink | Unreachable | Sealed


class SubscriptionImported(Message):
    """Somebody who has the notifier's rights hands in a line of a list; the front door can't. Erased too."""

    type: Literal["subscription.imported.v1"] = "subscription.imported.v1"
    content: Imported | Sealed


class BookRecord(Message):
    """What became of one that was asked, by its place in the stream; its id is made of that."""

    request: int | None = None
    """None where nobody asked: time decided."""
    answer: Answer | None = None
    """What they are answered, to be said again where a crash came between."""


class SubscriberKept(BookRecord):
    """This is now the whole of what is known of this person; it stands for all entries before."""

    type: Literal["subscriber.kept.v1"] = "subscriber.kept.v1"
    subscriber: Token
    """Chance, and nothing of theirs."""
    details: Subscriber | Sealed


class SubscriberLeft(BookRecord):
    """Nothing is kept of this person; all their entries are to be erased."""

    type: Literal["subscriber.left.v1"] = "subscriber.left.v1"
    subscriber: Token
    why: Literal["asked", "link", "provider", "never_confirmed"]
    entry: int | None = None
    """The place of the entry that time ended: it ends no newer one. None: it ends whatever stands."""


class SubscriptionSettled(BookRecord):
    """It changed nothing."""

    type: Literal["subscription.settled.v1"] = "subscription.settled.v1"


class AnswerClaimed(Message):
    """A notifier takes an answer in hand; the first record under this id is the claim."""

    type: Literal["subscription.answer_claimed.v1"] = "subscription.answer_claimed.v1"
    request: int
    attempt: int
    claimant: Token

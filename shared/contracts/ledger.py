"""LEDGER: who was to be told, what was tried, and how it ended. No address and no word of content.

A recipient is `channel-id:n`, the n-th address of that channel in the group version that the alert names; of
subscribers n is a pseudonym of the day. A chunk's claim stands here before anything is sent, its outcomes
after (DESIGN 7).
"""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from shared.contracts.base import (
    SLUG_RULE,
    TOKEN_RULE,
    AlertId,
    Frozen,
    GroupId,
    IncidentId,
    KeyKind,
    Message,
    Moment,
    Private,
    Sealed,
    Slug,
    Token,
)
from shared.contracts.groups import Audience
from shared.contracts.subscribers import Choice

Recipient = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}:[0-9]{1,15}$")]
ChannelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
"""A channel of the group's, or subscribers of one way, language and choice."""
Pence = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
Result = Literal["delivered", "rejected", "retry", "unknown"]
MAX_CHUNK = 64
LATE: Final = "late-"
"""So begin the alert ids of those who joined late: one alert, one person."""


class LedgerRecord(Message):
    """What all records share."""

    alert_id: Annotated[AlertId, TOKEN_RULE]
    group: Annotated[GroupId, SLUG_RULE]


class StandIn(Frozen):
    """A recipient who is told only where others were not reached."""

    of: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}(:[0-9]{1,15})?$")]
    """A recipient, or a whole channel of which one was not reached."""
    over_budget: bool = False
    """Whether they are not told even then, since that would be more than the group wants."""


class LedgerNote(Message):
    """What stands in the ledger beside the alerts: figures of a group, and of nobody."""

    group: Annotated[GroupId, SLUG_RULE]


class Following(Frozen):
    """How many of a group's subscribers are written to by one way, in one language, with one choice."""

    channel: ChannelName
    """What the ledger calls them."""
    kind: Slug
    """The plug-in's kind of the way."""
    language: str
    choice: Choice
    people: Annotated[int, Field(ge=1)]
    """Rounded up to the next five, too."""
    max_chars: Annotated[int, Field(ge=1)]
    sms: bool = False
    """Whether each part of a message is paid for."""
    leaves_by_link: bool = False
    """Whether a message ends with a link to leave by, and not with the word."""
    price_pence: Pence = 0.0


class SubscribersCounted(LedgerNote):
    """How many subscribers the group has: each figure rounded up to the next five, to name nobody."""

    type: Literal["subscribers.counted.v1"] = "subscribers.counted.v1"
    total: int
    texts: int = 0
    """Of them by text message, which costs."""
    ways: dict[str, int] = Field(default_factory=dict)
    languages: dict[str, int] = Field(default_factory=dict)
    choices: dict[str, int] = Field(default_factory=dict)
    following: tuple[Following, ...] = ()
    """The same by how they are written to: by this the desk foretells, and asks for a second person."""


class SubscribersOpened(LedgerNote):
    """Somebody who has the hub's keys looked at the group's subscribers, or handed in a list of them."""

    type: Literal["subscribers.opened.v1"] = "subscribers.opened.v1"
    act: Literal["listed", "exported", "imported"]


class MessagesWaiting(LedgerNote):
    """How many messages about an incident wait by now for the group's messages an hour; 0: none any more."""

    type: Literal["messages.waiting.v1"] = "messages.waiting.v1"
    incident_id: IncidentId
    messages: Annotated[int, Field(ge=0)]
    since: Moment


class AlertExpanded(LedgerRecord):
    """The alert's recipients, frozen into chunks."""

    type: Literal["alert.expanded.v1"] = "alert.expanded.v1"
    incident_id: IncidentId | None = None
    audience: Audience
    chunks: tuple[Annotated[tuple[Recipient, ...], Field(max_length=MAX_CHUNK)], ...]
    not_told: dict[str, int] | None = None
    """Why how many of the group's subscribers, or of its channels' recipients, are not among them."""
    stand_ins: dict[Recipient, StandIn] | None = None
    """Recipients who stand in for others; their chunks hold nobody else."""
    prices: dict[ChannelName, Pence] | None = None
    """What it costs to tell one recipient, by channel, in pence; channels that cost nothing are left out."""
    over_cap: tuple[ChannelName, ...] | None = None
    """Channels that were left out because they would have passed the group's monthly cap."""


class ChunkClaimed(LedgerRecord):
    """This notifier is about to send to these recipients; attempt counts from 1."""

    type: Literal["chunk.claimed.v1"] = "chunk.claimed.v1"
    chunk: int
    attempt: int
    claimant: Token
    recipients: tuple[Recipient, ...]


class RecipientOutcome(Frozen):
    """How the attempt ended for one recipient. `unknown`: it may or may not have arrived.

    `delivered` means that the provider took it, no more; that it arrived is a `DeliveryReceipted`.
    """

    recipient: Recipient
    result: Result
    channel_kind: str
    reason: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
    provider_id: str | None = None
    retry_after_s: Annotated[float, Field(ge=0, le=604_800)] | None = None
    """How long the provider asked us to wait, so that a restart honours it too."""


class ProvidersWords(Private):
    """What a channel's provider said when the channel was tested, cleaned of secrets and addresses."""

    sealed_under: ClassVar[KeyKind] = "group"
    said: dict[Recipient, Annotated[str, Field(max_length=300)]] = Field(default_factory=dict)


class ChunkSettled(LedgerRecord):
    """How the attempt ended, recipient by recipient."""

    type: Literal["chunk.settled.v1"] = "chunk.settled.v1"
    chunk: int
    attempt: int
    outcomes: tuple[RecipientOutcome, ...]
    words: ProvidersWords | Sealed | None = None
    """Of a test, always, even if nothing was said; of an alert never."""


class AlertSettled(LedgerRecord):
    """Nothing more will be sent for this alert; `unsent` recipients are named with their reason."""

    type: Literal["alert.settled.v1"] = "alert.settled.v1"
    delivered: int
    unsent: tuple[RecipientOutcome, ...] = ()
    reason: Literal["done", "expired", "flagged", "no_recipients", "unreadable"]


class DeliveryReceipted(LedgerRecord):
    """What a provider said later of a message that it had taken: it arrived, or it never will.

    Of one message both may be said, in any order (of its parts, or of two copies): then it failed.
    """

    type: Literal["delivery.receipted.v1"] = "delivery.receipted.v1"
    recipient: Recipient
    channel_kind: str
    provider_id: str
    arrived: Literal["delivered", "failed"]
    reason: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]

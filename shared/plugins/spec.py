"""What a plug-in is: one file with its settings model, its spec (which is its documentation) and its class.

The mandatory part is small. A host understands few signals: a bridge answers `IncomingReport`s
or `Refused`; a channel answers one of the `Outcome`s. An exception is caught by the host, counted
and named, and never touches another plug-in.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from shared.contracts.peers import PassedOn

if TYPE_CHECKING:  # decide/ imports outcomes from here and must not pull in aiohttp
    from aiohttp import ClientSession

Stability = Literal["experimental", "good", "excellent"]
TestedAgainst = Literal["real", "replay", "fake"]


class PluginSettings(BaseModel):
    """Base of every plug-in's settings: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @property
    def public(self) -> bool:
        """Of a channel: whether everybody can read what it sends; then it is for the community alone."""
        return False


SERVERS: Final = "servers"
"""`read_by`: whoever runs the server that somebody writes from, or ours."""
FOLLOWERS: Final = "followers"
"""`read_by`: whoever follows the one who wrote it."""
EVERYBODY: Final = "everybody"
"""`read_by`: it was posted in public."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What people read about a plug-in; its documentation page is generated from this."""

    kind: str
    """The name in group files, settings and URLs (lower-case letters, digits, hyphens)."""
    title: str
    summary: str
    who_else_reads: str
    """One sentence: who besides the hub can read what passes through it."""
    stability: Stability
    tested: TestedAgainst
    example: Mapping[str, Any]
    """Settings that would work, with made-up values; secrets by reference."""
    senders: Literal["account", "number"] = "number"
    """Of a bridge: whether nobody else can write in a sender's name (`account`), or its senders can be
    forged, as phone numbers can; then a member's yes by it needs a number that only they were sent."""
    contacts: Literal["person", "message"] = "person"
    """Of a bridge that writes back: whether a contact is the same for all that somebody writes, or says which
    message is answered, too. By the latter nobody can subscribe."""
    sms: bool = False
    """Of a channel: whether its messages are paid by the SMS segment, so that a preview says how many."""
    read_by: str = ""
    """Of a bridge: who else reads what is written there, as its receipts say in their reader's language: a
    company by its name, or `SERVERS`. Nothing where nobody does, or where a receipt has no room for it (SMS).
    """
    receipts: Literal["answer", "message"] = "answer"
    """Of a bridge that is called: whether receipts go in the answer to the call, or as messages of their own
    (`write_back`)."""
    max_body: int | None = None
    """Of a bridge that is called: bytes that a call may have, where its provider sends more than 64 kB."""
    per_second: float | None = None
    """Messages a second that the provider takes from one account, where it says so; the host keeps to it.
    Where it says so stands beside it."""
    silent_s: float | None = None
    """Of a bridge that reads: how long its source may say nothing at all (`ReadingHost.alive`) while it is
    connected; then it hangs, and is read anew. None where a sound source may be silent for hours."""
    set_up: str = ""
    """What to do at the provider, step by step (Markdown)."""
    while_away: str = ""
    """Of a bridge: what becomes of messages that come while nobody reads them (Markdown)."""
    notes: str = ""
    """What else whoever runs it must know (Markdown)."""


# --- bridges ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One HTTP request to a bridge, read whole (size already limited by the host)."""

    method: str
    url: str
    """The full public URL as the provider called it (needed by signatures)."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    now: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a long message a report is, where its source hands them on one by one: the host joins."""

    message: str
    """The same for all parts of one message, and for no other of about that time."""
    number: int
    """From 1."""
    of: int


@dataclass(frozen=True, slots=True)
class IncomingReport:
    """One message from one sender, as the source tells it. The host seals and pseudonymises."""

    source_id: str
    """The source's own id of the message; the same id again is the same report."""
    text: str = ""
    sender: str | None = None
    """Whatever identifies the sender at the source; becomes a keyed pseudonym."""
    contact: str | None = None
    """How to write back by this bridge, if the source allows it; sealed, gone after 72 h."""
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None
    postcode: str | None = None
    observed_at: datetime | None = None
    language: str | None = None
    first_hand: bool | None = None
    source: str | None = None
    """The chat or channel within the source (pseudonymised), where there are several."""
    chat: str | None = None
    """What that chat is called, where it has a name; sealed like the text."""
    read_by: str = ""
    """Who else reads this very message, as `Spec.read_by`, where that differs from one to the next."""
    reply_to: str | None = None
    """Where a member's desk reply is answered if not at `contact`: the group's chat. Never for others."""
    first_said_at: datetime | None = None
    """Of an edit, whose `source_id` is its own: when that message was first written. Within half an hour it
    is one more message of its sender's; later, or of a reply to the desk, the host takes none."""
    part: Part | None = None
    """Set by a bridge that is called once for each part of a message."""
    passed_on: PassedOn | None = None
    """Set by the bridge of another hub: whose word this is, and about what of theirs."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a request is not taken: becomes a problem document (RFC 9457) and a counted reason."""

    status: int
    code: str
    """A short constant (`bad_signature`, `not_json`), also the metric label."""
    detail: str
    """For the one who sent it: what was wrong and what to do. Never an echo of the content."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A sound request that holds no report (an edit, a delivery note): acknowledged and counted."""

    reason: str
    """A short constant, also the metric label."""
    answer: "WebhookResponse | None" = None
    """Of a call: what is answered, where that says more than that it was taken."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A sound call that says nothing of any message, and that its provider wants answered so.

    Before a provider calls an address it may ask whether that is ours.
    """

    text: str
    reason: str = "handshake"
    """A short constant, also the metric label."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the reporter may be told once the report is stored."""

    report_id: str
    text: str
    """Ready to show, in the reporter's language where known."""
    contact: str | None = None
    """The contact that the bridge gave with the report."""


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """The provider's answer once everything is stored."""

    status: int = 200
    content_type: str = "text/plain"
    body: str = ""


@runtime_checkable
class Bridge(Protocol):
    """An input that the source calls (webhook). Constructed with its settings; holds no other state.

    `parse` is pure: it checks the signature, reads the payload and answers at once. The host
    stores the reports and only then calls `answer`, with a receipt for each report that may be
    answered (none for a sender who had several within the hour).
    """

    spec: ClassVar[Spec]
    Settings: ClassVar[type[PluginSettings]]

    def __init__(self, settings: Any, secrets: "Secrets") -> None:
        """Take validated settings and resolve the secrets they refer to."""
        ...

    def parse(self, request: WebhookRequest) -> Sequence[IncomingReport] | Ignored | Refused:
        """The reports in this request, or why there are none."""
        ...

    def answer(self, receipts: Sequence[Receipt]) -> WebhookResponse:
        """What the provider is told after the reports are stored."""
        ...


@runtime_checkable
class Asked(Protocol):
    """What a bridge may do besides, whose provider asks by a GET whether the address is ours."""

    def handshake(self, request: WebhookRequest) -> Answered | Refused:
        """What the provider wants to hear, if it is the provider. Pure, as `Bridge.parse`."""
        ...


class Secrets(Protocol):
    """Resolves references to secrets; plug-ins never see where they come from."""

    def resolve(self, reference: str) -> str:
        """The value behind `env:NAME` or `file:/path`; raises `SettingsError` naming the remedy."""
        ...


# --- bridges that read their source ------------------------------------------------------------

BridgeState = Literal["CONNECTING", "CONNECTED", "TRANSIENT_DISCONNECT", "BAD_CREDENTIALS", "RATE_LIMITED"]
"""How a bridge that reads its source is, as operators see it. The host makes it from `Reads.read`."""


class ReadingHost(Protocol):
    """What the host lends a bridge that reads its source."""

    @property
    def http(self) -> "ClientSession":
        """One pooled HTTP session."""
        ...

    @property
    def secrets(self) -> "Secrets":
        """What the settings' references stand for."""
        ...

    @property
    def now(self) -> datetime:
        """The present."""
        ...

    def connected(self) -> None:
        """Say that the source is being read; without it for a minute the host begins anew."""
        ...

    def alive(self) -> None:
        """Say that the source was heard, be it only that it is there (`Spec.silent_s`)."""
        ...

    async def take(self, report: IncomingReport) -> None:
        """Return once the report is stored for good: only then tell the source, or read on.

        The same `source_id` again is the same report. While nothing can be stored, this waits.
        """
        ...

    def ignored(self, what: "Ignored") -> None:
        """Count what was read and is no report."""
        ...


@runtime_checkable
class Reads(Protocol):
    """A bridge that reads its source itself (a stream, a long poll) instead of being called by it.

    The host calls `read` again and again, with growing pauses, for as long as the service runs. Where the
    bridge also `WritesBack`, the host sends the receipts by it.
    """

    spec: ClassVar[Spec]
    Settings: ClassVar[type[PluginSettings]]

    def __init__(self, settings: Any, secrets: "Secrets") -> None:
        """Take validated settings and resolve the secrets they refer to; open nothing."""
        ...

    async def read(self, host: ReadingHost) -> "RetryLater | BadCredentials":
        """Read until the source breaks off, and say why: nothing is wrong, only over, or a person must act.

        `RetryLater` with `after_s` means that the source wants us to wait so long. When the service stops
        this is cancelled; what `host.take` has begun is finished nevertheless.
        """
        ...


# --- channels --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """The words for one channel and language. A channel passes them on and adds nothing."""

    alert_id: str
    kind: str
    """The status word (UNCONFIRMED, CONFIRMED, UPDATE, OVER, WRONG …; DRILL comes before it in a drill)."""
    subject: str
    """One line, for channels that have a title."""
    text: str
    """The whole message as plain text, already of the size the channel's spec asked for."""
    urgent: bool
    language: str
    code: str | None = None
    thread: str | None = None
    """The same for all messages about one incident, for channels that thread."""
    leave_url: str = field(default="", kw_only=True)
    """Where this one recipient ends these messages, for channels that have a place for it (e-mail)."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The facts for machines (webhook): only what this audience may know."""


def _words() -> Any:
    """What the provider said in its own words, for the person who tests a channel; None for nothing.

    The host cleans it, and forgets it at once for anything but a test; `repr` hides it from every log.
    """
    return field(default=None, kw_only=True, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The provider took it: no more than that. Whether it arrived, some say later (`GivesReceipts`)."""

    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Surely not delivered, but it may be later (429, 503, connection refused)."""

    reason: str
    after_s: float | None = None
    """How long the provider wants to be left alone: its whole channel waits so long."""
    words: str | None = _words()


@dataclass(frozen=True, slots=True)
class Rejected:
    """Surely not delivered, and never will be like this."""

    reason: str
    words: str | None = _words()


@dataclass(frozen=True, slots=True)
class BadCredentials:
    """The provider doesn't know us; everything on this channel waits for a person."""

    reason: str = "bad_credentials"
    words: str | None = _words()


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have arrived (the connection broke after the request was sent)."""

    reason: str


Outcome = Delivered | RetryLater | Rejected | BadCredentials | Unknown

CANNOT_WRITE_BACK: Final = Rejected("cannot_write_back")
"""The bridge has no way to reach its reporters, or is not told one in its settings."""


@dataclass(frozen=True, slots=True)
class ChannelHost:
    """What the host lends a channel: one pooled HTTP session per provider, and secrets."""

    http: "ClientSession"
    secrets: Secrets
    receipts_url: str = field(default="", kw_only=True)
    """Where the provider may call this very channel (`GivesReceipts`); empty where
    the hub has no such address."""
    name: str = field(default="", kw_only=True)
    """What the hub calls this very channel (`hackney/mail`), no other is called so; empty where nobody would
    hear what is said later of its messages."""


@runtime_checkable
class WritesBack(Protocol):
    """What a bridge may do besides (one class, the same settings): write to whoever reported by it.

    The notifier calls it, never the front door. Secrets that only sending needs are resolved by
    `host.secrets` here, not in the constructor, so that the front door can do without them.
    """

    async def write_back(self, address: str, text: str, host: ChannelHost, *, key: str) -> Outcome:
        """Send one short text to the `contact` that the bridge gave with a report.

        As `Channel.send`: once, within the host's deadline; `key` is stable per message. A bridge
        whose settings don't say how answers `CANNOT_WRITE_BACK`.
        """
        ...


@runtime_checkable
class Checks(Protocol):
    """What a bridge may do besides: ask its source whether it knows us, and can reach us.

    An operator asks so, from the command line. No message is read by it and nothing is changed there.
    """

    async def check(self, host: ChannelHost) -> Outcome:
        """`Delivered` if all is well; else what is wrong, with the source's own words where it has some."""
        ...


@dataclass(frozen=True, slots=True)
class PartHost(ChannelHost):
    """What the front door lends a bridge that takes part, beside what a channel is lent."""

    take: Callable[[Sequence[IncomingReport]], Awaitable[Sequence[Receipt]]]
    """Store reports that no request brought (what was written before we came in); their receipts."""


@runtime_checkable
class TakesPart(Protocol):
    """What a bridge may do besides, where an account of ours takes part at its source (one class).

    Such an account is invited and comes in, has to look who else is there, and answers by calls of its own.
    Its source calls any path below `/bridges/{id}`. A message's id is unique at such a source: the same id
    again is the same report, however it was read. The bridge may remember what it learns, and may forget it.
    """

    max_body: ClassVar[int]
    """Bytes that a request of the source may have."""

    def trusts(self, headers: Mapping[str, str]) -> bool:
        """Whether a request is the source's own, by its headers alone: before its body is read."""
        ...

    async def learn(self, request: WebhookRequest, host: PartHost) -> Refused | None:
        """Ask the source what `parse` must know to read this request; why that cannot be found out now.

        Called before `parse` for requests that are trusted. What is refused the source sends again.
        """
        ...

    async def follow_up(
        self, request: WebhookRequest, receipts: Sequence[Receipt], host: PartHost
    ) -> Outcome:
        """Come in, thank, say what we cannot do: once the request's reports are stored.

        The source is answered when this is done, or after a few seconds while it goes on. It may be called
        again for the same request. What did not succeed yet is `RetryLater`: then `settle` is called.
        """
        ...

    async def settle(self, host: PartHost) -> Outcome:
        """Bring things into order: the account exists, and what could not be done before is done.

        Called at the start, and again, with growing pauses, until it is `Delivered`.
        """
        ...


@runtime_checkable
class Channel(Protocol):
    """An output. One instance per configured channel of a group."""

    spec: ClassVar[Spec]
    Settings: ClassVar[type[PluginSettings]]
    max_chars: ClassVar[int]
    """How long a message this channel carries well."""

    def __init__(self, settings: Any, host: ChannelHost) -> None:
        """Take validated settings; resolve secrets; open nothing."""
        ...

    def recipients(self) -> Sequence[str]:
        """The addresses, in the settings' order; the ledger knows them by position only."""
        ...

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Send once, within the host's deadline. `key` is stable per alert and recipient.

        Where the provider has idempotency keys, pass `key` on. Return a value for every
        foreseeable result; an exception counts as `Unknown`.
        """
        ...


Arrived = Literal["delivered", "failed"]


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """What a provider says later of one message that it had taken: it arrived, or it never will."""

    provider_id: str
    """As in the `Delivered` of that message; the host drops what it does not know."""
    arrived: Arrived
    reason: str = "delivered"
    """A short constant, for a failure the provider's own reason."""


@runtime_checkable
class Threads(Protocol):
    """What a channel may do besides: let all that follows answer the first message about an incident.

    The host calls `reply` instead of `send` where it knows which message that was, from the ledger.
    """

    async def reply(self, address: str, message: RenderedMessage, *, key: str, first: str) -> Outcome:
        """Send it as an answer to `first`, the `provider_id` of that message.

        As `Channel.send` otherwise. Where `first` is gone there the words go out all the same.
        """
        ...


@runtime_checkable
class SeveralProviders(Protocol):
    """What a channel may do besides: say by which of several providers each of its addresses is reached.

    The host keeps the trouble of one, and the pauses that it asks for, from those of all others.
    """

    def provider(self, address: str) -> str:
        """Who takes what goes to this address, by a short name that is no secret: its host. Pure, quick."""
        ...


@runtime_checkable
class GivesReceipts(Protocol):
    """What a channel may do besides: understand what its provider calls back later about a message.

    The provider calls `ChannelHost.receipts_url`, perhaps with a query of the channel's own. That it says the
    same twice, or late, or in the wrong order, does no harm: the host knows what was said.
    """

    def receipts(self, request: WebhookRequest) -> Sequence[DeliveryReceipt] | Answered | Ignored | Refused:
        """What a call says, once its signature is found good. Pure, as `Bridge.parse`: it answers at once."""
        ...


class HearingHost(Protocol):
    """What the host lends a channel while it asks what became of its messages."""

    def connected(self) -> None:
        """Say that the provider is being asked; without it for a minute the host begins anew."""
        ...

    async def take(self, receipts: Sequence[DeliveryReceipt]) -> None:
        """Return once what is new in them is recorded: only then tell the provider, or ask on."""
        ...

    def ignored(self, what: Ignored) -> None:
        """Count what was said and decides nothing."""
        ...


@runtime_checkable
class FetchesReceipts(Protocol):
    """What a channel may do besides, whose provider does not call: ask it what became of its messages."""

    async def fetch_receipts(self, host: HearingHost) -> RetryLater | BadCredentials | None:
        """Ask until the provider breaks off, and say why; None where the settings name nobody to ask.

        As `Reads.read`: called again and again with growing pauses, cancelled when the service stops. That
        something is said twice, or of a message that is not known, does no harm.
        """
        ...

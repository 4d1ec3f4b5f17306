"""Matrix: an application service of a homeserver. In private every message is a report, elsewhere desk words.

The homeserver puts what happens in our rooms to us as transactions, with a token of its own, and puts the
same one again until it is taken; an event is known by its id. Our account takes up every invitation, looks
who is there, and stays in three kinds of rooms: those with one person in them, whose messages are reports;
the verifiers' rooms of the settings, from which only replies to the desk are taken; and groups' own rooms of
the settings, from which what is addressed to us or marked is taken besides. Any other room, and one that is
encrypted, is told so in plain words and left: nobody shall believe to be heard.

What was written between an invitation and our coming in (apps send the first message with it) is read then.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Final
from urllib.parse import urlsplit

import structlog
from pydantic import Field, StringConstraints

from alert_relay.plugins import (
    SERVERS,
    BadCredentials,
    ChannelHost,
    Delivered,
    Ignored,
    IncomingReport,
    Outcome,
    PartHost,
    PluginSettings,
    Receipt,
    Refused,
    Rejected,
    RetryLater,
    Secrets,
    Spec,
    Unknown,
    WebhookRequest,
    WebhookResponse,
    told_in_chat,
)
from services.ingest.bridges.matrix_events import (
    Event,
    Us,
    answered,
    departures,
    encrypted_rooms,
    events_in,
    invitations,
    is_message,
    newcomers,
    report_of,
    unreadable,
)
from services.ingest.bridges.matrix_rooms import Rooms, together, worst
from shared.plugins.addresses import http_base
from shared.plugins.matrix_api import ROOM_ID, Homeserver, Said
from shared.plugins.matrix_words import READING, SET_UP, WHILE_AWAY

log = structlog.get_logger()

_PREFIX: Final = "/_matrix/app/v1/"
_BAD_TOKEN: Final = Refused(
    403,
    "bad_signature",
    "The hs_token is missing or wrong; the registration and the bridge's settings differ.",
)
_NOT_HERE: Final = Refused(
    404, "not_here", "Only transactions and pings are taken; no such user or room is ours."
)
_NOT_JSON: Final = Refused(400, "not_json", "The body is not JSON; send what a homeserver sends.")
_AWAY: Final = Refused(
    503, "homeserver_away", "The homeserver did not say who is in a room; send the transaction again."
)
_UNKNOWN_TO_IT: Final = Refused(
    503, "bad_credentials", "The homeserver does not know our as_token; mend it, then send again."
)


class MatrixSettings(PluginSettings):
    """What the application service needs to know of its homeserver."""

    homeserver: str = Field(min_length=1)
    """The homeserver's address for clients (http://127.0.0.1:8008 on the same machine), or a reference."""
    user_id: str = Field(pattern=r"^@[a-z0-9._=/+-]{1,100}:[^\s/]{1,150}$")
    """Our account, as `sender_localpart` of the registration makes it: @relay:example.org."""
    hs_token: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the registration's hs_token, by which the homeserver shows itself."""
    as_token: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the registration's as_token, by which we show ourselves."""
    appservice: str = Field(default="alert-relay", pattern=r"^[A-Za-z0-9._-]{1,100}$")
    """The registration's id."""
    desk_rooms: tuple[Annotated[str, StringConstraints(pattern=rf"^{ROOM_ID}$")], ...] = ()
    """The ids of verifiers' rooms: of what is written there, only replies to the desk are taken."""
    chat_rooms: tuple[Annotated[str, StringConstraints(pattern=rf"^{ROOM_ID}$")], ...] = ()
    """The ids of groups' own rooms: of what is written there, what is addressed to us or marked is taken."""
    hashtag: str = Field(default="raid", pattern=r"^\w{1,40}$")
    """In `chat_rooms`, messages with this hashtag are reports."""
    tells_chats: bool = True
    """Whether such a room is told, when the account comes in, what is taken of what is said there."""
    alerts_from: tuple[Annotated[str, StringConstraints(pattern=r"^@\S{1,250}$")], ...] = ()
    """Other accounts by which alerts come into these rooms (channel `matrix`): never reports themselves."""


class Matrix:
    """One application service. It remembers which of its rooms are private; forgetting costs a question."""

    spec: ClassVar[Spec] = Spec(
        kind="matrix",
        title="Matrix",
        summary="People write to an account on your homeserver; verifiers reply to the desk in their room.",
        who_else_reads=(
            "Whoever runs your homeserver, and whoever runs the homeserver of somebody in the room, can read "
            "everything and knows who wrote it: rooms with the relay are not end-to-end encrypted."
        ),
        stability="good",
        tested="real",
        example={
            "homeserver": "http://127.0.0.1:8008",
            "user_id": "@relay:example.org",
            "hs_token": "env:RELAY_MATRIX_HS_TOKEN",
            "as_token": "env:RELAY_MATRIX_AS_TOKEN",
            "desk_rooms": ["!verifiers:example.org"],
            "alerts_from": ["@alerts:example.org"],
        },
        senders="account",
        read_by=SERVERS,
        set_up=SET_UP,
        while_away=WHILE_AWAY,
        notes=READING,
    )
    Settings: ClassVar[type[PluginSettings]] = MatrixSettings
    max_body: ClassVar[int] = 8_000_000
    """A transaction holds up to a hundred events of up to 64 kB."""

    def __init__(self, settings: MatrixSettings, secrets: Secrets) -> None:
        """Resolve both tokens: reading needs ours too."""
        self._hs_token = secrets.resolve(settings.hs_token).encode()
        self._as_token = secrets.resolve(settings.as_token)
        self._base = http_base(settings.homeserver, secrets)
        self._us = Us(settings.user_id, frozenset(settings.alerts_from), settings.hashtag)
        self._appservice = settings.appservice
        told = told_in_chat(settings.hashtag) if settings.tells_chats else ""
        self.rooms = Rooms(self._us, settings.desk_rooms, settings.chat_rooms, told)

    # --- what the homeserver sends -----------------------------------------------------------

    def trusts(self, headers: Mapping[str, str]) -> bool:
        """Whether it holds the hs_token, compared in constant time."""
        given = headers.get("authorization", "").encode("utf-8", "replace")
        return hmac.compare_digest(given, b"Bearer " + self._hs_token)

    def parse(self, request: WebhookRequest) -> Sequence[IncomingReport] | Ignored | Refused:
        """The reports and desk replies of a transaction; it is never refused for an event in it."""
        if not self.trusts(request.headers):
            return _BAD_TOKEN
        asked = _asked(request)
        if asked == "ping":
            return Ignored("ping")
        if asked != "transactions":
            return _NOT_HERE
        events = _events(request)
        if events is None:
            return _NOT_JSON
        return self._read(events) or Ignored(self._why_none(events))

    def answer(self, receipts: Sequence[Receipt]) -> WebhookResponse:  # noqa: ARG002 - receipts go as messages
        """An empty object: the transaction is taken."""
        return WebhookResponse(content_type="application/json", body="{}")

    def _read(self, events: Sequence[Event]) -> list[IncomingReport]:
        return [found for event in events if isinstance(found := self._report(event), IncomingReport)]

    def _why_none(self, events: Sequence[Event]) -> str:
        whys = [why for e in events if is_message(e, self._us) and isinstance(why := self._report(e), str)]
        return whys[0] if whys else "no_message"

    def _report(self, event: Event) -> IncomingReport | str:
        quoted = self.rooms.quotes.get(answered(event) or "", "")
        try:
            return report_of(event, self.rooms.kind(event["room_id"]), quoted, self._us)
        except Exception as error:  # noqa: BLE001 - one event must not keep all others waiting for ever
            log.error("matrix_event_unreadable", error=type(error).__name__)  # noqa: TRY400 - no content
            return "unreadable_event"

    # --- what it must know for that, and what it does besides --------------------------------

    async def learn(self, request: WebhookRequest, host: PartHost) -> Refused | None:
        """Who is in the rooms of the transaction, and which of our messages is answered in it."""
        events = _transacted(request)
        came = newcomers(events, self._us)
        for room in came:
            self.rooms.known.pop(room, None)
        messages = [event for event in events if is_message(event, self._us)]
        rooms = self.rooms.unknown(came | {event["room_id"] for event in messages})
        quotes = {(e["room_id"], found) for e in messages if (found := answered(e))}
        home = self._home(host)
        asking = [
            *(self.rooms.look(home, room) for room in rooms),
            *(self.rooms.quote(home, room, e) for room, e in quotes if e not in self.rooms.quotes),
        ]
        match await together(asking):
            case BadCredentials():
                return _UNKNOWN_TO_IT
            case RetryLater() | Unknown():
                return _AWAY
        return None

    async def follow_up(
        self, request: WebhookRequest, receipts: Sequence[Receipt], host: PartHost
    ) -> Outcome:
        """Come in where we are invited, thank, and say where we can't be."""
        events, home, rooms = _transacted(request), self._home(host), self.rooms
        invited = set(invitations(events, self._us))
        encrypted = encrypted_rooms(events, self._us) - invited
        rest = {event["room_id"] for event in events} - invited - encrypted
        crowded = {r for r in newcomers(events, self._us) & rest if rooms.known.get(r) == "other"}
        alone = {room for room in departures(events) & rest if rooms.kind(room) == "private"}
        odd = {e["room_id"] for e in events if unreadable(e) and rooms.kind(e["room_id"]) == "private"}
        return await together(
            [
                *(self._enter(room, host) for room in invited),
                *(rooms.cannot_read(home, room) for room in encrypted),
                *(rooms.bow_out(home, room, "several") for room in crowded),
                *(rooms.leave(home, room) for room in alone),
                *(rooms.say(home, room, "unreadable") for room in odd & rest - alone),
                *(rooms.thank(home, receipt) for receipt in receipts),
            ]
        )

    async def settle(self, host: PartHost) -> Outcome:
        """The account exists, the homeserver knows that we are back, what we began to enter is entered."""
        home, local = self._home(host), self._us.user_id[1:].partition(":")[0]
        account = {"type": "m.login.application_service", "username": local, "inhibit_login": True}
        made = await home.call("POST", "/v3/register", body=account)
        if not isinstance(made.outcome, Delivered) and made.errcode != "M_USER_IN_USE":
            return made.outcome
        # Pinged, Synapse sends at once what it kept for us; otherwise up to eight minutes later.
        ping = await home.call("POST", f"/v1/appservice/{self._appservice}/ping", body={})
        entered = await together([self._enter(room, host) for room in tuple(self.rooms.entering)])
        return worst([_pinged(ping), entered])

    async def write_back(self, address: str, text: str, host: ChannelHost, *, key: str) -> Outcome:
        """Send it into the room, by a transaction id that stays the same."""
        return await self._home(host).send_text(address, text, txn=key)

    async def _enter(self, room: str, host: PartHost) -> Outcome:
        return await self.rooms.enter(self._home(host), room, take=host.take, read=self._read)

    def _home(self, host: ChannelHost) -> Homeserver:
        return Homeserver(host.http, self._base, self._as_token)


def _pinged(ping: Said) -> Outcome:
    """What became of asking the homeserver to call us; an older one cannot be asked."""
    match ping.errcode:
        case "M_UNRECOGNIZED":
            return Delivered()
        case "M_FORBIDDEN":
            return Rejected("wrong_appservice")
        case "M_BAD_STATUS" | "M_CONNECTION_FAILED" | "M_CONNECTION_TIMEOUT":
            return RetryLater("cannot_reach_us")
    return ping.outcome


def _asked(request: WebhookRequest) -> str:
    """What is asked for: `transactions`, `ping`, or what else stands first behind the prefix."""
    _, found, rest = urlsplit(request.url).path.partition(_PREFIX)
    return rest.partition("/")[0] if found else ""


def _events(request: WebhookRequest) -> list[Event] | None:
    try:
        return events_in(json.loads(request.body))
    except (ValueError, RecursionError):
        return None


def _transacted(request: WebhookRequest) -> list[Event]:
    return (_events(request) or []) if _asked(request) == "transactions" else []

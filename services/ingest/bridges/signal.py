"""Signal: an account of the hub's own, read from signal-cli's daemon on this machine.

The daemon streams every message that the account gets (server-sent events). In private every message is a
report; in a group only what is meant for us: addressed, marked, or a desk reply (MINE D7K, or MINE in answer
to an alert of ours). All other talk of a group is never stored, and what the account itself wrote, from
whichever device, never comes back.

A message is known by its sender and the time that the sender's phone gave it, so the daemon may tell it
again; after a break it is asked for what came since the last event that was stored.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import aiohttp
from pydantic import Field, field_validator

from alert_relay.plugins import (
    GROUP_TALK,
    BadCredentials,
    ChannelHost,
    Delivered,
    Ignored,
    IncomingReport,
    Outcome,
    PluginSettings,
    ReadingHost,
    RetryLater,
    Secrets,
    Spec,
    meant_in_chat,
    told_in_chat,
    with_code_of,
)
from shared.errors import SettingsError
from shared.plugins.addresses import resolved
from shared.plugins.event_stream import Event, EventReader
from shared.plugins.signal_cli import DEFAULT, GROUP, NO_ACCOUNT, Daemon, checked_daemon, is_account
from shared.plugins.signal_words import READING, SET_UP, WHILE_AWAY
from shared.plugins.untrusted import moment_in, object_in, text_in

_SILENT_S: Final = 60.0
"""The daemon says something every 15 seconds, be it only that it is there."""
_EVERYTHING: Final = "0"
"""An event that no daemon knows: it then tells all that it keeps, and repeats are known as such."""
_MS: Final = 1000
_OLDEST: Final = timedelta(days=13)
"""What is older may be a repeat that the log has forgotten."""
_JUST_NOW: Final = timedelta(minutes=10)
_PLACEHOLDER: Final = "\ufffc"
"""Stands in a text where somebody is mentioned."""


class SignalSettings(PluginSettings):
    """Which daemon, and which account of it."""

    account: str = Field(min_length=1)
    """The account's phone number (+44…), or a reference to it (env:NAME or file:/path)."""
    daemon: str = DEFAULT
    """Where signal-cli's daemon is: on this machine's loopback address, or unix:/path/to/socket."""
    hashtag: str = Field(default="raid", pattern=r"^\w{1,40}$")
    """In groups, messages with this hashtag are reports."""
    tells_chats: bool = True
    """Whether a group that has changed, as when the account is added, is told what is taken there."""

    @field_validator("daemon")
    @classmethod
    def _on_this_machine(cls, value: str) -> str:
        return checked_daemon(value)


class Signal:
    """One account."""

    spec: ClassVar[Spec] = Spec(
        kind="signal",
        title="Signal",
        summary="People write to an account of the hub's, or mark a message in a group with #raid.",
        who_else_reads=(
            "Nobody on the way: messages are end-to-end encrypted up to the machine on which signal-cli "
            "runs. Signal knows that an account was written to, and in a group all its members read along."
        ),
        stability="experimental",
        tested="fake",
        example={"account": "env:SIGNAL_ACCOUNT", "daemon": DEFAULT},
        senders="account",
        silent_s=2 * _SILENT_S,
        set_up=SET_UP,
        while_away=WHILE_AWAY,
        notes=READING,
    )
    Settings: ClassVar[type[PluginSettings]] = SignalSettings

    def __init__(self, settings: SignalSettings, secrets: Secrets) -> None:
        """Resolve the account."""
        account = resolved(settings.account, secrets)
        if not is_account(account):
            raise SettingsError(NO_ACCOUNT)
        self._daemon = Daemon(settings.daemon, account)
        self._marks = _Marks(account, settings.hashtag)
        self._last = _EVERYTHING
        self._says = told_in_chat(settings.hashtag) if settings.tells_chats else ""
        self._told: set[str] = set()
        """Groups that were told since the start."""

    async def read(self, host: ReadingHost) -> RetryLater | BadCredentials:
        """Read the daemon's stream until it breaks off."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=_SILENT_S)
        try:
            async with (
                self._daemon.session(host.http) as http,
                http.get(
                    f"{self._daemon.base}/api/v1/events",
                    params={"account": self._daemon.account},
                    headers={"Accept": "text/event-stream", "Last-Event-ID": self._last},
                    timeout=timeout,
                    allow_redirects=False,
                ) as response,
            ):
                if response.status != 200:  # noqa: PLR2004 - HTTP's own classes
                    return _not_open(response.status)
                host.connected()
                return await self._events(response, host)
        except aiohttp.ClientConnectorError:
            return RetryLater("unreachable")
        except TimeoutError:
            return RetryLater("silent")
        except (aiohttp.ClientError, OSError):
            return RetryLater("connection_broke")

    async def _events(
        self, response: aiohttp.ClientResponse, host: ReadingHost
    ) -> RetryLater | BadCredentials:
        events = EventReader()
        async for piece in response.content.iter_any():
            host.alive()
            for event in events.feed(piece):
                found = self.report_in(event, host.now)
                if isinstance(found, IncomingReport):
                    await host.take(found)
                elif found == _OTHER_ACCOUNT:
                    return BadCredentials(found.reason)
                else:
                    host.ignored(found)
                if isinstance(found, _GroupChanged):
                    await self._tell(found, host)
                self._last = event.id or self._last
        return RetryLater("stream_ended")

    async def _tell(self, change: "_GroupChanged", host: ReadingHost) -> None:
        """Tell a group that changed, once a start: Signal does not say whether it is we who came in."""
        if not self._says or change.group in self._told or host.now - change.at > _JUST_NOW:
            return
        key = f"told-{int(change.at.timestamp())}"
        told = await self._daemon.send(host.http, f"{GROUP}{change.group}", self._says, key=key)
        if isinstance(told, Delivered):
            self._told.add(change.group)
        else:
            host.ignored(Ignored("group_not_told"))

    def report_in(self, event: Event, now: datetime) -> IncomingReport | Ignored:
        """The report in one event of the daemon, or why there is none."""
        if event.name != "receive":
            return Ignored("other_event")
        if event.data is None:
            return Ignored("too_long")
        try:
            told: Any = json.loads(event.data)
        except (ValueError, RecursionError):
            return Ignored("not_json")
        if not isinstance(told, dict):
            return Ignored("not_json")
        if told.get("account") != self._daemon.account:
            return _OTHER_ACCOUNT
        return _from_envelope(told, self._marks, now)

    async def write_back(self, address: str, text: str, host: ChannelHost, *, key: str) -> Outcome:
        """Send it to the sender, or to the group in which a member wrote to the desk."""
        return await self._daemon.send(host.http, address, text, key=key)


_OTHER_ACCOUNT: Final = Ignored("other_account")


@dataclass(frozen=True, slots=True)
class _GroupChanged(Ignored):
    """Somebody came or went, or it has another name: which group, and when."""

    group: str = field(kw_only=True)
    at: datetime = field(kw_only=True)


def _not_open(status: int) -> RetryLater | BadCredentials:
    if status == 400:  # noqa: PLR2004 - what the daemon says of an account that it does not have
        return BadCredentials("no_such_account")
    return RetryLater(f"http_{status}")


@dataclass(frozen=True, slots=True)
class _Marks:
    """Who we are, and by what we are meant in a group."""

    account: str
    hashtag: str

    def is_us(self, person: Mapping[str, Any], *keys: str) -> bool:
        return any(person.get(key) == self.account for key in keys)

    def addressed(self, message: Mapping[str, Any]) -> bool:
        """Whether a group's message answers us, or names us."""
        mentions = message.get("mentions")
        named = [m for m in mentions if isinstance(m, dict)] if isinstance(mentions, list) else []
        return self.answers_us(message) or any(self.is_us(m, "number", "uuid") for m in named)

    def answers_us(self, message: Mapping[str, Any]) -> bool:
        return self.is_us(object_in(message, "quote"), "authorNumber", "authorUuid")


def _from_envelope(told: Mapping[str, Any], marks: _Marks, now: datetime) -> IncomingReport | Ignored:
    envelope = object_in(told, "envelope")
    sender = text_in(envelope, "sourceUuid") or text_in(envelope, "sourceNumber")
    stamp = envelope.get("timestamp")
    edit = object_in(envelope, "editMessage")
    message = object_in(edit or envelope, "dataMessage")
    if "syncMessage" in envelope or marks.is_us(envelope, "sourceNumber", "sourceUuid"):
        return Ignored("own_message")
    if "exception" in told:
        new_key = text_in(object_in(told, "exception"), "type") == "UntrustedIdentityException"
        return Ignored("untrusted_sender" if new_key else "undecryptable")
    if not message or not sender or type(stamp) is not int:
        return Ignored("no_message")
    at = moment_in(envelope, "serverReceivedTimestamp", per_second=_MS)
    at = at or moment_in(envelope, "timestamp", per_second=_MS)
    if (nothing := _says_nothing(message)) is not None:
        return _ignored(nothing, object_in(message, "groupInfo"), at)
    if at is not None and now - at > _OLDEST:
        return Ignored("too_old")
    found = _report(message, marks, _Source(f"{sender}:{stamp}", sender, at))
    return _edited(found, moment_in(edit, "targetSentTimestamp", per_second=_MS)) if edit else found


def _edited(found: IncomingReport | Ignored, first_said_at: datetime | None) -> IncomingReport | Ignored:
    if isinstance(found, Ignored):
        return found
    return replace(found, first_said_at=first_said_at) if first_said_at else Ignored("edited_message")


def _ignored(why: str, group: Mapping[str, Any], at: datetime | None) -> Ignored:
    if group.get("type") == "UPDATE" and at is not None and text_in(group, "groupId"):
        return _GroupChanged(why, group=text_in(group, "groupId"), at=at)
    return Ignored(why)


def _says_nothing(message: Mapping[str, Any]) -> str | None:
    """Why a message of Signal's is none of a person's words; None if it is."""
    for kind in ("reaction", "remoteDelete", "adminDelete", "sticker", "pollVote", "storyContext"):
        if kind in message:
            return "no_words_of_its_own"
    if message.get("isExpirationUpdate") is True or object_in(message, "groupInfo").get("type") == "UPDATE":
        return "settings_changed"
    return None if text_in(message, "message").replace(_PLACEHOLDER, "").strip() else "no_text"


@dataclass(frozen=True, slots=True)
class _Source:
    """A message's own id, its sender, and when Signal got it."""

    id: str
    sender: str
    at: datetime | None


def _report(message: Mapping[str, Any], marks: _Marks, source: _Source) -> IncomingReport | Ignored:
    text = text_in(message, "message").replace(_PLACEHOLDER, " ").strip()
    if marks.answers_us(message):
        text = with_code_of(text, text_in(object_in(message, "quote"), "text")) or text
    group = text_in(object_in(message, "groupInfo"), "groupId")
    meant = meant_in_chat(text, addressed=not group or marks.addressed(message), hashtag=marks.hashtag)
    if meant is None:
        return Ignored(GROUP_TALK)
    return IncomingReport(
        source_id=source.id,
        text=text,
        sender=source.sender,
        contact=None if group else source.sender,
        observed_at=source.at,
        source=group or None,
        chat=text_in(object_in(message, "groupInfo"), "groupName") or None,
        reply_to=f"{GROUP}{group}" if group and meant == "desk" else None,
    )

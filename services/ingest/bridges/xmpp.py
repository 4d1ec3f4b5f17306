"""XMPP: an account of the hub's own, to which people write, and which sits in rooms (MUC) that it is given.

In private every message is a report; in a room only what is meant for us: addressed, marked, or a desk reply.
All other talk of a room is dropped in memory. What the account itself wrote, by whichever session, never
comes back. What came while we were away is asked of the archives (XEP-0313) of the account and the rooms,
back to where all was read before; without archives the server brings what it kept for us, once.

A message is acknowledged to its writer's app (XEP-0184) once it is stored.
"""

import asyncio
import re
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final
from xml.etree.ElementTree import Element

from pydantic import Field, StringConstraints

from alert_relay.plugins import (
    SERVERS,
    BadCredentials,
    ChannelHost,
    Delivered,
    Ignored,
    IncomingReport,
    Outcome,
    PluginSettings,
    ReadingHost,
    Rejected,
    RetryLater,
    Secrets,
    Spec,
    told_in_chat,
)
from services.ingest.bridges.xmpp_stanzas import (
    ENCRYPTED,
    OLDEST,
    OWN,
    ROOM,
    Heard,
    Us,
    from_archive,
    heard,
    report_in,
)
from shared.plugins.xmpp_words import CANNOT_READ, READING, SET_UP, WHILE_AWAY

if TYPE_CHECKING:  # slixmpp is large, and most hubs have no such bridge
    from shared.plugins.xmpp_session import Account, Session

_JID: Final = r"^[^@/\s]+@[^@/\s]+$"
_LOOK_S: Final = 60.0
_MOST_WAITING: Final = 2_000
_MOST_KNOWN: Final = 20_000
_OWN: Final = ""
"""Stands for our account's archive among those of rooms."""
_AGAIN: Final = timedelta(hours=1)
"""So far back archives are asked for again, and so seldom somebody is told that we cannot read them."""

_Found = tuple[Heard, IncomingReport | Ignored]


class XmppSettings(PluginSettings):
    """The account, and the rooms it sits in."""

    jid: str = Field(pattern=_JID)
    """The account: relay@example.org."""
    password: str = Field(pattern=r"^(env|file):.+$")
    """A reference to its password."""
    rooms: tuple[Annotated[str, StringConstraints(pattern=_JID)], ...] = Field(default=(), max_length=50)
    """Rooms that it comes into: verifiers@rooms.example.org."""
    nick: str = Field(default="relay", pattern=r"^[^\s@/:,]{1,40}$")
    """What it is called in rooms."""
    hashtag: str = Field(default="raid", pattern=r"^\w{1,40}$")
    """In rooms, messages with this hashtag are reports."""
    tells_chats: bool = True
    """Whether a room is told, when the account comes in, what is taken of what is said there."""
    server: str = Field(default="", pattern=r"^(|\[?[^\s\[\]/]+\]?:\d{1,5})$")
    """host:port of its server, where that is not what the domain's DNS says (127.0.0.1:5222)."""
    ca_file: str = ""
    """A certificate authority of your own (PEM), by which the server's certificate is checked instead."""


class Xmpp:
    """One account. How far it has read it may forget: that costs a few questions."""

    spec: ClassVar[Spec] = Spec(
        kind="xmpp",
        title="XMPP (Jabber)",
        summary="People write to an XMPP account of the hub's, or mark a message in a room with #raid.",
        who_else_reads=(
            "Whoever runs the writer's server or the hub's can read everything, because the relay reads no "
            "encrypted messages; in a room all who are in it, and whoever runs its server."
        ),
        stability="good",
        tested="real",
        example={
            "jid": "relay@example.org",
            "password": "env:RELAY_XMPP_PASSWORD",
            "rooms": ["verifiers@rooms.example.org"],
        },
        senders="account",
        read_by=SERVERS,
        silent_s=300,
        set_up=SET_UP,
        while_away=WHILE_AWAY,
        notes=READING,
    )
    Settings: ClassVar[type[PluginSettings]] = XmppSettings
    look_s: float = _LOOK_S

    def __init__(self, settings: XmppSettings, secrets: Secrets) -> None:
        """Resolve the password."""
        self._settings, self._password = settings, secrets.resolve(settings.password)
        self._live: Session | None = None
        self._known: dict[str, None] = {}
        self._read_to: dict[str, datetime] = {}
        self._one_by_one = asyncio.Lock()
        self._told: dict[str, datetime] = {}
        """Whom we told that we cannot read them, and when."""
        self._says = told_in_chat(settings.hashtag) if settings.tells_chats else ""
        self._rooms_told: set[str] = set()
        """Rooms that were told what we take there, as far as their archive or history goes back."""

    async def read(self, host: ReadingHost) -> RetryLater | BadCredentials:
        """Hear what is written to us until the connection breaks."""
        from shared.plugins.xmpp_session import NoSessionError, session

        waiting: asyncio.Queue[_Found] = asyncio.Queue(_MOST_WAITING)
        try:
            async with session(self._account(), lambda xml: self._hear(xml, host, waiting)) as live:
                self._live = live
                return await self._stay(live, host, waiting)
        except NoSessionError as no:
            return no.why
        finally:
            self._live = None

    async def write_back(
        self,
        address: str,
        text: str,
        host: ChannelHost,  # noqa: ARG002 - a session needs nothing of the host's
        *,
        key: str,
    ) -> Outcome:
        """Send it to whoever wrote to us, or to the room in which a member wrote to the desk."""
        from shared.plugins.xmpp_session import NoSessionError, session

        to, room = address.removeprefix(ROOM), address.startswith(ROOM)
        if not re.match(_JID, to):
            return Rejected("bad_address")
        live = self._live
        if live is not None and not live.ended.done() and not room:
            return await live.send(to, text, key=key)
        try:
            async with session(self._account()) as own:
                if room and not await own.enter(to, self._settings.nick, since=None):
                    return RetryLater("room_refused")
                return await own.send(to, text, key=key, room=room)
        except NoSessionError as no:
            return no.why

    async def check(self, host: ChannelHost) -> Outcome:  # noqa: ARG002 - a session needs nothing of the host's
        """Let ourselves in, and leave."""
        from shared.plugins.xmpp_session import NoSessionError, session

        try:
            async with session(self._account()):
                return Delivered()
        except NoSessionError as no:
            return no.why

    def _account(self) -> "Account":
        from shared.plugins.xmpp_session import Account

        host, _, port = self._settings.server.rpartition(":")
        return Account(
            self._settings.jid, self._password, host.strip("[]"), int(port or 0), self._settings.ca_file
        )

    # --- hearing ---------------------------------------------------------------------------------

    def _hear(self, xml: Element, host: ReadingHost, waiting: "asyncio.Queue[_Found]") -> None:
        """A message has come: read it now, for who is who in a room may change."""
        message = heard(xml)
        if self._live is None or from_archive(xml) is not None:
            return
        try:
            waiting.put_nowait((message, self._found_in(message, self._live, host)))
        except asyncio.QueueFull:
            self._live.break_off(RetryLater("too_much_at_once"))

    def _found_in(self, message: Heard, live: "Session", host: ReadingHost) -> IncomingReport | Ignored:
        us = Us(self._settings.jid.lower(), self._settings.hashtag, live.nick_in, live.who_is)
        try:
            found = report_in(message, us, host.now)
        except Exception:  # noqa: BLE001 - an archive would tell it again for ever, and stop all others
            return Ignored("plugin_error")
        if found == OWN and message.body == self._says:
            self._rooms_told.add(message.sender)
        return found

    async def _stay(
        self, live: "Session", host: ReadingHost, waiting: "asyncio.Queue[_Found]"
    ) -> RetryLater | BadCredentials:
        live.be_there()
        host.connected()
        work = [
            asyncio.create_task(self._watch(live, host)),
            asyncio.create_task(self._take_all(live, host, waiting)),
            *(asyncio.create_task(self._sit_in(room, live, host)) for room in self._settings.rooms),
        ]
        watched: list[asyncio.Future[Any]] = [live.ended, *work]
        try:
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            for task in work:
                if task.done():
                    task.result()
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        while not waiting.empty():  # it was told before the connection broke
            await self._take(live, host, *waiting.get_nowait())
        return live.ended.result()

    async def _watch(self, live: "Session", host: ReadingHost) -> None:
        """Notice a connection that is dead."""
        while True:
            await asyncio.sleep(self.look_s)
            if not await live.answers():
                live.break_off(RetryLater("silent"))
            host.alive()

    async def _sit_in(self, room: str, live: "Session", host: ReadingHost) -> None:
        """Be in a room, whatever happens, and read what was said there meanwhile."""
        while True:
            if not await live.in_room(room):
                kept = await live.keeps(room)
                since = None if kept else self._since(room, host)
                if not await live.enter(room, self._settings.nick, since=since):
                    host.ignored(Ignored("room_refused"))
                else:
                    if kept:
                        await self._catch_up(room, live, host)
                    await self._tell_room(room, live, host)
            await asyncio.sleep(self.look_s)

    async def _tell_room(self, room: str, live: "Session", host: ReadingHost) -> None:
        """Whoever is there must know what is taken of what they say."""
        if not self._says or room.lower() in self._rooms_told:
            return
        told = await live.send(room, self._says, key=f"told-{int(host.now.timestamp())}", room=True)
        if isinstance(told, Delivered):
            self._rooms_told.add(room.lower())
        else:
            host.ignored(Ignored("room_not_told"))

    def _since(self, archive: str, host: ReadingHost) -> datetime:
        return self._read_to.get(archive, host.now - OLDEST)

    # --- taking ----------------------------------------------------------------------------------

    async def _take_all(self, live: "Session", host: ReadingHost, waiting: "asyncio.Queue[_Found]") -> None:
        """First what our archive holds, then what comes."""
        await self._catch_up(_OWN, live, host)
        while True:
            await self._take(live, host, *await waiting.get())

    async def _catch_up(self, archive: str, live: "Session", host: ReadingHost) -> None:
        began = host.now
        async for result in live.archived(archive, self._since(archive, host)):
            if (message := from_archive(result)) is not None:
                await self._take(live, host, message, self._found_in(message, live, host))
        self._read_to[archive] = began - _AGAIN

    async def _take(
        self, live: "Session", host: ReadingHost, message: Heard, found: IncomingReport | Ignored
    ) -> None:
        if isinstance(found, Ignored):
            host.ignored(found)
            if found is ENCRYPTED and not message.archived:
                await self._tell_unreadable(live, message.sender, host.now)
            return
        async with self._one_by_one:  # a room's archive is read beside what comes
            if found.source_id in self._known:
                host.ignored(Ignored("repeat"))
                return
            await host.take(found)
            self._known[found.source_id] = None
            if len(self._known) > _MOST_KNOWN:
                del self._known[next(iter(self._known))]
        if found.contact and message.wants_receipt and not message.archived:
            live.acknowledge(message.xml.get("from", ""), message.xml.get("id", ""))

    async def _tell_unreadable(self, live: "Session", sender: str, now: datetime) -> None:
        """Somebody whose words we cannot read must not wait for help in vain; once an hour."""
        self._told = {who: at for who, at in self._told.items() if now - at < _AGAIN}
        if sender in self._told or len(self._told) >= _MOST_KNOWN or live.nick_in(sender):
            return
        self._told[sender] = now
        with suppress(Exception):  # a courtesy: reading goes on
            await live.send(sender, CANNOT_READ, key=f"unreadable-{int(now.timestamp())}")

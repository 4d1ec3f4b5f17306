"""One session of an XMPP account: begun, used, ended, and said how it ended. The only importer of slixmpp.

Guarantees: nothing is said before the stream is encrypted and the server has shown a certificate for the
account's domain; stanzas are handed on in the order in which they came; of what was sent it is known whether
the server took it. Nothing that slixmpp would log is written: its lines hold whole stanzas.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from xml.etree.ElementTree import Element

from slixmpp import JID, ClientXMPP, InvalidJID, Message
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath
from slixmpp.xmlstream.xmlstream import NotConnectedError

from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RetryLater, Unknown

_BEGIN_S: Final = 20.0
_ANSWER_S: Final = 10.0
_END_S: Final = 1.0
_PAGE: Final = 100
_PLUGINS: Final = ("xep_0030", "xep_0045", "xep_0199", "xep_0313")
_MESSAGE: Final = "{jabber:client}message"

logging.getLogger("slixmpp").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose session it is. An empty `host` leaves it to the domain's DNS where its server is."""

    jid: str
    password: str
    host: str = ""
    port: int = 0
    ca_file: str = ""

    def __repr__(self) -> str:
        """Without the password."""
        return f"Account({self.jid!r})"


class NoSessionError(Exception):
    """There is none, or no more: `why`."""

    def __init__(self, why: RetryLater | BadCredentials) -> None:
        super().__init__(why.reason)
        self.why = why


def bare(address: str) -> str | None:
    """An address of somebody without what device they use, as servers compare it; None if it is none."""
    try:
        jid = JID(address)
    except InvalidJID:
        return None
    return str(jid.bare) if jid.user and jid.domain else None


@asynccontextmanager
async def session(
    account: Account, heard: Callable[[Element], None] | None = None
) -> AsyncIterator["Session"]:
    """A session for as long as the context is open; each message that comes goes to `heard` at once.

    Raises `NoSessionError`. Without `heard` it is for sending only, and the server brings it nothing.
    """
    begun = Session(account, heard)
    try:
        await begun.begin()
        yield begun
    finally:
        await begun.end()


class Session:
    """See `session`."""

    def __init__(self, account: Account, heard: Callable[[Element], None] | None) -> None:
        self._account, self._heard = account, heard
        context = ssl.create_default_context(cafile=account.ca_file or None)
        self._client = ClientXMPP(account.jid, account.password, ssl_context=context)
        for plugin in _PLUGINS:
            self._client.register_plugin(plugin)
        self._client.auto_authorize = False  # whoever asks to see whether we are there is not kept in a list
        self._client.enable_direct_tls = not account.host
        self._up = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[RetryLater | BadCredentials] = asyncio.get_running_loop().create_future()
        """How it ended, once it has."""
        self._awaited: dict[str, Outcome | None] = {}
        """What we have just sent, by its id, and the error that came back for it."""
        self._last_refusal = ""
        self._listen()

    def _listen(self) -> None:
        client = self._client
        client.register_handler(Callback("relay", MatchXPath(_MESSAGE), self._on_message))
        client.add_event_handler("session_start", self._on_start)
        client.add_event_handler("failed_auth", self._on_refused)
        client.add_event_handler("failed_all_auth", lambda _: self._over(self._why_not_let_in()))
        client.add_event_handler("reconnect_delay", lambda _: self._over(RetryLater("unreachable")))
        client.add_event_handler("ssl_invalid_chain", lambda _: self._over(RetryLater("bad_certificate")))
        client.add_event_handler("disconnected", self._on_broken)

    def _on_start(self, _: Any) -> None:
        if not self._up.done():
            self._up.set_result(None)

    def _on_broken(self, why: Any) -> None:
        no_trust = isinstance(why, ssl.SSLError)
        self._over(RetryLater("bad_certificate" if no_trust else "connection_broke"))

    def _over(self, why: RetryLater | BadCredentials) -> None:
        if not self.ended.done():
            self.ended.set_result(why)

    def _on_refused(self, failure: Any) -> None:
        self._last_refusal = str(failure["condition"])

    def _why_not_let_in(self) -> RetryLater | BadCredentials:
        if self._last_refusal == "temporary-auth-failure":
            return RetryLater("temporary_auth_failure")
        return BadCredentials()

    def _on_message(self, message: Any) -> None:
        if message["type"] == "error":
            if (sent := str(message["id"])) in self._awaited:
                self._awaited[sent] = _refusal(message)
        elif self._heard is not None:
            self._heard(message.xml)

    # --- its beginning and end -------------------------------------------------------------------

    async def begin(self) -> None:
        """Return once the server has let us in. Raises `NoSessionError`."""
        self._client.connect(self._account.host or None, self._account.port or None)
        await asyncio.wait({self._up, self.ended}, timeout=_BEGIN_S, return_when=asyncio.FIRST_COMPLETED)
        if self.ended.done():
            raise NoSessionError(self.ended.result())
        if not self._up.done():
            raise NoSessionError(RetryLater("silent"))

    def be_there(self) -> None:
        """From now on the server brings us what is written to us, what waited there first."""
        self._client.send_presence()

    async def end(self) -> None:
        """Take leave; a server that does not answer is left."""
        client = self._client
        client.cancel_connection_attempt()
        with suppress(Exception):
            await asyncio.wait_for(client.disconnect(wait=_END_S), 2 * _END_S)
        client.abort()
        if client._run_out_filters is not None:  # noqa: SLF001 - slixmpp leaves its sender running for ever
            client._run_out_filters.cancel()  # noqa: SLF001 - the same

    def break_off(self, why: RetryLater) -> None:
        """End it from our side, at once."""
        self._over(why)
        self._client.abort()

    async def answers(self) -> bool:
        """Whether the server is still there."""
        try:
            await self._client.plugin["xep_0199"].ping(timeout=_ANSWER_S)
        except (IqError, IqTimeout, NotConnectedError):
            return False
        return True

    # --- rooms -----------------------------------------------------------------------------------

    async def enter(self, room: str, nick: str, *, since: datetime | None) -> bool:
        """Come into a room, with what was said there `since` (None: nothing); False: it lets us not in."""
        where, refused = JID(room), asyncio.get_running_loop().create_future()

        def on_error(presence: Any) -> None:
            if presence["from"].bare == where.bare and not refused.done():
                refused.set_result(None)

        told: dict[str, Any] = {"maxstanzas": 0} if since is None else {"since": since}
        muc = self._client.plugin["xep_0045"]
        joining = asyncio.ensure_future(muc.join_muc_wait(where, nick, timeout=_ANSWER_S, **told))
        with self._client.event_handler("presence_error", on_error):
            await asyncio.wait([joining, refused], return_when=asyncio.FIRST_COMPLETED)
        entered = joining.done() and joining.exception() is None
        joining.cancel()
        return entered

    async def keeps(self, room: str) -> bool:
        """Whether the room has an archive."""
        try:
            info = await self._client.plugin["xep_0030"].get_info(jid=JID(room), timeout=_ANSWER_S)
        except (IqError, IqTimeout):
            return False
        return "urn:xmpp:mam:2" in info["disco_info"]["features"]

    async def in_room(self, room: str) -> bool:
        """Whether the room still knows us: it may have thrown us out without a word."""
        nick = self.nick_in(room)
        if not nick:
            return False
        try:
            await self._client.plugin["xep_0199"].ping(JID(f"{room}/{nick}"), timeout=_ANSWER_S)
        except IqError as error:
            return str(error.iq["error"]["condition"]) in {"service-unavailable", "feature-not-implemented"}
        except IqTimeout:
            return False
        return True

    def nick_in(self, room: str) -> str:
        """What we are called there; empty if we are not there."""
        return str(self._client.plugin["xep_0045"].our_nicks[None].get(JID(room), ""))

    def who_is(self, room: str, nick: str) -> str | None:
        """The true address of somebody in a room, where the room shows it."""
        found = self._client.plugin["xep_0045"].rooms[None].get(JID(room), {}).get(nick, {}).get("jid")
        return bare(str(found)) if found else None

    # --- what was said, and what we say ----------------------------------------------------------

    async def archived(self, room: str, since: datetime) -> AsyncIterator[Element]:
        """What a room's archive (empty: our account's) holds since then, oldest first; nothing without one.

        Raises `NoSessionError` if the server does not answer.
        """
        told = self._client.plugin["xep_0313"].iterate(
            jid=JID(room) if room else None, start=since, rsm={"max": _PAGE}
        )
        whose = str(JID(room or self._account.jid))
        try:
            async for result in told:
                # Anybody may send us what looks like an archive's words; their server says who they are.
                if str(result["from"] or whose) == whose:
                    yield result.xml
        except IqError:
            return
        except IqTimeout:
            raise NoSessionError(RetryLater("silent")) from None

    async def send(self, to: str, text: str, *, key: str, room: bool = False) -> Outcome:
        """Send one message, and hear from the server that it took it.

        A server handles stanzas in their order: when it answers a ping, it has handled what came before.
        """
        message = self._client.make_message(JID(to), text, mtype="groupchat" if room else "chat")
        message["id"] = key
        self._awaited[key] = None
        message.send()
        pong = asyncio.ensure_future(self.answers())
        waited: list[asyncio.Future[Any]] = [pong, self.ended]
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            taken = pong.done() and pong.result()
        finally:
            pong.cancel()
            refused = self._awaited.pop(key, None)
        return refused or (Delivered() if taken else Unknown("no_answer"))

    def acknowledge(self, to: str, message_id: str) -> None:
        """Say to somebody's client that what it asked a receipt for (XEP-0184) has arrived."""
        receipt = self._client.make_message(JID(to))
        receipt.append(Element("{urn:xmpp:receipts}received", {"id": message_id}))
        receipt.send()


def _refusal(message: Message) -> Outcome:
    """What an error that came back for a message of ours means."""
    reason = str(message["error"]["condition"]).replace("-", "_") or "refused"
    return RetryLater(reason) if message["error"]["type"] == "wait" else Rejected(reason)

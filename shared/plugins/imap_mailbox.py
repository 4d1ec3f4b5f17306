"""A mailbox read by IMAP: what is in it and what comes, at once (IDLE), each mail until it is done with.

What is done with is deleted there. So the mailbox itself says what is still to be done: no place in it need
be kept, a crash costs nothing but a second look, and nobody's words or address lie there longer than they
must. What is not done with stays and is looked at no second time while we run.

The library blocks, so each connection has a thread of its own, which ends with it.
"""

import asyncio
import imaplib
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError
from imap_tools.mailbox import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted

from shared.plugins.mail_server import MailServer
from shared.plugins.spec import BadCredentials, RetryLater

OLDEST: Final = timedelta(days=13)
"""Of older mail nothing is read: it may be a repeat that the log has forgotten."""
MOST_BYTES: Final = 8_000_000
"""Of a larger mail the beginning is read; a round of several ends with the one that exceeds it."""
_ROUND: Final = 16
_TIMEOUT_S: Final = 10.0
_IDLE_S: Final = 30.0
"""Then we look anyway: a connection may have ended without a word of it."""
_WITHOUT_IDLE_S: Final = 10.0
_LATER: Final = re.compile(r"\[(UNAVAILABLE|LIMIT|INUSE|SERVERBUG)\]", re.IGNORECASE)
_WHEN: Final = re.compile(rb"INTERNALDATE \"([^\"]{10,40})\"")
_BROKEN: Final = (ImapToolsError, imaplib.IMAP4.error, OSError)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it lies there, and when the server got it."""

    uid: str
    raw: bytes
    at: datetime | None


class _NotLetInError(ImapToolsError):
    """The server does not know us, or not now."""


Look = Callable[[Sequence[Mail]], Awaitable[Collection[str]]]
"""What is done with mails; says the uids of those that are done with, and may go."""


class Mailbox:
    """One account's inbox."""

    def __init__(self, server: MailServer, password: str) -> None:
        self._server, self._password = server, password
        self._left: set[str] = set()
        self._counted_by = b""
        self.idle_s = _IDLE_S

    async def follow(self, connected: Callable[[], None], look: Look) -> RetryLater | BadCredentials:
        """Look at what is there, and at what comes, until the server breaks off; why it did."""
        link = _Link(self._server, self._password)
        try:
            await link.call(link.open)
            connected()
            return await self._rounds(link, look)
        except _BROKEN as error:
            return _why(error, was_open=link.is_open)
        finally:
            link.close()

    async def _rounds(self, link: "_Link", look: Look) -> RetryLater:
        if link.counted_by != self._counted_by:  # the server numbers them anew
            self._left, self._counted_by = set(), link.counted_by
        while True:
            uids = await link.call(link.uids)
            self._left &= set(uids)
            mails = await link.call(link.fetch, [uid for uid in uids if uid not in self._left])
            if not mails:
                await link.wait(self.idle_s)
                continue
            done = await look(mails)
            await link.call(link.delete, done)
            self._left |= {mail.uid for mail in mails}


class _Link:
    """One connection; its methods without `async` block, and run in its thread by `call`."""

    def __init__(self, server: MailServer, password: str) -> None:
        self._server, self._password = server, password
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mailbox")
        self._box: BaseMailBox | None = None
        self._closed = False
        self._can: Collection[str] = ()
        self.counted_by = b""
        """The server's word for how it numbers mails; another word, other numbers."""

    @property
    def is_open(self) -> bool:
        """Whether we are signed in."""
        return bool(self._can)

    async def call(self, what: Callable[..., Any], *args: Any) -> Any:
        """What it returns; when this is cancelled, `close` ends it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, what, *args)

    async def wait(self, seconds: float) -> None:
        """Return when something may have come, at the latest after so long."""
        if "IDLE" in self._can:
            await self.call(self._idle, seconds)
        else:
            await asyncio.sleep(min(seconds, _WITHOUT_IDLE_S))
            await self.call(self._client.noop)  # for some servers nothing is new before that

    def open(self) -> None:
        """Connect and sign in."""
        self._box = box = _connected(self._server)
        if self._closed:
            return
        sign_in = box.login if f"{self._server.username}{self._password}".isascii() else box.login_utf8
        try:
            sign_in(self._server.username or "", self._password)
        except imaplib.IMAP4.abort:
            raise
        except (MailboxLoginError, imaplib.IMAP4.error) as error:
            raise _NotLetInError(str(error)) from None
        self.counted_by = box.client.response("UIDVALIDITY")[1][0] or b""
        self._can = _abilities(box.client)

    def close(self) -> None:
        """Break the connection, also while the thread reads from it; the thread tidies up and ends."""
        self._closed = True
        if self._box is not None:
            with suppress(OSError):
                self._box.client.sock.shutdown(socket.SHUT_RDWR)
        self._thread.submit(self._tidy)
        self._thread.shutdown(wait=False)

    def _tidy(self) -> None:
        if self._box is not None:
            with suppress(OSError):
                self._box.client.shutdown()

    def uids(self) -> list[str]:
        """What is there, oldest first, that is not too old."""
        since = (datetime.now(UTC) - OLDEST).strftime("%d-%b-%Y")
        found: bytes = _said(self._client.uid("SEARCH", "UNDELETED", "SINCE", since))[-1] or b""
        return [uid.decode() for uid in found.split() if uid.isdigit()]

    def fetch(self, uids: Sequence[str]) -> list[Mail]:
        """A round of them, without marking them as read."""
        found: list[Mail] = []
        for uid in uids:
            answer, told = self._client.uid("FETCH", uid, f"(INTERNALDATE BODY.PEEK[]<0.{MOST_BYTES}>)")
            if answer != "OK":  # the server itself cannot read it: others wait behind it
                found.append(Mail(uid, b"", None))
            found += [Mail(uid, one[1], _moment(one[0])) for one in told if isinstance(one, tuple)][:1]
            if len(found) == _ROUND or sum(len(mail.raw) for mail in found) >= MOST_BYTES:
                break
        return found

    def delete(self, uids: Collection[str]) -> None:
        """Delete them, and where the server can, nothing that somebody else marked."""
        if not uids:
            return
        these = ",".join(sorted(uids, key=int))
        _said(self._client.uid("STORE", these, "+FLAGS.SILENT", r"(\Deleted)"))
        alone = "UIDPLUS" in self._can
        _said(self._client.uid("EXPUNGE", these) if alone else self._client.expunge())

    def _idle(self, seconds: float) -> None:
        """Wait for the server to say something; one that takes its leave may never answer again."""
        if self._box is None:
            return
        self._box.idle.start()  # type: ignore[no-untyped-call]  # the library's own
        told = [self._told_already()]
        if not told[0]:
            told = self._box.idle.poll(seconds)
        if any(line.startswith(b"* BYE") for line in told):
            raise OSError
        self._box.idle.stop()  # type: ignore[no-untyped-call]  # the same

    def _told_already(self) -> bytes:
        """What came together with an answer is read from the socket with it: no waiting there sees that."""
        sock = self._client.sock
        sock.settimeout(0)
        try:
            return self._client.readline()
        except OSError:  # nothing, by TLS
            return b""
        finally:
            sock.settimeout(_TIMEOUT_S)

    @property
    def _client(self) -> imaplib.IMAP4:
        if self._box is None:
            raise OSError
        return self._box.client


def _connected(server: MailServer) -> BaseMailBox:
    if server.tls == "none":
        return MailBoxUnencrypted(server.host, server.port, timeout=_TIMEOUT_S)
    proven = ssl.create_default_context()  # the library's own would take any certificate
    kind = MailBox if server.tls == "tls" else MailBoxStartTls
    return kind(server.host, server.port, timeout=_TIMEOUT_S, ssl_context=proven)


def _abilities(client: imaplib.IMAP4) -> Collection[str]:
    """What the server can do for whoever is signed in; before, it need not have said all of it."""
    told: bytes = _said(client.capability())[-1]
    return told.decode("ascii", "replace").upper().split()


def _said(answer: tuple[str, list[Any]]) -> list[Any]:
    """What the server answered, if that is not that it would not."""
    if answer[0] != "OK":
        raise imaplib.IMAP4.error
    return answer[1]


def _moment(told: bytes) -> datetime | None:
    found = _WHEN.search(told)
    try:
        moment = datetime.strptime(found[1].decode(), "%d-%b-%Y %H:%M:%S %z") if found else None
        return moment.astimezone(UTC) if moment else None
    except (ValueError, OverflowError):
        return None


def _why(error: Exception, *, was_open: bool) -> RetryLater | BadCredentials:
    if was_open:
        return RetryLater("connection_broke")
    if isinstance(error, ssl.SSLCertVerificationError):
        return BadCredentials("bad_certificate")
    if isinstance(error, MailboxFolderSelectError):
        return BadCredentials("no_inbox")
    if isinstance(error, _NotLetInError):
        return RetryLater("unavailable") if _LATER.search(str(error)) else BadCredentials()
    return RetryLater("unreachable")

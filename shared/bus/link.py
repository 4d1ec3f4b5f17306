"""One connection to NATS, and requests over it that fail only in the bus's own words.

Guarantees: it reconnects for ever; while it is away nothing is buffered (a message sent late
by the client library would arrive after its sender gave up); waiting for it never spins.

Every report is some ten requests, so they are made lean: one standing inbox for all replies, a
numbered subject for each, and what comes is handed on from the reading loop itself.
"""

import asyncio
import contextlib
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import structlog
from nats import errors as nats_errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.errors import BusError, BusRefusedError, BusUnavailableError

log = structlog.get_logger()

API: Final = "$JS.API."
NO_STREAM: Final = 10059
_NOBODY: Final = "503"
_RETRY_CODES: Final = frozenset({10008, 10009, 10023, 10076, 10158})
"""Server errors that pass: cluster without leader or quorum, JetStream starting, duplicate in flight."""
_DENIED: Final = re.compile(r'permissions violation for publish to "(?P<subject>[^"]+)"')


class ServerSaidNoError(Exception):
    """An error document of the JetStream API, by code; never leaves this package."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        """Keep the server's codes and description."""
        self.code = int(error.get("code", 0))
        self.err_code = int(error.get("err_code", 0))
        self.description = str(error.get("description", ""))
        super().__init__(f"{self.description} ({self.err_code})")

    @property
    def passes(self) -> bool:
        """Whether the same request may succeed a little later."""
        full = "maximum" in self.description or "insufficient" in self.description
        return self.err_code in _RETRY_CODES or (self.code == 503 and not full)  # noqa: PLR2004 - HTTP-like


class _HandedOn(asyncio.Future[Msg]):
    """Hands on every message as it is read.

    The library gives a subscription's messages to its future at once, where others wait in a queue
    for a task: a turn of the event loop, and a third of the work of a request.
    """

    def __init__(self, take: Callable[[Msg], None]) -> None:
        super().__init__()
        self._take = take

    def set_result(self, message: Msg) -> None:
        """Called by the library for each message; what is raised would end its reading."""
        try:
            self._take(message)
        except Exception:
            log.exception("bus.message_not_taken")


class _Client(Client):
    """The library's client, which reads headers at a third of the cost.

    A header stands on every message that is read. Where the library reads them in some other way
    one day, this is not asked, and nothing but the time is lost.
    """

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        lines = (line.partition(":") for line in raw.decode("utf-8", "replace").split("\r\n"))
        return {name: value.strip() for name, colon, value in lines if colon}


class Link:
    """A connection by that name; `open` it before use, `close` it after."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nc = _Client()
        self._standing = asyncio.Event()
        self._denied: set[str] = set()
        self._on_loss: set[Callable[[], None]] = set()
        self._inbox: asyncio.Task[str] | None = None
        self._numbers = itertools.count()
        self._asked: dict[str, tuple[str, asyncio.Future[Msg]]] = {}
        """What was asked on which subject, by the subject of the reply."""
        self._trouble = ""
        self._closing = False

    async def open(self, urls: list[str], *, patience_s: float, options: Mapping[str, Any]) -> None:
        """Connect, or raise `BusUnavailableError` with the last trouble once patience ends."""
        own: dict[str, Any] = {
            "name": self.name,
            "max_reconnect_attempts": -1,
            "reconnect_time_wait": 0.2,
            "connect_timeout": 2,
            "ping_interval": 5,
            "pending_size": 0,  # no buffering while away: see the module docstring
            "skip_subject_validation": True,  # subjects are checked by us
            "error_cb": self._on_error,
            "disconnected_cb": self._on_disconnected,
            "reconnected_cb": self._on_reconnected,
            "closed_cb": self._on_closed,
        }
        try:
            async with asyncio.timeout(patience_s):
                await self.nc.connect(servers=urls, **own, **options)
        except (TimeoutError, OSError, nats_errors.Error) as error:
            await self.close()
            raise BusUnavailableError(
                f"NATS at {', '.join(_without_password(u) for u in urls)} did not accept a connection in "
                f"{patience_s:g} s ({self._trouble or type(error).__name__}). Start it, or correct the "
                "address and credentials."
            ) from error
        self._standing.set()

    async def close(self) -> None:
        """End the connection; what is under way fails as unavailable."""
        self._closing = True
        with contextlib.suppress(OSError, nats_errors.Error):
            await self.nc.close()

    @contextlib.contextmanager
    def watched(self, when_lost: Callable[[], None]) -> Iterator[None]:
        """Within this block, call that on every loss of the connection."""
        self._on_loss.add(when_lost)
        try:
            yield
        finally:
            self._on_loss.discard(when_lost)

    async def standing(self, timeout_s: float | None = None) -> None:
        """Return once connected; raise `BusUnavailableError` after the timeout, or if closed for good."""
        if self.nc.is_connected:
            return
        try:
            async with asyncio.timeout(timeout_s):
                while not self.nc.is_connected:
                    if self.nc.is_closed:
                        raise BusUnavailableError(
                            f"The connection to NATS is closed ({self._trouble or 'by us'})."
                        )
                    self._standing.clear()
                    await self._standing.wait()
        except TimeoutError as error:
            raise BusUnavailableError("NATS is away.") from error

    async def request(
        self, subject: str, body: bytes, *, timeout_s: float, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """One request, one reply. Raises `BusUnavailableError`, or `BusRefusedError` if not permitted."""
        try:
            reply = await self._reply(subject, body, headers, timeout_s)
        except nats_errors.MaxPayloadError as error:
            raise BusRefusedError(
                f"The message for {subject} is larger than the server's limit of {self.nc.max_payload} bytes."
            ) from error
        except (nats_errors.Error, TimeoutError, OSError) as error:
            # The library lowers the case of the server's words.
            if subject.lower() in self._denied:
                raise BusRefusedError(f"{self.name} may not publish to {subject}.") from error
            raise BusUnavailableError(
                f"NATS did not answer on {subject} ({type(error).__name__})."
            ) from error
        if not reply.data and (reply.headers or {}).get("Status") == _NOBODY:
            raise BusUnavailableError(f"NATS did not answer on {subject} (nobody listens there).")
        return reply.data

    async def _reply(
        self, subject: str, body: bytes, headers: Mapping[str, str] | None, timeout_s: float
    ) -> Msg:
        loop = asyncio.get_running_loop()
        inbox = f"{await self._replies()}.{next(self._numbers)}"
        waiting: asyncio.Future[Msg] = loop.create_future()
        self._asked[inbox] = (subject.lower(), waiting)
        patience = loop.call_later(timeout_s, _end, waiting)
        try:
            await self.nc.publish(subject, body, reply=inbox, headers=dict(headers) if headers else None)
            return await waiting
        finally:
            patience.cancel()
            del self._asked[inbox]

    async def _replies(self) -> str:
        """Where all replies come to; listened to from the first request on."""
        if self._inbox is None or (self._inbox.done() and self._inbox.exception()):
            self._inbox = asyncio.create_task(self._listen_for_replies())
        return self._inbox.result() if self._inbox.done() else await asyncio.shield(self._inbox)

    async def _listen_for_replies(self) -> str:
        inbox = self.nc.new_inbox()
        await self.listen(f"{inbox}.*", self._on_reply)
        return inbox

    def _on_reply(self, reply: Msg) -> None:
        _, waiting = self._asked.get(reply.subject, ("", None))
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    async def listen(self, subject: str, take: Callable[[Msg], None]) -> Subscription:
        """Hand every message on that subject to `take`, over all reconnections."""
        return await self.nc.subscribe(subject, future=_HandedOn(take))

    async def api(self, verb: str, body: Mapping[str, Any] | None = None, *, timeout_s: float = 5) -> Any:
        """One JetStream API request; the reply's JSON, or `ServerSaidNoError` with its codes.

        While NATS is away it waits no longer than the timeout.
        """
        await self.standing(timeout_s)
        payload = json.dumps(body).encode() if body else b""
        return parse(await self.request(API + verb, payload, timeout_s=timeout_s))

    async def _on_error(self, error: Exception) -> None:
        trouble = str(error) or type(error).__name__
        # The server says why it shows us the door and then shuts it: the why is what a person needs.
        if "authorization" not in self._trouble.lower() or "authorization" in trouble.lower():
            self._trouble = trouble
        if denied := _DENIED.search(trouble):
            self._denied.add(denied["subject"])
            self._give_up(denied["subject"])
        if not self._closing:
            log.warning("bus.trouble", connection=self.name, error=trouble)

    async def _on_disconnected(self) -> None:
        self._denied.clear()
        self._lose()
        if not self._closing:
            log.warning("bus.disconnected", connection=self.name)

    async def _on_reconnected(self) -> None:
        self._trouble = ""
        self._standing.set()
        log.info("bus.reconnected", connection=self.name)

    async def _on_closed(self) -> None:
        self._standing.set()
        self._lose()
        if not self._closing:
            log.error("bus.closed_by_server", connection=self.name, error=self._trouble)

    def _lose(self) -> None:
        self._give_up()
        for when_lost in tuple(self._on_loss):
            when_lost()

    def _give_up(self, subject: str | None = None) -> None:
        """End the requests on that subject (or all) now, as if their time were over."""
        for asked, waiting in tuple(self._asked.values()):
            if subject in {None, asked}:
                _end(waiting)


def _end(waiting: "asyncio.Future[Msg]") -> None:
    """Nothing will come any more."""
    if not waiting.done():
        waiting.set_exception(TimeoutError())


def parse(reply: bytes) -> Any:
    """The JSON of a reply; raises `ServerSaidNoError` if it is an error document."""
    try:
        document = json.loads(reply)
    except ValueError as error:
        raise BusError("NATS answered with something that is not JSON.") from error
    if isinstance(document, dict) and document.get("error"):
        raise ServerSaidNoError(document["error"])
    return document


def bus_error(error: ServerSaidNoError, doing: str) -> BusError:
    """The error to raise for the server's no, saying what was being done."""
    if error.err_code == NO_STREAM:
        return BusError(f"{doing}: the stream does not exist. Create the streams first (`relay up` does).")
    kind = BusUnavailableError if error.passes else BusRefusedError
    return kind(f"{doing}: {error}")


def _without_password(url: str) -> str:
    return re.sub(r"//[^@/]*@", "//…@", url)

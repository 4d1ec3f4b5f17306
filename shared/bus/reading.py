"""Reading a stream for ever: a standing pull on a consumer that is made anew after any loss.

The consumer is ours alone, in the server's memory, without acknowledgements; where we are is
known here, so it may vanish at any moment. Guarantees: every message once and in order. The
consumer numbers what it delivers, so an erased or expired message (a gap in stream sequences)
is not taken for a loss, and a lost one (a gap in the consumer's) is never overlooked, not
even the last: heartbeats carry the number. While NATS is away nothing spins.
"""

import asyncio
import contextlib
import json
import random
import uuid
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from nats import errors as nats_errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.bus.link import NO_STREAM, Link, ServerSaidNoError, bus_error
from shared.bus.streams import nanoseconds
from shared.bus.subjects import MSG_ID
from shared.errors import BusError, BusUnavailableError
from shared.ports import Entry

log = structlog.get_logger()

_IN_FLIGHT: Final = 1024
"""Messages asked for ahead; half of it consumed, more are asked for, so the server never idles."""
_EXPIRES: Final = timedelta(seconds=30)
_HEARTBEAT: Final = timedelta(seconds=2)
_SILENCE_S: Final = 5.0
"""Without message or heartbeat for so long, the consumer is taken for lost."""
_ABANDONED: Final = timedelta(minutes=5)
_SHORT_ACK: Final = 9
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _LostError(Exception):
    """The consumer can deliver no more; make another after the last message handed on."""


def visible_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """The sender's headers and the message id, without those that steered the server."""
    return {k: v for k, v in (headers or {}).items() if k == MSG_ID or not k.startswith("Nats-")}


class Reading:
    """One reader's place in one stream and the consumer that feeds it at the moment."""

    def __init__(self, link: Link, stream: str, subjects: Sequence[str]) -> None:
        self._link = link
        self._stream = stream
        self._subjects = list(subjects)
        self._feed: _Feed | None = None

    async def entries(self, after: int) -> AsyncGenerator[Entry, None]:
        """Yield what comes after that sequence; see the module docstring."""
        began, losses = False, 0
        try:
            while True:
                try:
                    feed = self._feed = await self._begin(after, must_exist=not began)
                    began = True
                    while True:
                        entry = await feed.next()
                        losses, after = 0, entry.seq
                        yield entry
                except _LostError as lost:
                    log.info("bus.read_resumes", stream=self._stream, after=after, because=str(lost))
                    await self._end()
                    losses += 1
                    await asyncio.sleep(_pause(losses))
        finally:
            await self._end()

    async def _begin(self, after: int, *, must_exist: bool) -> "_Feed":
        await self._link.standing()
        feed = _Feed(self._link, self._stream)
        self._feed = feed
        try:
            await feed.start(after, self._subjects)
        except ServerSaidNoError as no:
            if must_exist and not no.passes:
                raise bus_error(no, f"reading from {self._stream}") from no
            # A stream that was there and is not may still be on its way back from disk.
            level = log.error if no.err_code == NO_STREAM else log.warning
            level("bus.read_refused", stream=self._stream, error=str(no))
            raise _LostError(str(no)) from no
        except BusUnavailableError as error:
            raise _LostError(str(error)) from error
        return feed

    async def _end(self) -> None:
        feed, self._feed = self._feed, None
        if feed:
            await feed.stop()


class _Feed:
    """One consumer and its standing pull."""

    def __init__(self, link: Link, stream: str) -> None:
        self._link = link
        self._stream = stream
        self._name = f"read_{uuid.uuid4().hex}"
        self._inbox = link.nc.new_inbox()
        self._subscription: Subscription | None = None
        self._waiting: deque[Entry] = deque()
        self._news = asyncio.Event()
        self._numbered = 0  # the consumer's own count of what reached us
        self._asked = 0  # asked for and neither come nor given up
        self._lost = ""
        self._leaving = contextlib.ExitStack()
        self._leaving.enter_context(link.watched(self._on_lost))

    async def start(self, after: int, subjects: list[str]) -> None:
        """Make the consumer and ask for the first messages."""
        config: dict[str, Any] = {
            "name": self._name,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": after + 1,
            "ack_policy": "none",
            "replay_policy": "instant",
            "filter_subjects": subjects,
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": nanoseconds(_ABANDONED),
        }
        body = {"stream_name": self._stream, "config": config, "action": "create"}
        await self._link.api(f"CONSUMER.CREATE.{self._stream}.{self._name}", body)
        try:
            self._subscription = await self._link.listen(self._inbox, self._on_message)
        except nats_errors.Error as error:
            raise BusUnavailableError(f"subscribing failed ({type(error).__name__})") from error
        await self._ask(_IN_FLIGHT)

    async def next(self) -> Entry:
        """The next message; waits for it. Raises `_LostError`."""
        while not self._waiting:
            if self._lost:
                raise _LostError(self._lost)
            self._news.clear()
            await self._top_up()
            try:
                async with asyncio.timeout(_SILENCE_S):
                    await self._news.wait()
            except TimeoutError:
                self._lost = self._lost or "silence"
        await self._top_up()
        return self._waiting.popleft()

    async def stop(self) -> None:
        """Give the consumer back to the server; if NATS is away it expires there by itself."""
        self._leaving.close()
        with contextlib.suppress(nats_errors.Error, BusError, ServerSaidNoError, OSError):
            if self._subscription:
                await self._subscription.unsubscribe()
            if self._link.nc.is_connected:
                await self._link.api(f"CONSUMER.DELETE.{self._stream}.{self._name}", timeout_s=0.5)

    def _on_lost(self) -> None:
        self._lost = self._lost or "the connection was lost"
        self._news.set()

    async def _top_up(self) -> None:
        room = _IN_FLIGHT - self._asked - len(self._waiting)
        if room >= _IN_FLIGHT // 2 and not self._lost:
            await self._ask(room)

    async def _ask(self, count: int) -> None:
        pull = {"batch": count, "expires": nanoseconds(_EXPIRES), "idle_heartbeat": nanoseconds(_HEARTBEAT)}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._name}"
        self._asked += count
        try:
            await self._link.nc.publish(subject, json.dumps(pull).encode(), reply=self._inbox)
        except (nats_errors.Error, OSError) as error:
            raise _LostError(type(error).__name__) from error

    def _on_message(self, message: Msg) -> None:
        if self._lost:
            return
        # Only the server's own words come to the inbox itself; messages keep their subject.
        if message.subject == self._inbox:
            headers = message.headers or {}
            self._on_status(headers.get("Status", ""), headers)
        else:
            self._on_entry(message)
        self._news.set()

    def _on_entry(self, message: Msg) -> None:
        # $JS.ACK.[domain.account.]stream.consumer.delivered.stream seq.consumer seq.time.pending[.random]
        tokens = message.reply.split(".")
        shift = 0 if len(tokens) == _SHORT_ACK else 2
        seq, number, stored_ns = (int(t) for t in tokens[5 + shift : 8 + shift])
        if number != self._numbered + 1:
            self._lost = "messages were lost on the way"
            return
        self._numbered = number
        self._asked -= 1
        self._waiting.append(
            Entry(
                stream=self._stream,
                subject=message.subject,
                seq=seq,
                stored_at=_EPOCH + timedelta(microseconds=stored_ns // 1000),
                headers=visible_headers(message.headers),
                body=message.data,
            )
        )

    def _on_status(self, status: str, headers: Mapping[str, str]) -> None:
        if status == "100":
            if int(headers.get("Nats-Last-Consumer", self._numbered)) > self._numbered:
                self._lost = "messages were lost on the way"
        elif status == "408":  # the pull's time is over; this many of it never came
            self._asked -= int(headers.get("Nats-Pending-Messages", "0"))
        else:
            self._lost = f"status {status} {headers.get('Description', '').strip()}"


def _pause(losses: int) -> float:
    """Seconds before trying again: at once after a first loss, then longer, with jitter."""
    return min(2.0, 0.05 * float(2 ** min(losses - 1, 6))) * random.uniform(0.5, 1.5)  # noqa: S311 - only jitter

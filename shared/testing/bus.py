"""MemoryBus: the bus's twin in memory, which passes the same behaviour suite as the real one.

Same checks, fences, duplicates and errors; nothing survives the process, the duplicate window
never ends, and nothing is full. Tests steer it: `go_away` / `come_back`, and
`fail_next` for the acknowledgement that is lost after the message was stored.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence

from shared.bus.streams import STREAMS, stream_of
from shared.bus.subjects import MSG_ID, check_outgoing, check_pattern, matches
from shared.clock import SystemClock
from shared.errors import (
    AlreadyStoredError,
    BusError,
    BusRefusedError,
    BusUnavailableError,
    StaleWriterError,
)
from shared.ports import Clock, Entry, Outgoing, Size, Stored


class MemoryBus:
    """A bus of the seven streams, in memory; the clock gives `stored_at`."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._streams = {name: _Stream(name) for name in STREAMS}
        self._back = asyncio.Event()
        self._back.set()
        self._ambiguous = 0
        self._refusals = 0
        self.most_bytes = 8_000_000

    def go_away(self) -> None:
        """From now on behave like a server that is gone: reads wait, the rest is unavailable."""
        self._back.clear()

    def come_back(self) -> None:
        """Be there again, with everything that was stored."""
        self._back.set()
        for stream in self._streams.values():
            # As in `store`: one that stayed set would spin its readers for ever.
            stream.news.set()
            stream.news = asyncio.Event()

    def fail_next(self, times: int = 1) -> None:
        """Lose so many acknowledgements: the next writes are stored and yet raise as unavailable."""
        self._ambiguous += times

    def refuse_next(self, times: int = 1) -> None:
        """Refuse so many writes, as a full stream does."""
        self._refusals += times

    @property
    def connected(self) -> bool:
        """Whether it is there."""
        return self._back.is_set()

    async def publish(self, message: Outgoing, *, patience_s: float = 10.0) -> Stored:
        """Store one message; see `shared.ports.Bus.publish`."""
        check_outgoing(message)
        stream = self._streams[stream_of(message.subject)]
        await self._present(patience_s)
        self._refuse(message)
        known = stream.ids.get(message.msg_id)
        seq = known or stream.store(message, self._clock)
        self._acknowledge()
        return Stored(stream=stream.name, seq=seq, duplicate=known is not None)

    async def append(self, message: Outgoing, *, after: int) -> int:
        """Store one message if nobody wrote since; see `shared.ports.Bus.append`."""
        check_outgoing(message)
        stream = self._streams[stream_of(message.subject)]
        await self._present(0.0)
        self._refuse(message)
        if message.msg_id in stream.ids:
            raise AlreadyStoredError
        if stream.last_seq != after:
            raise StaleWriterError
        seq = stream.store(message, self._clock)
        self._acknowledge()
        return seq

    def read(
        self, stream: str, *, after: int = 0, subjects: Sequence[str] = ()
    ) -> AsyncGenerator[Entry, None]:
        """Every message after that sequence, for ever; see `shared.ports.Bus.read`."""
        for pattern in subjects:
            check_pattern(pattern)
        return self._entries(stream, after, subjects)

    async def _entries(self, name: str, after: int, subjects: Sequence[str]) -> AsyncGenerator[Entry, None]:
        stream = self._stream(name)
        while True:
            await self._back.wait()
            entry = stream.next_after(after, subjects)
            if entry:
                after = entry.seq
                yield entry
            else:
                await stream.news.wait()

    async def last_seq(self, stream: str) -> int:
        """The stream's last sequence (0: empty)."""
        await self._present(0.0)
        return self._stream(stream).last_seq

    async def size(self, stream: str) -> Size:
        """How large the stream is; see `shared.ports.Bus.size`."""
        await self._present(0.0)
        bodies = [len(entry.body) for entry in self._stream(stream).entries.values()]
        return Size(len(bodies), sum(bodies), STREAMS[stream].max_bytes)

    async def get(self, stream: str, seq: int) -> Entry | None:
        """The message at that sequence, or None."""
        await self._present(0.0)
        return self._stream(stream).entries.get(seq)

    async def last(self, stream: str, pattern: str) -> Entry | None:
        """The last message on that subject, or on any under that pattern, or None."""
        check_pattern(pattern)
        await self._present(0.0)
        held = reversed(self._stream(stream).entries.values())
        return next((e for e in held if matches(pattern, e.subject)), None)

    async def subjects(self, stream: str, pattern: str) -> Mapping[str, int]:
        """Subjects matching the pattern that hold messages, with how many."""
        check_pattern(pattern)
        await self._present(0.0)
        held = (e.subject for e in self._stream(stream).entries.values())
        return dict(Counter(s for s in held if matches(pattern, s)))

    async def erase(self, stream: str, seq: int) -> bool:
        """Forget one message. True if it was there."""
        await self._present(0.0)
        return self._stream(stream).entries.pop(seq, None) is not None

    def _stream(self, name: str) -> "_Stream":
        if name not in self._streams:
            raise BusError(f"reading from {name}: the stream does not exist.")
        return self._streams[name]

    async def _present(self, patience_s: float) -> None:
        if not self.connected:
            try:
                async with asyncio.timeout(patience_s):
                    await self._back.wait()
            except TimeoutError as error:
                raise BusUnavailableError("NATS is away.") from error
        # A real call gives way to others; so must this, or races in callers stay hidden.
        await asyncio.sleep(0)

    def _refuse(self, message: Outgoing) -> None:
        if self._refusals or len(message.body) > self.most_bytes:
            self._refusals = max(0, self._refusals - 1)
            raise BusRefusedError

    def _acknowledge(self) -> None:
        if self._ambiguous:
            self._ambiguous -= 1
            raise BusUnavailableError


class _Stream:
    """One stream: its entries by sequence, its ids, and an event for those who wait."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.entries: dict[int, Entry] = {}
        self.ids: dict[str, int] = {}
        self.last_seq = 0
        self.news = asyncio.Event()

    def store(self, message: Outgoing, clock: Clock) -> int:
        self.last_seq += 1
        self.ids[message.msg_id] = self.last_seq
        self.entries[self.last_seq] = Entry(
            stream=self.name,
            subject=message.subject,
            seq=self.last_seq,
            stored_at=clock.now(),
            headers={**message.headers, MSG_ID: message.msg_id},
            body=message.body,
        )
        # Whoever waits holds the old event; a new one is for those who come to wait later.
        self.news.set()
        self.news = asyncio.Event()
        return self.last_seq

    def next_after(self, after: int, subjects: Sequence[str]) -> Entry | None:
        for seq in range(after + 1, self.last_seq + 1):
            entry = self.entries.get(seq)
            if entry and (not subjects or any(matches(p, entry.subject) for p in subjects)):
                return entry
        return None

"""The projector: folds DECISIONS, LEDGER and DEAD into the read model, and begins anew when it was lost.

Guarantees: what it wrote and how far it had read stand in one transaction; a missing or foreign
progress means that it reads on from what is there, or rebuilds from the log's beginning; so a
FLUSHALL, a restarted Redis and a second projector are harmless. While NATS or Redis is away it
waits. What cannot be read is named in DEAD and counted, never skipped in silence.

Many events make one commit: the first of a quiet time almost at once, then what came in the next
moments together, and as much as a transaction should hold while a backlog is read.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import structlog

from services.console.decide.counts import COUNTS, add
from services.console.decide.draft import Draft
from services.console.decide.project import SHOWN, needs, passes_by, place_of, project, shows_private
from shared.contracts.base import Message, Sealed
from shared.contracts.catalog import Spoilt, decode_each, private_fields
from shared.dead import dead_letter
from shared.errors import (
    BusError,
    MalformedMessageError,
    StaleProjectionError,
    StateUnavailableError,
)
from shared.faults import fault_point
from shared.ports import Bus, Changes, Clock, Entry, Progress, ReadModel
from shared.sealing import Keyring

log = structlog.get_logger()

STREAMS: Final = ("DECISIONS", "LEDGER", "DEAD")
_MAX_BYTES: Final = 400_000
"""Of the log, in one transaction: some five hundred events."""
_WAITING: Final = 1_000
_MANY: Final = 100
"""So many stored messages that wait are worth a transaction at once."""
_GATHER_S: Final = 0.002
"""The events of one decision arrive together within this."""
_PAUSE_S: Final = 0.2
_NEEDS_ROUNDS: Final = 4


_Queue = asyncio.Queue[Entry | Exception | None]
"""Entries of all streams, what went wrong while reading, and None to wake up."""


@dataclass(slots=True)
class _Read:
    """A message of an entry, opened as far as it is shown, and where it lies; None: it cannot be read."""

    entry: Entry
    message: Message | None
    place: float


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often it commits and looks. Seconds."""

    pace_s: float = 0.05
    """Commits begin no faster than this, unless a whole transaction waits."""
    look_s: float = 1.0
    """So soon a read model that lost everything is noticed where nothing happens."""


class Projector:
    """The only writer of the read model."""

    def __init__(
        self, bus: Bus, state: ReadModel, keyring: Keyring, clock: Clock, rhythm: Rhythm = Rhythm()
    ) -> None:
        self._bus, self._state, self._keyring, self._clock = bus, state, keyring, clock
        self._rhythm = rhythm

    async def work(self, stop: asyncio.Event) -> None:
        """Project until asked to stop; what is being committed is finished first."""
        while not stop.is_set():
            try:
                progress = await self._begin()
                await self._follow(progress, stop)
            except StaleProjectionError:
                log.info("projection_moved_elsewhere")
                await _pause(stop)
            except (StateUnavailableError, BusError) as error:
                log.warning("projection_waits", error=type(error).__name__)
                await _pause(stop)

    async def _begin(self) -> Progress:
        """Where to read on: what the read model says, or a new beginning."""
        progress = await self._state.progress()
        last = {stream: await self._bus.last_seq(stream) for stream in STREAMS}
        if progress is not None and any(progress.positions.get(s, 0) > last[s] for s in STREAMS):
            log.warning("read_model_of_another_log")
            await self._state.clear()
            progress = None
        if progress is None:
            return await self._begin_anew()
        return progress

    async def _begin_anew(self) -> Progress:
        await self._state.clear()
        fresh = Progress(secrets.token_hex(8), dict.fromkeys(STREAMS, 0), ready=False)
        await self._state.commit(Changes(), before=None, after=fresh)
        log.info("rebuild_started", epoch=fresh.epoch)
        return fresh

    async def _follow(self, progress: Progress, stop: asyncio.Event) -> None:
        ends = {} if progress.ready else {s: await self._end_of(s) for s in STREAMS}
        progress = await self._ready_if_there(progress, ends)
        draft, pace = Draft(), _Pace(self._rhythm.pace_s)
        async with self._reading(progress, stop) as waiting:
            while not stop.is_set():
                batch = await _next_batch(waiting, pace, self._rhythm.look_s)
                if not batch:
                    await self._still_there(progress)
                    continue
                progress = await self._commit(draft, batch, progress)
                progress = await self._ready_if_there(progress, ends)

    async def _end_of(self, stream: str) -> int:
        """The last sequence that can still be read (the end of a stream may have aged away)."""
        last = await self._bus.last_seq(stream)
        return last if last and await self._bus.get(stream, last) else 0

    async def _ready_if_there(self, progress: Progress, ends: dict[str, int]) -> Progress:
        if progress.ready or any(progress.positions.get(s, 0) < ends[s] for s in STREAMS):
            return progress
        ready = replace(progress, ready=True)
        await self._state.commit(Changes(), before=progress, after=ready)
        log.info("read_model_ready", epoch=ready.epoch, **dict(ready.positions))
        return ready

    async def _still_there(self, progress: Progress) -> None:
        """Notice a FLUSHALL also while nothing happens."""
        if await self._state.progress() != progress:
            raise StaleProjectionError

    @asynccontextmanager
    async def _reading(self, progress: Progress, stop: asyncio.Event) -> AsyncIterator["_Queue"]:
        waiting: _Queue = asyncio.Queue(_WAITING)
        readers = [
            asyncio.create_task(self._read(stream, progress.positions.get(stream, 0), waiting))
            for stream in STREAMS
        ]
        readers.append(asyncio.create_task(_wake(waiting, stop)))
        try:
            yield waiting
        finally:
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)

    async def _read(self, stream: str, after: int, waiting: "_Queue") -> None:
        try:
            async with contextlib.aclosing(self._bus.read(stream, after=after)) as entries:
                async for entry in entries:
                    await waiting.put(entry)
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            await waiting.put(error)

    async def _commit(self, draft: Draft, batch: Sequence[Entry], progress: Progress) -> Progress:
        read = [item for entry in batch for item in await self._decoded(entry)]
        await self._open_shown(read)
        await self._load(draft, [key for r in read if r.message for key in needs(draft, r.message)])
        for item in read:
            await self._fold(draft, item)
        positions = {**progress.positions, **{e.stream: e.seq for e in batch}}
        public = progress.public + draft.public()
        after = Progress(progress.epoch, positions, progress.ready, public)
        fault_point("console.before_project")
        await self._state.commit(draft.changes(), before=progress, after=after)
        fault_point("console.after_project")
        draft.committed()
        return after

    async def _fold(self, draft: Draft, item: _Read) -> None:
        message = item.message
        if message is None:
            await self._load(draft, [COUNTS])
            add(draft.edit(COUNTS), "unreadable", item.entry.stream)
            return
        for _ in range(_NEEDS_ROUNDS):
            missing = draft.missing(needs(draft, message))
            if not missing:
                break
            await self._load(draft, missing)
        project(draft, message, item.place)

    async def _load(self, draft: Draft, keys: list[str]) -> None:
        if missing := draft.missing(keys):
            for key, text in zip(missing, await self._state.get(*missing), strict=True):
                draft.load(key, text)

    async def _decoded(self, entry: Entry) -> list[_Read]:
        """What an entry holds of what is shown."""
        if passes_by(entry):
            return []
        read = []
        for n, part in enumerate(decode_each(entry, wanted=SHOWN)):
            if isinstance(part, Spoilt):
                await self._unreadable(entry, part.problem)
            read.append(_Read(entry, None if isinstance(part, Spoilt) else part, place_of(entry.seq, n)))
        return read

    async def _open_shown(self, read: list[_Read]) -> None:
        """Open what is shown: one message of each key at once (a new key costs a request), then the rest."""
        sealed = {n: key for n, item in enumerate(read) if (key := _key_of(item.message))}
        first = {key: n for n, key in reversed(sealed.items())}
        await asyncio.gather(*(self._open(read[n]) for n in first.values()))
        for n in sealed.keys() - first.values():
            await self._open(read[n])

    async def _open(self, item: _Read) -> None:
        try:
            item.message = item.message and await self._keyring.open(item.message)
        except MalformedMessageError as error:
            item.message = None
            await self._unreadable(item.entry, str(error))

    async def _unreadable(self, entry: Entry, problem: str) -> None:
        log.error("event_unreadable", stream=entry.stream, seq=entry.seq, error=problem)
        now = self._clock.now()
        await dead_letter(self._bus, entry, service="console", reason="unreadable", at=now, detail=problem)


def _key_of(message: Message | None) -> str | None:
    """The key that opens the message's shown part; None: there is nothing to open."""
    if message is None or not shows_private(message):
        return None
    parts = (getattr(message, name) for name in private_fields(type(message)))
    return next((part.key for part in parts if isinstance(part, Sealed)), None)


class _Pace:
    """When the next commit may begin."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due = 0.0

    async def wait(self, waiting: _Queue) -> None:
        """Let events gather, unless a whole transaction waits already."""
        loop = asyncio.get_running_loop()
        if waiting.qsize() < _MANY:
            await asyncio.sleep(max(_GATHER_S, self._due - loop.time()))
        self._due = loop.time() + self._seconds


async def _wake(waiting: _Queue, stop: asyncio.Event) -> None:
    await stop.wait()
    await waiting.put(None)


async def _next_batch(waiting: _Queue, pace: _Pace, look_s: float) -> list[Entry]:
    """What waits, up to a transaction's worth; empty if nothing came for so long."""
    batch: list[Entry] = []
    size = 0
    try:
        async with asyncio.timeout(look_s):
            item = await waiting.get()
    except TimeoutError:
        return []
    if item is not None:
        await pace.wait(waiting)
    while item is not None:
        if isinstance(item, Exception):
            raise item
        batch.append(item)
        size += len(item.body)
        item = waiting.get_nowait() if size < _MAX_BYTES and not waiting.empty() else None
    return batch


async def _pause(stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), _PAUSE_S)

"""The projector: folds DECISIONS and LEDGER into the read model, and begins anew when it was lost.

Guarantees: what it wrote and how far it had read stand in one transaction; a missing or foreign
progress means that it reads on from what is there, or rebuilds from the log's beginning; so a
FLUSHALL, a restarted Redis and a second projector are harmless. While NATS or Redis is away it
waits. What cannot be read is named in DEAD and counted, never skipped in silence.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from services.console.decide.counts import COUNTS, add
from services.console.decide.draft import Draft
from services.console.decide.project import needs, project
from shared.contracts.base import Message
from shared.contracts.catalog import decode
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

STREAMS: Final = ("DECISIONS", "LEDGER")
_MAX_BATCH: Final = 200
_WAITING: Final = 1_000
_PAUSE_S: Final = 0.2
_LOOK_S: Final = 1.0
_NEEDS_ROUNDS: Final = 4


_Queue = asyncio.Queue[Entry | Exception | None]
"""Entries of both streams, what went wrong while reading, and None to wake up."""


@dataclass(frozen=True, slots=True)
class _Read:
    """An entry and its opened message; None: it cannot be read, for this reason."""

    entry: Entry
    message: Message | None
    wrong: str = ""


class Projector:
    """The only writer of the read model."""

    def __init__(self, bus: Bus, state: ReadModel, keyring: Keyring, clock: Clock) -> None:
        self._bus, self._state, self._keyring, self._clock = bus, state, keyring, clock

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
        async with self._reading(progress, stop) as waiting:
            while not stop.is_set():
                batch = await _next_batch(waiting)
                if not batch:
                    await self._still_there(progress)
                    continue
                progress = await self._commit(batch, progress)
                progress = await self._ready_if_there(progress, ends)

    async def _end_of(self, stream: str) -> int:
        """The last sequence that can still be read (the end of a stream may have aged away)."""
        last = await self._bus.last_seq(stream)
        return last if last and await self._bus.get(stream, last) else 0

    async def _ready_if_there(self, progress: Progress, ends: dict[str, int]) -> Progress:
        if progress.ready or any(progress.positions[s] < ends[s] for s in STREAMS):
            return progress
        ready = Progress(progress.epoch, progress.positions, ready=True)
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

    async def _commit(self, batch: Sequence[Entry], progress: Progress) -> Progress:
        read = await asyncio.gather(*(self._opened(entry) for entry in batch))
        draft = Draft()
        await self._load(draft, [key for r in read if r.message for key in needs(draft, r.message)])
        for item in read:
            await self._fold(draft, item)
        positions = {**progress.positions, **{e.stream: e.seq for e in batch}}
        after = Progress(progress.epoch, positions, progress.ready)
        fault_point("console.before_project")
        await self._state.commit(draft.changes(), before=progress, after=after)
        fault_point("console.after_project")
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
        project(draft, message, item.entry.seq)

    async def _load(self, draft: Draft, keys: list[str]) -> None:
        missing = draft.missing(keys)
        for key, text in zip(missing, await self._state.get(*missing), strict=True):
            draft.load(key, text)

    async def _opened(self, entry: Entry) -> _Read:
        try:
            return _Read(entry, await self._keyring.open(decode(entry)))
        except MalformedMessageError as error:
            log.exception("event_unreadable", stream=entry.stream, seq=entry.seq)
            await dead_letter(
                self._bus,
                entry,
                service="console",
                reason="unreadable",
                at=self._clock.now(),
                detail=str(error),
            )
            return _Read(entry, None, str(error))


async def _wake(waiting: _Queue, stop: asyncio.Event) -> None:
    await stop.wait()
    await waiting.put(None)


async def _next_batch(waiting: _Queue) -> list[Entry]:
    """What waits, up to a transaction's worth; empty if nothing came for a second."""
    batch: list[Entry] = []
    try:
        async with asyncio.timeout(_LOOK_S):
            item = await waiting.get()
    except TimeoutError:
        return []
    while item is not None:
        if isinstance(item, Exception):
            raise item
        batch.append(item)
        item = waiting.get_nowait() if len(batch) < _MAX_BATCH and not waiting.empty() else None
    return batch


async def _pause(stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), _PAUSE_S)

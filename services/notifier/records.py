"""Writes the ledger: urgent records first, patiently, so that nothing is sent that is not claimed.

A record is stored by itself and at once while few are on their way. The disk takes a few
thousand syncs a second, so many that wait are stored by one sync (an atomic batch), urgent ones
before all others: a bulk send's bookkeeping never stands before a first alert's. What a batch
refuses is stored one by one, which says whose record came first.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog

from shared.contracts.catalog import decode, encode
from shared.contracts.ledger import LedgerRecord
from shared.errors import BusError, MalformedMessageError
from shared.ports import Bus, Outgoing, Stored

log = structlog.get_logger()
T = TypeVar("T")
_AT_ONCE: Final = 4
"""Stores under way together: more of them make the disk no faster."""
_MIN_BATCH: Final = 16
"""A batch costs the server about 2.5 ms, a plain publish 0.1 ms: fewer are stored one by one."""
_MAX_BATCH: Final = 64
_PAUSE_S: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """One record that waits for its place in the ledger, and for whom."""

    record: LedgerRecord
    message: Outgoing
    done: asyncio.Future[LedgerRecord]


class LedgerWriter:
    """Stores ledger records under their stable ids; knows which of them are its own."""

    def __init__(self, bus: Bus, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._bus, self._sleep = bus, sleep
        self._waiting: tuple[deque[_Waiting], ...] = (deque(), deque())
        self._storing: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self._own: set[str] = set()

    async def write(self, record: LedgerRecord, *, urgent: bool) -> LedgerRecord:
        """Store it, however long NATS is away; returns what the ledger holds under its id.

        That is another record if another notifier was first.
        """
        self._own.add(record.id)
        message = encode(record, source="notifier")
        if self._under_way < _AT_ONCE:
            return await self._store_now(record, message)
        done: asyncio.Future[LedgerRecord] = asyncio.get_running_loop().create_future()
        self._waiting[not urgent].append(_Waiting(record, message, done))
        return await done

    def is_own(self, record_id: str) -> bool:
        """Whether this record came from here (asked once, when it is read back)."""
        if record_id in self._own:
            self._own.discard(record_id)
            return True
        return False

    async def close(self) -> None:
        """Stop storing; whoever still waits is cancelled."""
        for task in list(self._storing):
            task.cancel()
        await asyncio.gather(*self._storing, return_exceptions=True)

    async def _store_now(self, record: LedgerRecord, message: Outgoing) -> LedgerRecord:
        self._under_way += 1
        try:
            return await self._store_one(record, message)
        finally:
            self._under_way -= 1
            self._pump()

    def _pump(self) -> None:
        while self._under_way < _AT_ONCE and (batch := self._next_batch()):
            self._under_way += 1
            task = asyncio.create_task(self._store(batch))
            self._storing.add(task)
            task.add_done_callback(self._stored)

    def _stored(self, task: asyncio.Task[None]) -> None:
        self._storing.discard(task)
        self._under_way -= 1
        if not task.cancelled():
            self._pump()

    def _next_batch(self) -> list[_Waiting]:
        """One record; many if many wait; none if nobody does."""
        most = _MAX_BATCH if sum(map(len, self._waiting)) >= _MIN_BATCH else 1
        batch: list[_Waiting] = []
        for queue in self._waiting:
            while queue and len(batch) < most:
                if not (waiting := queue.popleft()).done.done():
                    batch.append(waiting)
        return batch

    async def _store(self, batch: list[_Waiting]) -> None:
        try:
            if len(batch) > 1 and await self._stored_together(batch):
                for waiting in batch:
                    _answer(waiting, waiting.record)
            else:
                await asyncio.gather(*map(self._store_by_itself, batch))
        except asyncio.CancelledError:
            for waiting in batch:
                waiting.done.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - whoever waits learns it; else they would wait for ever
            for waiting in batch:
                _fail(waiting, error)

    async def _store_by_itself(self, waiting: _Waiting) -> None:
        try:
            _answer(waiting, await self._store_one(waiting.record, waiting.message))
        except Exception as error:  # noqa: BLE001 - each learns why its own record failed
            _fail(waiting, error)

    async def _stored_together(self, batch: list[_Waiting]) -> bool:
        try:
            await self._bus.append([waiting.message for waiting in batch])
        except BusError:
            return False  # one of the ids is known, or nobody knows: each record by itself will tell
        return True

    async def _store_one(self, record: LedgerRecord, message: Outgoing) -> LedgerRecord:
        stored = await self._patiently(lambda: self._bus.publish(message), record.type)
        if not stored.duplicate:
            return record
        self._own.discard(record.id)
        return await self._held(stored, record)

    async def _held(self, stored: Stored, record: LedgerRecord) -> LedgerRecord:
        entry = await self._patiently(lambda: self._bus.get(stored.stream, stored.seq), record.type)
        if entry is None:
            return record
        try:
            held = decode(entry)
        except MalformedMessageError:
            log.exception("ledger_record_unreadable", seq=stored.seq)
            return record
        return held if isinstance(held, LedgerRecord) else record

    async def _patiently(self, attempt: Callable[[], Awaitable[T]], what: str) -> T:
        while True:
            try:
                return await attempt()
            except BusError as error:
                log.warning("ledger_waits", record=what, error=type(error).__name__)
                await self._sleep(_PAUSE_S)


def _answer(waiting: _Waiting, held: LedgerRecord) -> None:
    if not waiting.done.done():
        waiting.done.set_result(held)


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(error)

"""Writes the ledger: urgent records first, patiently, so that nothing is sent that is not claimed.

The disk takes a few thousand records a second. A gate lets so many publishes in at once, urgent
ones before all others, so that a bulk send's bookkeeping never stands before a first alert's.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import structlog

from shared.contracts.catalog import decode, encode
from shared.contracts.ledger import LedgerRecord
from shared.errors import BusError, MalformedMessageError
from shared.ports import Bus, Stored

log = structlog.get_logger()
T = TypeVar("T")
_AT_ONCE: Final = 64
_PAUSE_S: Final = 0.5


class Gate:
    """Lets so many in at once; of those who wait, urgent ones first, then in order."""

    def __init__(self, width: int) -> None:
        self._free = width
        self._waiting: tuple[deque[asyncio.Future[None]], ...] = (deque(), deque())

    @asynccontextmanager
    async def passing(self, *, urgent: bool) -> AsyncIterator[None]:
        """Hold one place while the context is open."""
        await self._enter(urgent=urgent)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, *, urgent: bool) -> None:
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting[not urgent].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise

    def _leave(self) -> None:
        for queue in self._waiting:
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1


class LedgerWriter:
    """Stores ledger records under their stable ids; knows which of them are its own."""

    def __init__(self, bus: Bus, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._bus, self._sleep = bus, sleep
        self._gate = Gate(_AT_ONCE)
        self._own: set[str] = set()

    async def write(self, record: LedgerRecord, *, urgent: bool) -> LedgerRecord:
        """Store it, however long NATS is away; returns what the ledger holds under its id.

        That is another record if another notifier was first.
        """
        message = encode(record, source="notifier")
        self._own.add(record.id)
        async with self._gate.passing(urgent=urgent):
            stored = await self._patiently(lambda: self._bus.publish(message), record.type)
        if not stored.duplicate:
            return record
        self._own.discard(record.id)
        return await self._held(stored, record)

    def is_own(self, record_id: str) -> bool:
        """Whether this record came from here (asked once, when it is read back)."""
        if record_id in self._own:
            self._own.discard(record_id)
            return True
        return False

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

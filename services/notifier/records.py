"""Writes the ledger: urgent records first, patiently, so that nothing is sent that is not claimed.

Records that are written at the same moment are one stored message, all or none of it. A claim is
stored by itself, since its id is its fence; how attempts ended is stored together for all that wait,
since nobody else writes that. Only so many stores are on their way at once: a bulk send's bookkeeping
never stands before a first alert's.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, TypeVar

import structlog

from shared.contracts.catalog import decode_all, encode, packed
from shared.contracts.ledger import LedgerRecord
from shared.errors import BusError, MalformedMessageError
from shared.ports import Bus, Outgoing, Stored

log = structlog.get_logger()
T = TypeVar("T")
_AT_ONCE: Final = 16
"""Stores under way together: more of them make the disk no faster."""
_PAUSE_S: Final = 0.5


class LedgerWriter:
    """Stores ledger records under their stable ids; knows which of them are its own."""

    def __init__(self, bus: Bus, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._bus, self._sleep = bus, sleep
        self._waiting: tuple[deque[asyncio.Future[None]], ...] = (deque(), deque())
        self._under_way = 0
        self._own: set[str] = set()
        self._facts: list[tuple[tuple[LedgerRecord, ...], asyncio.Future[None]]] = []
        self._noting: asyncio.Task[None] | None = None

    async def write(self, *records: LedgerRecord, urgent: bool) -> list[LedgerRecord]:
        """Store them as one, however long NATS is away; returns what the ledger holds under the first's id.

        Those are other records if another notifier was first.
        """
        message = encode(*records, source="notifier")
        self._own.add(message.msg_id)
        async with self._turn(urgent=urgent):
            return await self._store(list(records), message)

    async def note(self, *facts: LedgerRecord) -> None:
        """Store what only this notifier can know, all or none of it, perhaps with others' facts."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._facts.append((facts, done))
        if self._noting is None:
            self._noting = asyncio.create_task(self._note_all())
        await done

    async def close(self) -> None:
        """Stop storing; whoever still waits is cancelled with it."""
        if self._noting is not None:
            self._noting.cancel()
            await asyncio.gather(self._noting, return_exceptions=True)

    async def _note_all(self) -> None:
        """Store the facts that wait, then those that came meanwhile, until none wait."""
        while facts := self._facts:
            self._facts = []
            try:
                await self._note_together([run for run, _ in facts])
            except Exception as error:  # noqa: BLE001 - whoever waits learns it; else they would wait for ever
                for _, done in facts:
                    _end(done, error)
            for _, done in facts:
                _end(done)
        self._noting = None

    async def _note_together(self, runs: Sequence[Sequence[LedgerRecord]]) -> None:
        for _, message in packed(runs, source="notifier", most=self._bus.most_bytes):
            self._own.add(message.msg_id)
            async with self._turn(urgent=True):
                await self._patiently(partial(self._bus.publish, message), "outcomes")

    def is_own(self, first_id: str) -> bool:
        """Whether the records stored under this id came from here (asked once, when they are read back)."""
        if first_id in self._own:
            self._own.discard(first_id)
            return True
        return False

    @asynccontextmanager
    async def _turn(self, *, urgent: bool) -> AsyncIterator[None]:
        if self._under_way < _AT_ONCE:
            self._under_way += 1
        else:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting[not urgent].append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._pass_on()
                raise
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        """Give the place to whoever waits, the urgent first."""
        for queue in self._waiting:
            while queue:
                if not (turn := queue.popleft()).done():
                    turn.set_result(None)
                    return
        self._under_way -= 1

    async def _store(self, records: list[LedgerRecord], message: Outgoing) -> list[LedgerRecord]:
        stored = await self._patiently(lambda: self._bus.publish(message), records[0].type)
        if not stored.duplicate:
            return records
        self._own.discard(message.msg_id)
        return await self._held(stored, records)

    async def _held(self, stored: Stored, records: list[LedgerRecord]) -> list[LedgerRecord]:
        entry = await self._patiently(lambda: self._bus.get(stored.stream, stored.seq), records[0].type)
        if entry is None:
            return records
        try:
            return [held for held in decode_all(entry) if isinstance(held, LedgerRecord)]
        except MalformedMessageError:
            log.exception("ledger_record_unreadable", seq=stored.seq)
            return records

    async def _patiently(self, attempt: Callable[[], Awaitable[T]], what: str) -> T:
        while True:
            try:
                return await attempt()
            except BusError as error:
                log.warning("ledger_waits", record=what, error=type(error).__name__)
                await self._sleep(_PAUSE_S)


def _end(done: "asyncio.Future[None]", error: Exception | None = None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)

"""Runs the bridges that read their source themselves, each in a task of its own.

A bridge that raises, hangs, or whose source is away touches no other: it is read again after a pause that
grows, and how it stands is shown (health, `relay status`). What it hands over is stored before it reads on;
nothing is forgotten because nothing can be stored: then it waits. Receipts are sent by the bridge itself,
once, and are never in the way of reading.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog
from aiohttp import ClientSession

from services.ingest.bridge_intake import accept, place_of
from services.ingest.door import Door
from services.ingest.kept_tasks import KeptTasks
from services.ingest.receipts import Receipts
from shared.errors import RelayError
from shared.http import Problem
from shared.plugins.spec import BadCredentials, Ignored, IncomingReport, Reads, RetryLater, Secrets
from shared.plugins.standing import Standing, again, constant, failures_after, shown

log = structlog.get_logger()

CONNECT_S: Final = 60.0
"""How long a bridge may take to say that it is connected."""
_WAIT_S: Final = 1.0
_UNSTORABLE: Final = frozenset({409, 422})
"""Refusals that are about the report itself: it would be refused at every try."""


@dataclass
class Pace:
    """How the readers wait; tests put their own time and chance here."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic
    connect_s: float = CONNECT_S


class NotStoredError(RelayError):
    """The service stopped before this could be stored; its source has to tell it again."""


class Readers:
    """All reading bridges of this process."""

    def __init__(
        self,
        door: Door,
        bridges: Mapping[str, Reads],
        *,
        http: ClientSession,
        secrets: Secrets,
        pace: Pace | None = None,
    ) -> None:
        self._door, self._http, self._secrets, self._pace = door, http, secrets, pace or Pace()
        self._readers: dict[str, _Reader] = {}
        self._tasks = KeptTasks()
        for name, bridge in bridges.items():
            self.put(name, bridge)

    def put(self, name: str, bridge: Reads) -> None:
        """Read this one too."""
        reader = _Reader(self._door, name, bridge, self._http, self._secrets, self._pace)
        self._readers[name] = reader
        self._tasks.put(name, reader.keep_reading)

    async def drop(self, name: str) -> None:
        """Read it no more; what it has begun to store is finished."""
        reader = self._readers.pop(name, None)
        if reader is not None:
            await self._tasks.drop(name)
            await reader.finish()

    def health(self) -> dict[str, dict[str, str]]:
        """How each stands, since when, and why if something is wrong."""
        return {name: reader.health() for name, reader in self._readers.items()}

    async def run(self, stop: asyncio.Event) -> None:
        """Read until asked to stop; then finish what is being stored."""
        try:
            await self._tasks.run(stop)
        finally:
            await asyncio.gather(*(reader.finish() for reader in self._readers.values()))


@dataclass
class _Reader:
    """One bridge, and what the host lends it (`ReadingHost`)."""

    door: Door
    name: str
    bridge: Reads
    http: ClientSession
    secrets: Secrets
    pace: Pace
    standing: Standing = field(default_factory=lambda: Standing("CONNECTING"))
    since: datetime = field(init=False)
    _connected: asyncio.Event = field(default_factory=asyncio.Event)
    _taking: set[asyncio.Task[None]] = field(default_factory=set)
    _stopping: bool = False
    _heard: float = 0.0

    def __post_init__(self) -> None:
        self.since = self.door.now()
        self._receipts = Receipts(self.door, self.name, self.bridge, self.http, self.secrets)

    # --- what the bridge calls -----------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The present."""
        return self.door.now()

    def connected(self) -> None:
        """The source is being read."""
        self.alive()
        self._connected.set()
        self._stands(Standing("CONNECTED"))

    def alive(self) -> None:
        """The source was heard."""
        self._heard = self.pace.monotonic()

    async def take(self, report: IncomingReport) -> None:
        """Return once it is stored; goes on although the bridge is cancelled meanwhile."""
        storing = asyncio.create_task(self._store(report), name=f"store-{self.name}")
        self._taking.add(storing)
        storing.add_done_callback(self._taking.discard)
        await asyncio.shield(storing)
        self.alive()

    def ignored(self, what: Ignored) -> None:
        """Count it."""
        self.door.counts[f"bridge.{self.name}.ignored.{constant(what.reason)}"] += 1

    # --- supervision ---------------------------------------------------------------------------

    async def keep_reading(self) -> None:
        """Read again and again, whatever happens; until it succeeds it stands as it failed."""
        failures = 0
        while True:
            began = self.pace.monotonic()
            ended = await self._once()
            failures = failures_after(failures, read_for_s=self.pace.monotonic() - began)
            then = again(ended, failures=failures, jitter=self.pace.jitter())
            self._stands(then.standing)
            await self.pace.sleep(then.after_s)

    async def _once(self) -> RetryLater | BadCredentials:
        """One reading, from its beginning to its end, whatever that is."""
        self._connected.clear()
        reading = asyncio.create_task(self.bridge.read(self), name=f"reading-{self.name}")
        connecting = asyncio.create_task(self._connected.wait())
        try:
            await asyncio.wait(
                {reading, connecting}, timeout=self.pace.connect_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not (reading.done() or self._connected.is_set()):
                return RetryLater("connect_timeout")
            await self._until_silent(reading)
            return self._end_of(reading) if reading.done() else RetryLater("silent")
        finally:
            connecting.cancel()
            await _ended(reading)

    async def _until_silent(self, reading: asyncio.Task[Any]) -> None:
        """Wait for its end; no longer than its source may be silent (waiting to be stored is not)."""
        patience = self.bridge.spec.silent_s
        while not reading.done():
            left = None if patience is None else self._heard + patience - self.pace.monotonic()
            if left is not None and left <= 0:
                if not self._taking:
                    return
                left = patience
            await asyncio.wait({reading}, timeout=left)

    def _end_of(self, reading: asyncio.Task[Any]) -> RetryLater | BadCredentials:
        """What a bridge returned, if it is one of the two; whatever it raised stays with it."""
        error = None if reading.cancelled() else reading.exception()
        if error is not None:
            self._failed(error)
            return RetryLater("plugin_error")
        ended = None if reading.cancelled() else reading.result()
        return ended if isinstance(ended, RetryLater | BadCredentials) else RetryLater("ended")

    def _failed(self, error: BaseException) -> None:
        self.door.counts[f"bridge.{self.name}.failed"] += 1
        # The exception's own words may hold what the reporter wrote; its type does not.
        log.error("bridge_failed", bridge=self.name, error=type(error).__name__, at=place_of(error))

    async def finish(self) -> None:
        """Finish what is being stored, and the receipts under way."""
        self._stopping = True
        if self._taking:
            await asyncio.gather(*self._taking, return_exceptions=True)
        await self._receipts.finish()

    # --- storing -------------------------------------------------------------------------------

    async def _store(self, report: IncomingReport) -> None:
        while not await self._stored(report):
            if self._stopping:
                raise NotStoredError
            await self.pace.sleep(_WAIT_S)

    async def _stored(self, report: IncomingReport) -> bool:
        """Whether it is done with: stored, or one that never can be, which must not stop the others."""
        try:
            taken = await accept(self.door, self.name, report, self.bridge.spec, receipt_once=True)
        except Problem as problem:
            if problem.status not in _UNSTORABLE:
                return False
            self.door.counts[f"bridge.{self.name}.refused.{problem.code}"] += 1
            log.warning("read_report_refused", bridge=self.name, code=problem.code)
            return True
        except Exception as error:  # noqa: BLE001 - one that breaks our own code would be told again forever
            self._failed(error)
            return True
        if taken.receipt is not None:
            self._receipts.send(taken.receipt)
        return True

    # --- standing ------------------------------------------------------------------------------

    def _stands(self, standing: Standing) -> None:
        if standing.state != self.standing.state:
            self.since = self.door.now()
            log.info("bridge_state", bridge=self.name, state=standing.state, reason=standing.reason)
        self.standing = standing

    def health(self) -> dict[str, str]:
        """For people and programs."""
        return shown(self.standing, self.since)


async def _ended(reading: asyncio.Task[Any]) -> None:
    """Cancel it if it still runs, and wait a little; one that swallows its cancellation is left behind."""
    if not reading.done():
        reading.cancel()
        with suppress(Exception):
            await asyncio.wait({reading}, timeout=_WAIT_S)

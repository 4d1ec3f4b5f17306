"""A bridge that reads, at work between a stand-in of its source and a stand-in of its host."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import ClientSession, DummyCookieJar

from shared.plugins.conformance.bridge_case import ReadingCase
from shared.plugins.conformance.common import KnownSecrets
from shared.plugins.conformance.criteria import Broken, must
from shared.plugins.spec import BadCredentials, Ignored, IncomingReport, Reads, RetryLater

PATIENCE_S: Final = 10.0
STOPS_S: Final = 2.0


class StandInHost:
    """What a bridge is lent that reads: it keeps what is handed over, and can be slow to store."""

    def __init__(self, http: ClientSession, secrets: KnownSecrets) -> None:
        self.http, self.secrets = http, secrets
        self.is_connected = asyncio.Event()
        self.asked: list[IncomingReport] = []
        self.taken: list[IncomingReport] = []
        self.passed: list[Ignored] = []
        self.stores = asyncio.Event()
        self.stores.set()

    @property
    def now(self) -> datetime:
        """The present."""
        return datetime.now(UTC)

    def connected(self) -> None:
        """Remember it."""
        self.is_connected.set()

    def alive(self) -> None:
        """Nothing waits for it here."""

    async def take(self, report: IncomingReport) -> None:
        """Return once it may be stored."""
        must(isinstance(report, IncomingReport), "it hands over something that is no IncomingReport")
        self.asked.append(report)
        await self.stores.wait()
        self.taken.append(report)

    def ignored(self, what: Ignored) -> None:
        """Keep it."""
        must(isinstance(what, Ignored), "it counts something that is no Ignored")
        self.passed.append(what)


class Scene:
    """A source, a host, and the bridge between them."""

    def __init__(self, case: ReadingCase, source: Any, host: StandInHost) -> None:
        self.case, self.source, self.host = case, source, host

    def make(self) -> Reads:
        """The bridge anew, as after a restart."""
        return self.case.make(self.source)

    @contextlib.asynccontextmanager
    async def reading(self, bridge: Reads | None = None) -> AsyncIterator[asyncio.Task[Any]]:
        """The bridge at work, once; cancelled in the end."""
        task = asyncio.create_task((bridge or self.make()).read(self.host))
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait({task}, timeout=STOPS_S)

    @contextlib.asynccontextmanager
    async def kept_reading(self) -> AsyncIterator[asyncio.Task[Any]]:
        """The bridge at work, begun anew whenever its source breaks off, as the host does."""
        bridge = self.make()

        async def keep() -> None:
            while True:
                ended = await bridge.read(self.host)
                must(isinstance(ended, RetryLater | BadCredentials), "read returned no RetryLater")
                await asyncio.sleep(0.01)

        task = asyncio.create_task(keep())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait({task}, timeout=STOPS_S)

    async def say(self, message: bytes) -> None:
        """Let the source say it."""
        await _in_time(self.source.say(message), "nobody came to hear the source")

    async def until(self, true: Callable[[], object], reading: asyncio.Task[Any], otherwise: str) -> None:
        """Wait for a condition; `Broken` if it never comes, or reading ends in an error before."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not true():
                    if reading.done() and reading.exception() is not None:
                        raise raised_by(reading)
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise Broken(otherwise) from None


@contextlib.asynccontextmanager
async def scene(case: ReadingCase) -> AsyncIterator[Scene]:
    """A source that listens, and a host."""
    source = case.source()
    await source.start()
    try:
        async with ClientSession(cookie_jar=DummyCookieJar()) as http:
            yield Scene(case, source, StandInHost(http, KnownSecrets(case.secrets)))
    finally:
        await source.stop()


def raised_by(reading: asyncio.Task[Any]) -> Broken:
    """What reading raised, as a finding without its words."""
    error = reading.exception()
    return error if isinstance(error, Broken) else Broken(f"read raised {type(error).__name__}")


async def _in_time(act: Coroutine[Any, Any, None], otherwise: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await act
    except TimeoutError:
        raise Broken(otherwise) from None

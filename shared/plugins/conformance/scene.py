"""A bridge that reads, at work between a stand-in of its source and a stand-in of its host."""

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import ClientSession, DummyCookieJar

from shared.plugins.conformance.bridge_case import ReadingCase
from shared.plugins.conformance.common import KnownSecrets
from shared.plugins.conformance.criteria import Broken, must, place
from shared.plugins.spec import BadCredentials, Ignored, IncomingReport, Reads, RetryLater

PATIENCE_S: Final = 10.0
STOPS_S: Final = 2.0
_CONSTANT: Final = re.compile(r"[a-z0-9_]{1,40}")


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
        self.task: asyncio.Task[Any] | None = None
        self.ended: Any = None

    def make(self) -> Reads:
        """The bridge anew, as after a restart."""
        return self.case.make(self.source)

    @contextlib.asynccontextmanager
    async def reading(self, bridge: Reads | None = None) -> AsyncIterator[asyncio.Task[Any]]:
        """The bridge at work, once; cancelled in the end."""
        async with self._at_work((bridge or self.make()).read(self.host)) as task:
            yield task

    @contextlib.asynccontextmanager
    async def kept_reading(self) -> AsyncIterator[asyncio.Task[Any]]:
        """The bridge at work, begun anew whenever its source breaks off, as the host does."""
        bridge = self.make()

        async def keep() -> None:
            while True:
                self.ended = await bridge.read(self.host)
                must(isinstance(self.ended, RetryLater | BadCredentials), "read returned no RetryLater")
                await asyncio.sleep(0.01)

        async with self._at_work(keep()) as task:
            yield task

    @contextlib.asynccontextmanager
    async def _at_work(self, work: Coroutine[Any, Any, Any]) -> AsyncIterator[asyncio.Task[Any]]:
        self.ended, self.task = None, asyncio.create_task(work)
        try:
            yield self.task
        finally:
            self.task.cancel()
            await asyncio.wait({self.task}, timeout=STOPS_S)

    async def say(self, message: bytes) -> None:
        """Let the source say it."""
        saying = asyncio.create_task(self.source.say(message))
        waiting_for = {saying, self.task} if self.task is not None else {saying}
        await asyncio.wait(waiting_for, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if not saying.done():
            saying.cancel()
            raise Broken(f"nobody came to hear the source{self._how_it_ended()}")
        saying.result()

    async def until(self, true: Callable[[], object], reading: asyncio.Task[Any], otherwise: str) -> None:
        """Wait for a condition; `Broken` if it never comes, or reading ends before."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not true() and not reading.done():  # noqa: ASYNC110 - conditions of many kinds
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise Broken(f"{otherwise}{self._how_it_ended()}") from None
        if not true():
            raise Broken(f"{otherwise}{self._how_it_ended()}")

    def _how_it_ended(self) -> str:
        """What `read` returned or raised last, if it did."""
        if self.task is not None and self.task.done() and not self.task.cancelled():
            if self.task.exception() is not None:
                return f": {raised_by(self.task, self.case.plugin)}"
            self.ended = self.task.result()
        if self.ended is None:
            return ""
        return f": read returned {type(self.ended).__name__}{_reason(self.ended)}"


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


def raised_by(reading: asyncio.Task[Any], plugin: type[Any]) -> Broken:
    """What reading raised and where in the bridge's own file, as a finding without its words."""
    error = reading.exception()
    if error is None or isinstance(error, Broken):
        return error or Broken("read raised nothing")
    own = getattr(sys.modules.get(plugin.__module__), "__file__", None)
    return Broken(f"read raised {type(error).__name__} {place(error, own)}")


def _reason(ended: Any) -> str:
    """The constant that says why; anything else is not shown."""
    reason = getattr(ended, "reason", "")
    return f" ({reason})" if isinstance(reason, str) and _CONSTANT.fullmatch(reason) else ""

"""Empties the spool into NATS, in order, whenever NATS is there.

Keys go before the reports they open: a key is stored and acknowledged before anything after it
is sent. Reports between two keys go together, at most `WINDOW` at a time. A crash in the middle
sends some again, under the same ids.
"""

import asyncio
import itertools
from typing import Final

import structlog

from services.ingest.intake import Intake
from services.ingest.spool import Spool
from shared.errors import BusError, MalformedMessageError
from shared.ports import Clock, Outgoing

log = structlog.get_logger()

WINDOW: Final = 64
_PAUSE_S: Final = 0.25


class Drain:
    """The worker that empties the spool."""

    def __init__(self, intake: Intake, spool: Spool, clock: Clock) -> None:
        self._intake, self._spool, self._clock = intake, spool, clock

    async def run(self, stop: asyncio.Event) -> None:
        """Drain until asked to stop; what then still waits is drained by the next start."""
        stopping = asyncio.create_task(stop.wait(), name="drain-stop")
        try:
            while not stop.is_set():
                await self._something_waits(stopping)
                if self._spool.depth and not await self.some():
                    await asyncio.wait({stopping}, timeout=_PAUSE_S)
        finally:
            stopping.cancel()

    async def _something_waits(self, stopping: asyncio.Task[bool]) -> None:
        news = asyncio.create_task(self._spool.news.wait(), name="drain-news")
        try:
            await asyncio.wait({news, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()

    async def some(self) -> bool:
        """Store the oldest waiting messages; False if NATS could not take them all."""
        batch = _next_batch(await self._spool.oldest(WINDOW))
        results = await asyncio.gather(*(self._settle(message) for message in batch))
        stored = [message.msg_id for message, done in zip(batch, results, strict=True) if done]
        await self._spool.done(stored)
        if stored:
            log.info("spool_drained", messages=len(stored), waiting=self._spool.depth)
        return all(results)

    async def _settle(self, message: Outgoing) -> bool:
        try:
            await self._intake.settle(message)
        except BusError as error:
            log.warning("spool_waits", error=type(error).__name__, waiting=self._spool.depth)
            return False
        except (MalformedMessageError, ValueError) as error:
            log.error("spool_message_set_aside", error=type(error).__name__)  # noqa: TRY400 - never its content
            await self._spool.put_aside(message, at=self._clock.now())
        return True


def _next_batch(oldest: list[Outgoing]) -> list[Outgoing]:
    """A key by itself, or all the reports up to the next key."""
    if oldest and _is_key(oldest[0]):
        return oldest[:1]
    return list(itertools.takewhile(lambda message: not _is_key(message), oldest))


def _is_key(message: Outgoing) -> bool:
    return message.subject.startswith("keys.")

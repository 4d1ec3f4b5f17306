"""News of the read model: one subscription a process, heard by all who wait for a change."""

import asyncio
import contextlib

from shared.ports import ReadModel


class News:
    """Ask for `next()` before looking, look, then wait for it: so nothing between is missed."""

    def __init__(self, state: ReadModel) -> None:
        self._state = state
        self._next = asyncio.Event()

    def next(self) -> asyncio.Event:
        """An event that the next change sets."""
        return self._next

    async def work(self, stop: asyncio.Event) -> None:
        """Listen until asked to stop; then let everybody who waits go, so that none of them holds it up."""
        listening = asyncio.create_task(self._listen())
        try:
            await stop.wait()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            self.tell()

    async def _listen(self) -> None:
        async with contextlib.aclosing(self._state.watch()) as changes:
            async for _ in changes:
                self.tell()

    def tell(self) -> None:
        """Have everybody who waits look again."""
        heard, self._next = self._next, asyncio.Event()
        heard.set()


async def within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event at most so long; whether it came."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()
    except TimeoutError:
        return False
    return True

"""Names what holds the event loop, instead of waiting for it forever.

Whoever is new to asyncio reads a socket, or sleeps, in a way that stops everything else. Then no time-out of
the loop's own can end it, so a signal does.
"""

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import AsyncIterator
from types import FrameType
from typing import Final

from shared.plugins.conformance.criteria import Broken

HELD_S: Final = 3.0
_BEAT_S: Final = 0.1
_LOOK_S: Final = 0.5


@contextlib.asynccontextmanager
async def watched() -> AsyncIterator[None]:
    """While entered, code that holds the loop for three seconds is interrupted by a `Broken` that says where.

    Only in the main thread of a system that has alarms; elsewhere nothing is watched.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    beat = time.monotonic()

    async def keep_beating() -> None:
        nonlocal beat
        while True:
            beat = time.monotonic()
            await asyncio.sleep(_BEAT_S)

    def look(_signal: int, frame: FrameType | None) -> None:
        if time.monotonic() - beat > HELD_S and frame is not None:
            name = frame.f_code.co_filename.rsplit("/", 1)[-1]
            raise Broken(
                f"it holds the event loop: line {frame.f_lineno} of {name}, in {frame.f_code.co_name}"
            )

    beating = asyncio.create_task(keep_beating())
    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_S, _LOOK_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        beating.cancel()

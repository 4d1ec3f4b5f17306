"""Sees from a thread of its own that the event loop stands still, and names the bridge that holds it.

A bridge that computes or waits without `await` stops all others and the form. It is named from the blocked
thread's stack, so nobody has to say that a bridge is at work. A loop that never comes back is ended: whoever
started this process starts it again, what is stored is on disk, and sources tell the rest again.
"""

import asyncio
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

import structlog

log = structlog.get_logger()

BLOCKED_S: Final = 1.0
"""Nothing that a front door does takes so long between two awaits."""
END_S: Final = 60.0
EXIT_BLOCKED: Final = 70
"""What ends a loop that stood still for so long; `EX_SOFTWARE`."""


def _end() -> None:
    """Nothing of this process can be asked to stop any more."""
    os._exit(EXIT_BLOCKED)


@dataclass
class LoopWatch:
    """Watches the loop that runs it; `bridges` are those that may be at fault, by instance id."""

    bridges: Callable[[], Mapping[str, object]]
    counts: Counter[str]
    blocked_s: float = BLOCKED_S
    end_s: float = END_S
    end: Callable[[], None] = _end
    _beat: float = field(default_factory=time.monotonic)
    _held_by: str | None = None
    """Who holds the loop now ("" for no bridge), as the thread saw it; None: it moves."""

    async def run(self, stop: asyncio.Event) -> None:
        """Beat until asked to stop, and count what the thread saw between two beats."""
        over, loop_thread = threading.Event(), threading.get_ident()
        self._beat = time.monotonic()
        thread = threading.Thread(target=self._look, args=(loop_thread, over), daemon=True, name="loop-watch")
        thread.start()
        try:
            while not stop.is_set():
                self._moved()
                try:
                    async with asyncio.timeout(self.blocked_s / 2):
                        await stop.wait()
                except TimeoutError:
                    continue
        finally:
            over.set()

    def _moved(self) -> None:
        stood_s, self._beat = time.monotonic() - self._beat, time.monotonic()
        who, self._held_by = self._held_by, None
        if who is None:
            return
        self.counts[f"bridge.{who}.blocked" if who else "loop.blocked"] += 1
        log.warning("loop_moves_again", bridge=who, stood_s=round(stood_s, 1))

    def _look(self, loop_thread: int, over: threading.Event) -> None:
        """The thread: named as soon as it is seen, because the loop may never say it."""
        looks = 0  # so that a process that was stopped from outside, and goes on, is not ended
        while not over.wait(self.blocked_s / 2):
            blocked = time.monotonic() - self._beat > self.blocked_s
            looks = looks + 1 if blocked else 0
            if looks * self.blocked_s / 2 > self.end_s:
                log.critical("loop_ended", bridge=self._held_by or "")
                self.end()
                return
            if blocked and self._held_by is None:
                frame = sys._current_frames().get(loop_thread)  # noqa: SLF001 - what shows another thread's stack
                who = whose(frame, self.bridges())
                log.error("loop_blocked", bridge=who, at=_place(frame))
                self._held_by = who


def whose(frame: FrameType | None, bridges: Mapping[str, object]) -> str:
    """The bridge on whose behalf this stack runs: the innermost method of one; "" if there is none."""
    names = {id(bridge): name for name, bridge in bridges.items()}
    while frame is not None:
        found = names.get(id(frame.f_locals.get("self"))) if "self" in frame.f_code.co_varnames else None
        if found is not None:
            return found
        frame = frame.f_back
    return ""


def _place(frame: FrameType | None) -> str:
    return f"{frame.f_code.co_name}:{frame.f_lineno}" if frame is not None else ""

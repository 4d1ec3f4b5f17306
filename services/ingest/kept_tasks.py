"""Tasks by name that come and go while a worker runs; one that ends by itself ends the worker, loudly."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

log = structlog.get_logger()

STUBBORN_S: Final = 3.0
Work = Callable[[], Coroutine[Any, Any, None]]


class KeptTasks:
    """One task each, begun when `run` is, or later."""

    def __init__(self) -> None:
        self._work: dict[str, Work] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ended = asyncio.Event()
        self._running = False

    def put(self, name: str, work: Work) -> None:
        """Keep it going from now on."""
        self._work[name] = work
        if self._running:
            self._start(name)

    async def drop(self, name: str) -> None:
        """End it, and wait until it has ended."""
        self._work.pop(name, None)
        await _cancelled([task] if (task := self._tasks.pop(name, None)) else [])

    async def run(self, stop: asyncio.Event) -> None:
        """Keep all going until asked to stop. Raises what one raised that should not have ended."""
        self._running = True
        for name in self._work:
            self._start(name)
        waiting = [asyncio.create_task(event.wait()) for event in (stop, self._ended)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in self._tasks.values():
                if task.done():
                    task.result()
        finally:
            self._running = False
            await _cancelled([*waiting, *self._tasks.values()])
            self._tasks.clear()

    def _start(self, name: str) -> None:
        task = asyncio.create_task(self._work[name](), name=name)
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._ended.set() if self._tasks.get(name) is task else None)


async def _cancelled(tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel these; one that swallows it is left behind, so that nothing waits for it for ever."""
    for task in tasks:
        task.cancel()
    done, stubborn = await asyncio.wait(tasks, timeout=STUBBORN_S) if tasks else (set(), set())
    for task in done:
        if not task.cancelled():
            task.exception()  # of one that is over nobody asks any more
    for task in stubborn:
        log.error("task_left_behind", task=task.get_name())

"""What waits in lanes, and what is under way: taken up as far as there is room and gates are open.

Guarantees: whatever becomes of a piece of work, its room is given back; once `draining` nothing new begins.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from services.notifier.decide.lanes import Lane, Lanes
from services.notifier.engine import WIDTHS, Engine, Job
from services.notifier.gates import Gates

_LONGEST_SLEEP_S: Final = 86_400.0


class Work:
    """`put` work in; `do` is what does a piece of it, and raises nothing."""

    def __init__(self, engine: Engine, gates: Gates, do: Callable[[Job], Awaitable[None]]) -> None:
        self._engine, self._gates, self._do = engine, gates, do
        self.lanes: Lanes[Job] = Lanes(total=engine.at_once, widths=WIDTHS, usual_width=engine.lane_width)
        self.draining = False
        self.begun = False
        """Whether anything may be taken up: not before it is known what has ended."""
        self.attempts: set[tuple[str, int, int]] = set()
        """The attempts (alert, chunk, number) that are under way here."""
        self._jobs: set[asyncio.Task[None]] = set()
        self._timers: set[asyncio.Task[None]] = set()
        gates.attach(self.later, self.pump)

    def put(self, lane: Lane, job: Job) -> None:
        """At the end of its lane; it is taken up as soon as it may."""
        self.lanes.put(lane, job, size=max(1, len(job.recipients)))
        self.pump()

    def begin(self) -> None:
        """From now on work is taken up."""
        self.begun = True
        self.pump()

    def pump(self) -> None:
        """Take up what may be."""
        while self.begun and not self.draining and (taken := self.lanes.take(self._gates.shut)):
            lane, size, job = taken
            probe = self._gates.enter(lane, size, job.who)
            self.start(lane, size, replace(job, probe=probe))

    def reserve(self, lane: Lane, job: Job) -> bool:
        """Take room at once for work that is not put in; `start` it then, or `give_back`."""
        usual = not self.draining and self._gates.trusted(lane)
        if not usual or not self.lanes.reserve(lane, len(job.recipients)):
            return False
        self._gates.enter(lane, len(job.recipients), job.who)
        return True

    def start(self, lane: Lane, size: int, job: Job) -> None:
        """Begin with what has its room."""
        task = asyncio.create_task(self._run(lane, size, job))
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    async def _run(self, lane: Lane, size: int, job: Job) -> None:
        try:
            await self._do(job)
        finally:
            self.give_back(lane, size, job)

    def give_back(self, lane: Lane, size: int, job: Job) -> None:
        """Give back the room of work that is done, or not done after all."""
        self._gates.leave(lane.account, job.who)
        self.lanes.done(lane, size)
        self.pump()

    def later(self, delay_s: float, then: Callable[[], None]) -> None:
        """Call it after so many seconds; now, if that is none."""
        if delay_s <= 0:
            then()
            return

        async def wait() -> None:
            await self._engine.sleep(min(delay_s, _LONGEST_SLEEP_S))
            then()

        timer = asyncio.create_task(wait())
        self._timers.add(timer)
        timer.add_done_callback(self._timers.discard)

    async def drain(self) -> None:
        """Take up nothing new; return once what is under way is done."""
        self.draining = True
        while self._jobs:
            await asyncio.wait(set(self._jobs))

    async def cancel(self) -> None:
        """Take up nothing new, and end what is under way."""
        self.draining = True
        while begun := {task for task in self._jobs | self._timers if not task.done()}:
            await cancel(begun)


async def cancel(tasks: set[asyncio.Task[None]]) -> None:
    """End these tasks, and wait until they have."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task

"""Plays exercises: the one place where a script's messages become reports, as if people sent them.

Guarantees: each message goes in once, whoever plays it and however often a process begins anew, because its
id follows from the exercise and its number; each bears the flag of an exercise; nothing is played once the
exercise is over. Every process of the front door plays, and none needs to know of the others.
"""

import asyncio
import contextlib
from typing import Final

import structlog

from services.ingest.door import Door
from services.ingest.submission import Submission
from shared.contracts.drills import DrillMessage
from shared.errors import StateUnavailableError
from shared.exercises import BRIDGE, CLIENT, Exercise, source_of
from shared.http import Problem
from shared.plugins.spec import IncomingReport

log = structlog.get_logger()

_LOOK_S: Final = 1.0
_LATER: Final = 503


class Player:
    """A worker of the front door."""

    def __init__(self, door: Door, *, look_s: float = _LOOK_S) -> None:
        self._door, self._look_s = door, look_s
        self._sent: set[tuple[str, int]] = set()
        """What this process has sent of the exercises that go on."""

    async def run(self, stop: asyncio.Event) -> None:
        """Play until asked to stop."""
        while not stop.is_set():
            await self.play()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._look_s)

    async def play(self) -> None:
        """Send what is due of every exercise that goes on; what can't be stored now is sent the next time."""
        now = self._door.now()
        try:
            running = await self._door.exercises.running(now)
        except StateUnavailableError:
            return
        self._sent = {sent for sent in self._sent if any(sent[0] == e.id for e in running)}
        for exercise in running:
            for number, message in exercise.due(now):
                if (exercise.id, number) not in self._sent and not await self._send(
                    exercise, number, message
                ):
                    return

    async def _send(self, exercise: Exercise, number: int, message: DrillMessage) -> bool:
        """Whether it is done with: stored, or never to be."""
        try:
            await self._door.accept(_submission(exercise, number, message))
        except Problem as problem:
            if problem.status == _LATER:
                return False
            log.warning("exercise_message_refused", exercise=exercise.id, number=number, code=problem.code)
        self._sent.add((exercise.id, number))
        return True


def _submission(exercise: Exercise, number: int, message: DrillMessage) -> Submission:
    return Submission(
        bridge=BRIDGE,
        client=CLIENT,
        drill=True,
        report=IncomingReport(
            source_id=source_of(exercise.id, number),
            # Whoever sends in two exercises is two people: the second begins with nothing of the first.
            sender=f"{exercise.id}.{message.sender}",
            **message.model_dump(exclude={"t", "sender"}),
        ),
    )

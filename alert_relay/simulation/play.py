"""Plays the steps in time, watches what comes of them, and ends when nothing more comes."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from alert_relay.client import SaidNoError
from alert_relay.simulation.desk import DemoDesk, NoSuchIncidentError
from alert_relay.simulation.doors import Accepted, Doors
from alert_relay.simulation.outcome import Eye, Picture
from shared.scenarios import Done, Said, Step

LOOK_EVERY_S: Final = 0.5
QUIET_S: Final = 2.0
SETTLE_S: Final = 60.0


@dataclass
class Progress:
    """What has happened so far, for whoever shows it."""

    steps: int
    sent: list[tuple[Said, Accepted]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    done: int = 0
    picture: Picture = field(default_factory=Picture)

    @property
    def accepted(self) -> dict[str, float]:
        """When each report was accepted (wall clock), by what is known of its id."""
        return {accepted.prefix: accepted.at for _, accepted in self.sent if accepted.prefix}


@dataclass
class Player:
    """One simulation. `start` is the log's time of the scenarios' second 0."""

    doors: Doors
    desk: DemoDesk
    eye: Eye
    start: datetime
    speed: float
    show: Callable[[Progress], None]

    async def play(self, steps: Sequence[Step]) -> Progress:
        """All steps at their times; afterwards wait until deliveries have settled."""
        progress = Progress(len(steps))
        await self.eye.open(datetime.now(UTC))
        watching = asyncio.create_task(self._watch(progress), name="watch")
        try:
            await self._perform(steps, progress)
            await self._settle(progress)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        self.show(progress)
        return progress

    async def _watch(self, progress: Progress) -> None:
        while True:
            progress.picture = await self.eye.look_quietly(progress.picture)
            self.show(progress)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _perform(self, steps: Sequence[Step], progress: Progress) -> None:
        began = time.monotonic()
        for step in steps:
            await asyncio.sleep(max(0.0, began + step.t / self.speed - time.monotonic()))
            if isinstance(step, Said):
                accepted = await self.doors.send(step, self.start + timedelta(seconds=step.t))
                progress.sent.append((step, accepted))
            else:
                await self._act(step, progress)
            progress.done += 1

    async def _act(self, done: Done, progress: Progress) -> None:
        try:
            answer = await self.desk.act(done)
            progress.notes.append(f"{done.by}: {done.act} ({answer.get('reason')})")
        except (SaidNoError, NoSuchIncidentError) as error:
            progress.notes.append(f"{done.by}: {done.act} did not happen: {error}")

    async def _settle(self, progress: Progress) -> None:
        """Until all that is expected has come and nothing new for a while, or patience ends."""
        deadline = time.monotonic() + SETTLE_S
        last: Any = None
        quiet_since = time.monotonic()
        while time.monotonic() < deadline:
            picture = await self.eye.look_quietly(progress.picture)
            if picture.fingerprint() != last:
                last, quiet_since = picture.fingerprint(), time.monotonic()
            elif time.monotonic() - quiet_since > QUIET_S and not picture.lost():
                return
            await asyncio.sleep(LOOK_EVERY_S / 2)

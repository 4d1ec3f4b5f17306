"""Keeps kill switches on: one that is on is said again before DESK forgets it.

The router only records such a command (or its refusal, where the member has gone since); the
notifier obeys it as it obeyed the first. An allow that is stored between this worker's look and its
word is overruled: it errs on the side of stop, and whoever allowed it can do so again.
"""

import asyncio
from typing import Final

import structlog

from services.console.decide.restate import restated
from services.console.news import within
from shared.contracts.catalog import encode
from shared.errors import BusError, MalformedMessageError
from shared.ports import Bus, Clock

log = structlog.get_logger()

_LOOK_S: Final = 3600.0
_PATIENCE_S: Final = 1.0
"""Short, so that nothing is said long after the look; the next look is soon enough."""


class KillSwitchKeeper:
    """A worker that looks at all switches at its start and then hourly."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus, self._clock = bus, clock

    async def work(self, stop: asyncio.Event) -> None:
        """Look until asked to stop."""
        while not stop.is_set():
            await self.look()
            await within(stop, _LOOK_S)

    async def look(self) -> None:
        """Say again what needs it; what fails waits for the next look."""
        try:
            subjects = await self._bus.subjects("DESK", "desk.v1.*.kill_switch")
        except BusError as error:
            log.warning("kill_switches_unseen", error=type(error).__name__)
            return
        for subject in sorted(subjects):
            try:
                await self._keep(subject)
            except (BusError, MalformedMessageError) as error:
                log.warning("kill_switch_not_kept", subject=subject, error=type(error).__name__)

    async def _keep(self, subject: str) -> None:
        entry = await self._bus.last("DESK", subject)
        again = restated(entry, now=self._clock.now()) if entry is not None else None
        if again is not None:
            await self._bus.publish(encode(again, source="console"), patience_s=_PATIENCE_S)
            log.info("kill_switch_restated", group=again.group)

"""Says in the read model how the bridges stand: at once when that changes, and again while it lasts."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from shared.errors import StateUnavailableError
from shared.state.bridges import LIFE_S, BridgeStandings, Standings

log = structlog.get_logger()

LOOK_S: Final = 1.0


@dataclass
class StandingSaid:
    """A worker. Where the read model is away it says so later; nothing else waits for it."""

    standings: Callable[[], Standings]
    to: BridgeStandings
    look_s: float = LOOK_S
    _away: bool = False

    async def run(self, stop: asyncio.Event) -> None:
        """Until asked to stop."""
        last: Standings | None = None
        at = 0.0
        while not stop.is_set():
            now = self.standings()
            if now != last or time.monotonic() - at > LIFE_S / 3:
                last, at = (now if await self._said(now) else None), time.monotonic()
            try:
                async with asyncio.timeout(self.look_s):
                    await stop.wait()
            except TimeoutError:
                continue

    async def _said(self, standings: Standings) -> bool:
        try:
            await self.to.say(standings)
        except StateUnavailableError as error:
            if not self._away:
                log.info("standing_not_said", error=type(error).__name__)
            self._away = True
        else:
            self._away = False
        return not self._away

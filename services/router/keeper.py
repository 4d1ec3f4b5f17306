"""The keeper of keys: destroys hour keys past their life, and the keys of forgotten incidents.

Driven by what the log says and safe to repeat, so a crash between the decision and the erasing
leaves only a moment's delay: the next sweep erases.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from services.router.decide.state import State
from shared.contracts.base import IncidentId, KeyId
from shared.errors import BusError
from shared.ports import Bus, Clock
from shared.sealing import Keyring

log = structlog.get_logger()

_HOUR_S: Final = 3600.0
_RETRY_S: Final = 30.0
_INCIDENT: Final = "incident-"


class Keeper:
    """Sweeps at the start, each hour, and when an incident was forgotten (`news`)."""

    def __init__(self, bus: Bus, keyring: Keyring, clock: Clock, state: Callable[[], State]) -> None:
        self._bus, self._keyring, self._clock, self._state = bus, keyring, clock, state
        self.news = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until stopped; an unreachable bus is tried again."""
        stopping = asyncio.create_task(self._stopped(stop), name="keeper-stop")
        try:
            while not stop.is_set():
                self.news.clear()
                pause = await self._try_sweep()
                try:
                    async with asyncio.timeout(pause):
                        await self.news.wait()
                except TimeoutError:
                    continue
        finally:
            stopping.cancel()

    async def _stopped(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.news.set()

    async def _try_sweep(self) -> float:
        try:
            destroyed = await self.sweep()
        except BusError as error:
            log.warning("keys_not_swept", error=type(error).__name__)
            return _RETRY_S
        if destroyed:
            log.info("keys_destroyed", count=len(destroyed))
        return _HOUR_S

    async def sweep(self) -> list[KeyId]:
        """Destroy every key whose time has come; returns them."""
        destroyed = await self._keyring.destroy_outlived(self._clock.now())
        forgotten = self._state().forgotten
        for subject in await self._bus.subjects("KEYS", "keys.v1.>"):
            key = KeyId(subject.removeprefix("keys.v1."))
            incident = IncidentId(key.removeprefix(_INCIDENT))
            if key.startswith(_INCIDENT) and forgotten.get(incident) and await self._keyring.destroy(key):
                destroyed.append(key)
        return destroyed

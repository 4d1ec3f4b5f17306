"""Reads the kill switches by direct get before each chunk; what cannot be read means stop.

A thousand chunks may ask at once: those that ask while a read is under way share the next one,
so every answer is from a read that began after its question.
"""

import asyncio
from collections.abc import Awaitable
from typing import Final

import structlog

from services.notifier.decide.switch import stopped_by
from shared.contracts.base import HUB
from shared.contracts.catalog import decode
from shared.contracts.desk import KillSwitch
from shared.errors import RelayError
from shared.ports import Bus

log = structlog.get_logger()
UNREADABLE: Final = "switch_unreadable"


class KillSwitches:
    """The switches of the hub and of each group."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._running: dict[str, asyncio.Task[KillSwitch | None]] = {}
        self._next: dict[str, asyncio.Task[KillSwitch | None]] = {}

    async def stopped(self, group: str) -> str | None:
        """Why this group may not send now (`hub_stopped`, `group_stopped`, `switch_unreadable`), or None."""
        try:
            hub, own = await asyncio.gather(self._fresh(HUB), self._fresh(group))
        except RelayError as error:
            log.warning("kill_switch_unreadable", group=group, error=type(error).__name__)
            return UNREADABLE
        return stopped_by(hub, own)

    def _fresh(self, group: str) -> Awaitable[KillSwitch | None]:
        running = self._running.get(group)
        if running is None or running.done():
            task = asyncio.create_task(self._read(group))
            self._running[group] = task
        else:
            task = self._next.get(group) or asyncio.create_task(self._after(running, group))
            self._next[group] = task
        return asyncio.shield(task)

    async def _after(self, running: "asyncio.Task[KillSwitch | None]", group: str) -> KillSwitch | None:
        await asyncio.wait({running})
        self._running[group] = self._next.pop(group)
        return await self._read(group)

    async def _read(self, group: str) -> KillSwitch | None:
        entry = await self._bus.last("DESK", f"desk.v1.{group}.kill_switch")
        if entry is None:
            return None
        command = decode(entry)
        return command if isinstance(command, KillSwitch) else None

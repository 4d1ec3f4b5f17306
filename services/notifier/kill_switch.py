"""Reads the kill switches by direct get for each chunk before it is claimed; what cannot be read means stop.

A thousand chunks may ask at once: those that ask while a read is under way share the next one,
so every answer is from a read that began after its question. It reads the newest command of all:
while that is the one it knows, no switch has been turned, and none need be read by itself.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog

from services.notifier.decide.switch import stopped_by
from shared.contracts.base import HUB
from shared.contracts.catalog import decode
from shared.contracts.desk import KillSwitch
from shared.errors import MalformedMessageError
from shared.ports import Bus

log = structlog.get_logger()
UNREADABLE: Final = "switch_unreadable"


_Switch = KillSwitch | None
_Answer = asyncio.Future[tuple[_Switch, _Switch] | Exception]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question for one chunk of that group: a read that begins after it was asked."""

    group: str
    answer: _Answer


class KillSwitches:
    """The switches of the hub and of each group."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._asking: list[Asked] = []
        """Who waits for the next read."""
        self._reading: asyncio.Task[None] | None = None
        self._newest = 0
        self._known: dict[str, _Switch] = {}
        """Switches by group as they are while no newer command than `newest` lies in DESK."""

    def ask(self, group: str) -> Asked:
        """Begin to read now what `stopped` will say; a question lost is no error."""
        asked = Asked(group, asyncio.get_running_loop().create_future())
        self._asking.append(asked)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_for_all())
        return asked

    async def close(self) -> None:
        """End the read under way; who still waits for it must have been ended before."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    @staticmethod
    async def stopped(asked: Asked) -> str | None:
        """Why the group may not send (`hub_stopped`, `group_stopped`, `switch_unreadable`), or None."""
        answer = await asked.answer
        if isinstance(answer, Exception):
            log.warning("kill_switch_unreadable", group=asked.group, error=type(answer).__name__)
            return UNREADABLE
        return stopped_by(*answer)

    async def _read_for_all(self) -> None:
        """Read for those who wait, then for those who came meanwhile, until nobody waits."""
        while self._asking:
            asking, self._asking = self._asking, []
            groups = dict.fromkeys(asked.group for asked in asking)
            answers = dict(zip(groups, await self._read(*groups), strict=True))
            for asked in asking:
                if not asked.answer.done():
                    asked.answer.set_result(answers[asked.group])
        self._reading = None

    async def _read(self, *groups: str) -> list[tuple[_Switch, _Switch] | Exception]:
        """The hub's switch and each group's own, or what went wrong."""
        try:
            newest = await self._bus.last("DESK", "desk.v1.*.kill_switch")
        except Exception as error:  # noqa: BLE001 - whatever it is, unreadable means stop
            return [error for _ in groups]
        if (seq := newest.seq if newest else 0) != self._newest:
            self._newest, self._known = seq, {}
        names = dict.fromkeys((HUB, *groups))
        found = dict(zip(names, await asyncio.gather(*map(self._switch, names)), strict=True))
        return [_both(found[HUB], found[group]) for group in groups]

    async def _switch(self, group: str) -> _Switch | Exception:
        if group not in self._known:
            try:
                entry = await self._bus.last("DESK", f"desk.v1.{group}.kill_switch")
                command = decode(entry) if entry is not None else None
            except Exception as error:  # noqa: BLE001 - whatever it is, unreadable means stop
                return error
            if command is not None and not isinstance(command, KillSwitch):
                return MalformedMessageError(f"{command.type} lies where kill switches lie")
            self._known[group] = command
        return self._known[group]


def _both(hub: _Switch | Exception, own: _Switch | Exception) -> tuple[_Switch, _Switch] | Exception:
    if isinstance(hub, Exception):
        return hub
    return own if isinstance(own, Exception) else (hub, own)

"""Reads the kill switches by direct get for each chunk before it is claimed; what cannot be read means stop.

A thousand chunks may ask at once: those that ask while a read is under way share the next one,
so every answer is from a read that began after its question.
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


_Read = KillSwitch | Exception | None
_Answer = asyncio.Future[_Read]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question for one chunk of that group: reads that begin after it was asked."""

    group: str
    hub: _Answer
    own: _Answer


class KillSwitches:
    """The switches of the hub and of each group."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._asking: dict[str, list[_Answer]] = {}
        """Who waits for the next read, by group; no entry while no read is under way."""
        self._reads: set[asyncio.Task[None]] = set()

    def ask(self, group: str) -> Asked:
        """Begin to read now what `stopped` will say; a question lost is no error."""
        return Asked(group, self._ask(HUB), self._ask(group))

    @staticmethod
    async def stopped(asked: Asked) -> str | None:
        """Why the group may not send (`hub_stopped`, `group_stopped`, `switch_unreadable`), or None."""
        group, hub, own = asked.group, await asked.hub, await asked.own
        if isinstance(hub, Exception) or isinstance(own, Exception):
            error = hub if isinstance(hub, Exception) else own
            log.warning("kill_switch_unreadable", group=group, error=type(error).__name__)
            return UNREADABLE
        return stopped_by(hub, own)

    def _ask(self, group: str) -> _Answer:
        answer: _Answer = asyncio.get_running_loop().create_future()
        if group in self._asking:
            self._asking[group].append(answer)
        else:
            self._asking[group] = [answer]
            read = asyncio.create_task(self._read_for_all(group))
            self._reads.add(read)
            read.add_done_callback(self._reads.discard)
        return answer

    async def _read_for_all(self, group: str) -> None:
        """Read for those who wait, then for those who came meanwhile, until nobody waits."""
        while asking := self._asking.pop(group):
            self._asking[group] = []
            switch = await self._read(group)
            for answer in asking:
                if not answer.done():
                    answer.set_result(switch)

    async def _read(self, group: str) -> _Read:
        try:
            entry = await self._bus.last("DESK", f"desk.v1.{group}.kill_switch")
            command = decode(entry) if entry is not None else None
        except Exception as error:  # noqa: BLE001 - whatever it is, unreadable means stop
            return error
        if command is None or isinstance(command, KillSwitch):
            return command
        return MalformedMessageError(f"{command.type} lies where kill switches lie")

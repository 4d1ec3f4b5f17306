"""Which kill switches are on, for whoever looks at the desk: a stop must not look as if messages went out.

Read from the commands that the notifier itself obeys. While the log is away nothing is known, and nothing
said: then the notifier sends nothing either, and the desk says that the log is away.
"""

from collections.abc import Iterable
from typing import Final

from services.console.models import SendingStopped
from services.console.store import Store
from shared.contracts.base import HUB
from shared.contracts.catalog import decode
from shared.contracts.desk import KillSwitch
from shared.errors import BusError, MalformedMessageError
from shared.ports import Bus

_SWITCHES: Final = "desk.v1.*.kill_switch"


class Stops:
    """Reads the newest command of all; only where that is another than before, each switch by itself."""

    def __init__(self, bus: Bus, store: Store) -> None:
        self._bus, self._store = bus, store
        self._newest = 0
        self._on: dict[str, KillSwitch] = {}

    async def on(self, groups: Iterable[str] | None = None) -> list[SendingStopped]:
        """What keeps these groups (None: any) from sending: the hub's switch first, then their own."""
        try:
            await self._look()
        except BusError:
            return []
        asked = self._on.keys() if groups is None else {HUB, *groups}
        found = [self._on[g] for g in sorted(asked, key=lambda g: (g != HUB, g)) if g in self._on]
        names = await self._store.names_of({one.member for one in found}) if found else {}
        return [
            SendingStopped(
                group=one.group,
                since=one.since or one.at,
                member=one.member,
                name=names.get(one.member, ""),
                reason=one.reason,
            )
            for one in found
        ]

    async def _look(self) -> None:
        newest = await self._bus.last("DESK", _SWITCHES)
        if (seq := newest.seq if newest else 0) == self._newest:
            return
        found = [await self._switch(s) for s in await self._bus.subjects("DESK", _SWITCHES)]
        self._on = {one.group: one for one in found if one is not None and one.stopped}
        self._newest = seq

    async def _switch(self, subject: str) -> KillSwitch | None:
        entry = await self._bus.last("DESK", subject)
        try:
            command = decode(entry) if entry is not None else None
        except MalformedMessageError:
            return None
        return command if isinstance(command, KillSwitch) else None


def keeps(stops: Iterable[SendingStopped], group: str) -> bool:
    """Whether one of these keeps the group from sending."""
    return any(one.group in {HUB, group} for one in stops)

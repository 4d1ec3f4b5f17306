"""All bridges that this process has open, and what runs each; they may be changed while it runs."""

import asyncio
from collections.abc import Mapping

from aiohttp import ClientSession, web

from services.ingest.app import FILE, READERS
from services.ingest.bridge_host import BRIDGES, CALLED, PART, RECEIPTS
from services.ingest.door import DOOR
from services.ingest.readers import Readers
from services.ingest.receipts import Receipts
from services.ingest.taking_part import TakingPart
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.live_bridges import LiveBridges
from shared.plugins.spec import Bridge, Reads, Secrets, TakesPart


class Hosted:
    """The bridges of one front door; `file` says which."""

    def __init__(
        self,
        app: web.Application,
        file: LiveBridges,
        bridges: Mapping[str, Bridge | Reads],
        *,
        http: ClientSession,
        secrets: Secrets,
    ) -> None:
        self._door, self._file, self._http, self._secrets = app[DOOR], file, http, secrets
        self._bridges, self._calls, self._receipts = app[BRIDGES], app[CALLED], app[RECEIPTS]
        self.open: dict[str, Bridge | Reads] = {}
        self.readers = app[READERS] = Readers(self._door, {}, http=http, secrets=secrets)
        self.part = app[PART] = TakingPart(self._door, {}, http=http, secrets=secrets)
        app[FILE] = file
        for name, bridge in bridges.items():
            self._put(name, bridge)

    async def follow(self, stop: asyncio.Event) -> None:
        """Until stopped: take up what changes in the file."""
        await self._file.follow(stop, self._use)

    async def finish(self) -> None:
        """Finish the receipts under way."""
        await asyncio.gather(*(receipts.finish() for receipts in self._receipts.values()))

    async def _use(self, entries: Mapping[str, BridgeEntry]) -> None:
        """Open all that is new or another before anything is closed: a mistake changes nothing."""
        before = self._file.entries
        opened = {n: e.open(self._secrets) for n, e in entries.items() if not e.runs_as(before.get(n))}
        for name in (set(self.open) - set(entries)) | set(opened):
            await self._drop(name)
        for name, bridge in opened.items():
            self._put(name, bridge)

    def _put(self, name: str, bridge: Bridge | Reads) -> None:
        self.open[name] = bridge
        if isinstance(bridge, Reads):
            self.readers.put(name, bridge)
            return
        self._bridges[name] = bridge
        if isinstance(bridge, TakesPart):
            self.part.put(name, bridge)
        else:
            self._calls.put(name)
        if bridge.spec.receipts == "message":
            self._receipts[name] = Receipts(self._door, name, bridge, self._http, self._secrets)

    async def _drop(self, name: str) -> None:
        if self.open.pop(name, None) is None:
            return
        self._bridges.pop(name, None)
        self._calls.drop(name)
        await self.readers.drop(name)
        await self.part.drop(name)
        if (receipts := self._receipts.pop(name, None)) is not None:
            await receipts.finish()

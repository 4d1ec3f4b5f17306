"""The real host with one bridge that reads its source, over a bus in memory; its pauses are short."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer

from services.ingest.app import READERS, make_app
from services.ingest.door import DOOR
from services.ingest.readers import Pace, Readers
from services.ingest.settings import IngestSettings
from services.ingest.spool import Spool
from shared.clock import SystemClock
from shared.contracts.catalog import decode
from shared.contracts.reports import ReportReceived
from shared.plugins.channel_testing import KnownSecrets
from shared.plugins.spec import Reads
from shared.sealing import Keyring, MasterKey
from shared.testing.bus import MemoryBus
from tests.rigs.bridges_health import KEYS


@dataclass
class ReadingHost:
    """What a test needs of it."""

    client: TestClient[Any, Any]
    bus: MemoryBus
    readers: Readers
    master: MasterKey
    name: str

    @property
    def counts(self) -> Mapping[str, int]:
        """What the door has counted."""
        found: Mapping[str, int] = self.client.app[DOOR].counts
        return found

    @property
    def accepted(self) -> int:
        """How many reports are stored."""
        return self.counts["accepted.stored"]

    @property
    def standing(self) -> dict[str, str]:
        """How the bridge stands."""
        return self.readers.health()[self.name]

    async def until(self, true: Callable[[], Any]) -> None:
        """Wait for a condition."""
        async with asyncio.timeout(10):
            while not true():  # noqa: ASYNC110 - conditions of many kinds
                await asyncio.sleep(0.005)

    async def reports(self) -> list[Any]:
        """What is stored, opened, oldest first."""
        keyring = Keyring(self.master, self.bus, SystemClock(), source="test")
        found = []
        for seq in range(1, await self.bus.last_seq("REPORTS") + 1):
            entry = await self.bus.get("REPORTS", seq)
            report = decode(entry) if entry else None
            assert isinstance(report, ReportReceived)
            found.append(await keyring.open(report))
        return found


@contextlib.asynccontextmanager
async def reading(
    folder: Path, bridge: Reads, *, bus: MemoryBus | None = None, secrets: Mapping[str, str] | None = None
) -> AsyncIterator[ReadingHost]:
    """The front door with this reader at work."""

    async def sleep(_: float) -> None:
        await asyncio.sleep(0.01)

    clock, master, name = SystemClock(), MasterKey(bytes(32)), bridge.spec.kind
    bus = bus or MemoryBus(clock)
    spool = Spool(folder, max_bytes=10_000)
    app = make_app(
        bus=bus,
        clock=clock,
        master=master,
        spool=spool,
        settings=IngestSettings(),
        bridges={name: bridge},
        keys=KEYS,
    )
    async with ClientSession() as http:
        pace, known = Pace(sleep=sleep, jitter=lambda: 0.0), KnownSecrets(secrets or {})
        readers = Readers(app[DOOR], {name: bridge}, http=http, secrets=known, pace=pace)
        app[READERS] = readers
        stop = asyncio.Event()
        async with TestClient(TestServer(app)) as client:
            task = asyncio.create_task(readers.run(stop))
            yield ReadingHost(client, bus, readers, master, name)
            stop.set()
            await asyncio.wait_for(task, 10)
    await spool.close()

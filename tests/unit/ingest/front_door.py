"""A front door on fakes, for tests: the real application over a bus in memory."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.ingest.app import make_app
from services.ingest.door import KnownGroups
from services.ingest.drain import Drain
from services.ingest.intake import Intake
from services.ingest.keys import ClientKeys
from services.ingest.settings import IngestSettings
from services.ingest.spool import Spool
from shared.contracts.base import ReportId
from shared.contracts.catalog import decode
from shared.contracts.reports import ReportReceived
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.contacts_file import FormContacts
from shared.sealing import Keyring, MasterKey
from shared.testing.bus import MemoryBus
from tests.rigs.exercises import Exercises

NOW = datetime(2026, 5, 14, 12, tzinfo=UTC)


class SetClock:
    """A clock that stands still until moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


class States:
    """A read model that knows one thing, or is away."""

    def __init__(self) -> None:
        self.state: str | None = None
        self.away = False

    async def report_state(self, report_id: ReportId) -> str | None:
        if self.away:
            raise ConnectionError(report_id)
        return self.state


@dataclass
class FrontDoor:
    """What a test needs of it."""

    client: TestClient[Any, Any]
    bus: MemoryBus
    clock: SetClock
    spool: Spool
    drain: Drain
    states: States
    master: MasterKey
    exercises: Exercises
    app: web.Application

    async def post(
        self, body: Any, *, key: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        given = {**({"Idempotency-Key": key} if key else {}), **(headers or {})}
        async with self.client.post("/v1/reports", json=body, headers=given) as response:
            return response.status, await response.json(content_type=None)

    async def stored(self) -> list[ReportReceived]:
        """Every stored report, opened."""
        keyring = Keyring(self.master, self.bus, self.clock, source="test")
        found = []
        for seq in range(1, await self.bus.last_seq("REPORTS") + 1):
            entry = await self.bus.get("REPORTS", seq)
            message = decode(entry) if entry else None
            assert isinstance(message, ReportReceived)
            found.append(await keyring.open(message))
        return found

    async def drained(self) -> None:
        """Return once nothing waits in the spool any more."""
        async with asyncio.timeout(10):
            while self.spool.depth:
                assert await self.drain.some()


@contextlib.asynccontextmanager
async def front_door(  # noqa: PLR0913 - each is a thing that a test decides
    folder: Path,
    *,
    keys: ClientKeys | None = None,
    spool_bytes: int = 10_000_000,
    contacts: FormContacts | None = None,
    subscriptions: Mapping[str, BridgeEntry] | None = None,
    groups: KnownGroups | None = None,
    **settings: Any,
) -> AsyncIterator[FrontDoor]:
    """A front door with these settings."""
    bus, clock, master, states = MemoryBus(), SetClock(), MasterKey(bytes(range(32))), States()
    exercises = Exercises()
    spool = Spool(folder, max_bytes=spool_bytes)
    intake = Intake(bus, clock, master, spool)
    app = make_app(
        bus=bus,
        clock=clock,
        master=master,
        spool=spool,
        settings=IngestSettings(**settings),
        keys=keys,
        states=states,
        exercises=exercises,
        intake=intake,
        contacts=contacts,
        subscriptions=subscriptions,
        groups=groups,
    )
    async with TestClient(TestServer(app)) as client:
        yield FrontDoor(
            client, bus, clock, spool, Drain(intake, spool, clock), states, master, exercises, app
        )
    await spool.close()

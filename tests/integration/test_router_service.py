"""The router as it is started: settings, real NATS, health, and an honest end."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog

from services.router.main import serve
from services.router.settings import RouterSettings
from shared.bus import NatsBus
from shared.clock import SystemClock
from shared.contracts.catalog import NOTED, decode_all, encode
from shared.contracts.incidents import InputDecided
from shared.contracts.reports import ReportContent, ReportReceived
from shared.gazetteer.importing import import_gazetteer
from shared.sealing import Keyring, load_master_key, make_unsafe_key_file
from shared.testing.servers import NatsServer, free_port

pytestmark = pytest.mark.usefixtures("nats_bus")


async def test_it_starts_decides_says_so_and_drains(
    nats_bus: NatsBus, nats_server: NatsServer, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    make_unsafe_key_file(key)
    settings = RouterSettings(
        home=tmp_path,
        nats_url=nats_server.url,
        nats_monitoring_url=nats_server.monitoring_url,
        master_key_file=key,
        router_port=free_port(),
    )
    stop = asyncio.Event()
    with structlog.testing.capture_logs() as logs:
        await _decides_one(nats_bus, settings, stop)
    events = [line["event"] for line in logs]
    assert events.index("service_ready") < events.index("input_decided") < events.index("service_stopped")


async def test_a_new_gazetteer_is_taken_up_without_a_restart(
    nats_bus: NatsBus, nats_server: NatsServer, tmp_path: Path
) -> None:
    key, index, stop = tmp_path / "key", tmp_path / "gazetteer.db", asyncio.Event()
    make_unsafe_key_file(key)
    settings = RouterSettings(
        home=tmp_path,
        nats_url=nats_server.url,
        nats_monitoring_url=nats_server.monitoring_url,
        master_key_file=key,
        router_port=free_port(),
        router_gazetteer_index=index,
    )
    serving = asyncio.create_task(serve(settings, stop))
    url = f"http://127.0.0.1:{settings.router_port}/health"
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        health = await _health(session, url, lambda found: found["role"] == "active")
        assert str(index) in health["gazetteer_problem"]
        (tmp_path / "own.csv").write_text("name,kind,lat,lon\nZed Road,street,51.5,-0.1\n")
        await asyncio.to_thread(import_gazetteer, [tmp_path / "own.csv"], index, now=datetime.now(UTC))
        health = await _health(session, url, lambda found: found["gazetteer_built_at"])
        assert health["gazetteer_problem"] is None
    stop.set()
    async with asyncio.timeout(10):
        await serving


async def _health(
    session: aiohttp.ClientSession, url: str, holds: Callable[[dict[str, Any]], object]
) -> dict[str, Any]:
    while True:
        try:
            async with session.get(url) as response:
                found: dict[str, Any] = await response.json()
        except aiohttp.ClientError:
            found = {}
        if found and holds(found):
            return found
        await asyncio.sleep(0.05)


async def _decides_one(nats_bus: NatsBus, settings: RouterSettings, stop: asyncio.Event) -> None:
    serving = asyncio.create_task(serve(settings, stop))
    keyring = Keyring(
        load_master_key(settings.master_key_file, production=False), nats_bus, SystemClock(), source="test"
    )
    now = datetime.now(UTC)
    content = ReportContent(text="immigration raid, Ashwin Street")
    report = ReportReceived(id="r1", at=now, report_id="r1", bridge="api", content=content)
    await nats_bus.publish(encode(await keyring.seal(report), source="test"))
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while not (entry := await nats_bus.last("DECISIONS", NOTED)):
            assert not serving.done()
            await asyncio.sleep(0.02)
        async with session.get(f"http://127.0.0.1:{settings.router_port}/health") as response:
            assert response.status == 200
            health = await response.json()
    decided = decode_all(entry)[-1]
    assert isinstance(decided, InputDecided)
    assert (decided.outcome, decided.reason) == ("opened", "nobodys_area")
    assert health["role"] == "active"
    assert health["positions"]["reports"] == 1
    assert health["lag"] == {"reports": 0, "desk": 0}
    stop.set()
    async with asyncio.timeout(10):
        await serving

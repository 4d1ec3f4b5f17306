"""The router as it is started: settings, real NATS, health, and an honest end."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.router import main as main_module
from services.router.settings import RouterSettings
from shared.bus import NatsBus
from shared.clock import SystemClock
from shared.contracts.catalog import decode, encode
from shared.contracts.incidents import InputDecided
from shared.contracts.reports import ReportContent, ReportReceived
from shared.sealing import Keyring, load_master_key, make_unsafe_key_file
from shared.testing.servers import NatsServer

pytestmark = pytest.mark.usefixtures("nats_bus")


async def test_it_starts_decides_says_so_and_drains(
    nats_bus: NatsBus, nats_server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key"
    make_unsafe_key_file(key)
    settings = RouterSettings(
        home=tmp_path,
        nats_url=nats_server.url,
        nats_monitoring_url=nats_server.monitoring_url,
        master_key_file=key,
        router_port=0,
    )
    ports: list[int] = []
    real_site = main_module.site

    def site(app: Any, host: str, port: int) -> Any:
        class Watched:
            async def __aenter__(self) -> int:
                self.inner = real_site(app, host, port)
                ports.append(await self.inner.__aenter__())
                return ports[0]

            async def __aexit__(self, *error: object) -> None:
                await self.inner.__aexit__(*error)

        return Watched()

    monkeypatch.setattr(main_module, "site", site)
    stop = asyncio.Event()
    serving = asyncio.create_task(main_module.serve(settings, stop))
    keyring = Keyring(load_master_key(key, production=False), nats_bus, SystemClock(), source="test")
    now = datetime.now(UTC)
    content = ReportContent(text="immigration raid, Ashwin Street")
    report = ReportReceived(id="r1", at=now, report_id="r1", bridge="api", content=content)
    await nats_bus.publish(encode(await keyring.seal(report), source="test"))
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while not (entry := await nats_bus.last("DECISIONS", "incidents.v1.decided")):
            assert not serving.done()
            await asyncio.sleep(0.02)
        async with session.get(f"http://127.0.0.1:{ports[0]}/health") as response:
            assert response.status == 200
            health = await response.json()
    decided = decode(entry)
    assert isinstance(decided, InputDecided)
    assert (decided.outcome, decided.reason) == ("held", "nobodys_area")
    assert health["role"] == "active"
    assert health["positions"]["reports"] == 1
    assert health["lag"] == {"reports": 0, "desk": 0}
    stop.set()
    async with asyncio.timeout(10):
        await serving

"""Two reports under one id of a source that can choose no other: neither is lost, none is sent for ever."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from services.ingest.app import make_app
from services.ingest.bridges.telegram import Telegram, TelegramSettings
from services.ingest.door import DOOR
from services.ingest.drain import Drain
from services.ingest.intake import Intake
from services.ingest.settings import IngestSettings
from services.ingest.spool import Spool
from shared.contracts.catalog import decode
from shared.contracts.reports import ReportReceived
from shared.plugins.spec import IncomingReport, WebhookRequest
from shared.sealing import Keyring, MasterKey
from shared.testing.bus import MemoryBus
from tests.rigs.bridges_health import KEYS, bridges_health
from tests.unit.ingest.front_door import SetClock

SECRET = "secret-of-the-webhook"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}


class Secrets:
    """Knows the one that is asked for."""

    def resolve(self, _reference: str) -> str:
        return SECRET


class Counted(Telegram):
    """A bridge whose source counts its messages anew: the update's number alone is the id."""

    def parse(self, request: WebhookRequest) -> Any:
        found = super().parse(request)
        assert isinstance(found, list)
        return [replace(report, source_id=str(json.loads(request.body)["update_id"])) for report in found]


def update(text: str, number: int = 5, message: int = 1, **more: Any) -> dict[str, Any]:
    chat = {"id": 77, "type": "private"}
    said = {"message_id": message, "chat": chat, "from": {"id": 77}, "text": text, "date": 1_700_000_000}
    return {"update_id": number, "message": {**said, **more}}


class Desk:
    """A front door with one bot."""

    def __init__(self, client: Any, bus: MemoryBus, keyring: Keyring, spool: Spool, intake: Intake) -> None:
        self.client, self.bus, self.keyring = client, bus, keyring
        self.spool, self.intake = spool, intake

    async def send(self, body: dict[str, Any]) -> int:
        async with self.client.post("/bridges/telegram", json=body, headers=HEADERS) as response:
            return int(response.status)

    async def texts(self) -> list[str]:
        found = []
        for seq in range(1, await self.bus.last_seq("REPORTS") + 1):
            entry = await self.bus.get("REPORTS", seq)
            assert entry is not None
            opened = await self.keyring.open(decode(entry))
            assert isinstance(opened, ReportReceived)
            found.append(opened.content.text)  # type: ignore[union-attr]
        return found


@pytest.fixture(params=[Telegram, Counted])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    bus, clock, master = MemoryBus(), SetClock(), MasterKey(bytes(32))
    spool = Spool(tmp_path, max_bytes=100_000)
    bot = request.param(TelegramSettings(secret_token="env:T"), Secrets())
    app = make_app(
        bus=bus, clock=clock, master=master, spool=spool, settings=IngestSettings(),
        bridges={"telegram": bot}, keys=KEYS,
    )  # fmt: skip
    async with TestClient(TestServer(app)) as client:
        yield Desk(client, bus, Keyring(master, bus, clock, source="test"), spool, app[DOOR].intake)
    await spool.close()


async def test_another_report_under_a_used_number_is_stored_too_and_both_are_once(desk: Desk) -> None:
    first, second = update("two vans in Dalston Lane"), update("they are in Mare Street", message=2)
    for body in (first, second, second, first):
        assert await desk.send(body) == 200, "else Telegram sends it again for ever"
    assert await desk.texts() == ["two vans in Dalston Lane", "they are in Mare Street"]


async def test_while_nats_is_away_neither_is_lost(desk: Desk) -> None:
    desk.bus.go_away()
    for body in (update("two vans in Dalston Lane"), update("they are in Mare Street", message=2)):
        assert await desk.send(body) == 200
    desk.bus.come_back()
    while desk.spool.depth:
        assert await Drain(desk.intake, desk.spool, SetClock()).some()
    assert await desk.texts() == ["two vans in Dalston Lane", "they are in Mare Street"]


async def test_what_can_never_be_stored_is_passed_by_and_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bridge hands over what no contract allows: its source could only send it again."""
    impossible = [IncomingReport(source_id="1", text="", lat=200.0, lon=0.0)]
    monkeypatch.setattr(Telegram, "_from_update", lambda *_: impossible)
    assert await desk.send(update("vans")) == 200
    assert await desk.bus.last_seq("REPORTS") == 0
    assert (await bridges_health(desk.client))["counts"]["bridge.telegram.refused.invalid_report"] == 1

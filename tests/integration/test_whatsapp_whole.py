"""WhatsApp through the whole notifier: the template goes out, Meta asks and says, and the ledger knows it."""

import base64
import hashlib
import hmac
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

from services.notifier.channels.whatsapp import WhatsAppChannel
from services.notifier.receipt_door import ReceiptDoor
from shared.clock import SystemClock
from shared.contracts.ledger import ChunkSettled, DeliveryReceipted
from shared.http import problems, site
from shared.plugins.channel_testing import Answer, HttpProvider, KnownSecrets
from shared.plugins.spec import Delivered
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import Rig

FIXTURES = Path(__file__).parents[1] / "conformance/fixtures/whatsapp"
NUMBER, SECRET = "+447700900123", b"made-up-app-secret"
SETTINGS = {
    "kind": "whatsapp",
    "phone_number_id": "106540352242922",
    "token": "env:HACKNEY__TOKEN",
    "template": "raid_alert",
    "app_secret": "env:HACKNEY__APP",
    "verify_token": "env:HACKNEY__VERIFY",
    "to": [NUMBER],
}


async def test_a_template_goes_out_meta_asks_and_says_and_the_ledger_holds_no_number(
    memory_bus: MemoryBus,
) -> None:
    async with AsyncExitStack() as stack:
        meta, rig = HttpProvider(), Rig(memory_bus, {"whatsapp": WhatsAppChannel})
        await meta.start()
        stack.push_async_callback(meta.stop)
        meta.will(Answer(200, Delivered(), body=(FIXTURES / "accepted.json").read_bytes()))
        rig.secrets = KnownSecrets(
            {"env:HACKNEY__TOKEN": "t", "env:HACKNEY__APP": SECRET.decode(), "env:HACKNEY__VERIFY": "v"}
        )
        rig.http = await stack.enter_async_context(ClientSession())
        await rig.group(wa={**SETTINGS, "api": meta.url})
        door = await _door(rig, stack)
        await rig.alert()
        await rig.settled("a1")
        sent = json.loads(meta.received[0].raw)
        assert await _asks(rig.http, door) == (200, "1158201444")
        assert await _says(rig.http, door, "delivered", sent["biz_opaque_callback_data"]) == 200
        ledger = await rig.ledger()
        assert [(r.recipient, r.arrived) for r in ledger if isinstance(r, DeliveryReceipted)] == [
            ("wa:0", "delivered")
        ]
        outcomes = repr([r for r in ledger if isinstance(r, ChunkSettled | DeliveryReceipted)])
        digits = NUMBER.removeprefix("+")
        assert digits not in outcomes
        assert base64.b64encode(digits.encode()).decode().rstrip("=") not in outcomes
        await rig.stop()


async def _door(rig: Rig, stack: AsyncExitStack) -> str:
    notifier = rig.start(deadline_s=5, lease_s=6)
    app = web.Application(middlewares=[problems])
    ReceiptDoor(
        notifier.receipts,
        rig.directories[-1],
        clock=SystemClock(),
        public_url="https://hub.example",
        ready=lambda: notifier.ready,
    ).add_to(app)
    port = await stack.enter_async_context(site(app, "127.0.0.1", 0))
    return f"http://127.0.0.1:{port}/receipts/hackney/wa"


async def _asks(http: ClientSession, door: str) -> tuple[int, str]:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "v"}
    async with http.get(door, params=query) as response:
        assert response.content_type == "text/plain"
        return response.status, await response.text()


async def _says(http: ClientSession, door: str, what: str, name: Any) -> int:
    body = (FIXTURES / f"{what}.json").read_bytes().replace(b"__NAME__", str(name).encode())
    signature = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}"}
    async with http.post(door, data=body, headers=headers) as response:
        return response.status

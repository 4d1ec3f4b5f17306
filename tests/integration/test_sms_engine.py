"""SMS through the engine: who has left is not tried again, a wish to wait is kept, nobody gets three."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs

from services.notifier.channels.twilio import TwilioChannel
from shared.contracts.ledger import ChunkSettled
from shared.http import site
from shared.plugins.channel_testing import KnownSecrets
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import Rig

FINE, LEFT, BUSY, HUNG, BROKEN, DOWN = (f"+44770090012{n}" for n in range(6))


@dataclass
class Twilio:
    """A stand-in that treats each number in its own way, and then well."""

    url: str = ""
    calls: Counter[str] = field(default_factory=Counter)

    async def handle(self, request: web.Request) -> web.Response:
        """One message."""
        to = str((await request.post())["To"])
        self.calls[to] += 1
        if to == LEFT:
            return web.json_response({"code": 21610, "message": f"{to} has unsubscribed"}, status=400)
        if self.calls[to] == 1:
            if to == BUSY:
                return web.json_response({"code": 20429}, status=429, headers={"Retry-After": "1"})
            if to == HUNG:
                await asyncio.sleep(60)
            if to == BROKEN and request.transport is not None:
                request.transport.abort()
            if to == DOWN:
                return web.json_response({}, status=500)
        return web.json_response({"sid": f"SM{sum(self.calls.values())}"}, status=201)


@pytest.fixture
async def twilio() -> AsyncIterator[Twilio]:
    found, app = Twilio(), web.Application()
    app.router.add_post("/2010-04-01/Accounts/{sid}/Messages.json", found.handle)
    async with site(app, "127.0.0.1", 0) as port:
        found.url = f"http://127.0.0.1:{port}"
        yield found


async def test_each_number_is_tried_as_its_answers_say(memory_bus: MemoryBus, twilio: Twilio) -> None:
    rig = Rig(memory_bus, {"twilio": TwilioChannel})
    rig.secrets = KnownSecrets({"env:HACKNEY__TOKEN": "made-up-token"})
    async with AsyncExitStack() as stack:
        rig.http = await stack.enter_async_context(ClientSession())
        settings = {"account_sid": "AC" + "0" * 32, "auth_token": "env:HACKNEY__TOKEN", "api": twilio.url}
        numbers = [FINE, LEFT, BUSY, HUNG, BROKEN, DOWN]
        await rig.group(texts={"kind": "twilio", **settings, "sender": "Hackney", "to": numbers})
        with capture_logs() as logs:
            rig.start(deadline_s=0.5, lease_s=5)
            await rig.alert()
            (ended,) = await rig.settled("a1", within_s=60)
            await rig.stop()
    assert twilio.calls == {FINE: 1, LEFT: 1, BUSY: 2, HUNG: 2, BROKEN: 2, DOWN: 2}
    assert ended.delivered == 5
    assert [(o.recipient, o.result, o.reason) for o in ended.unsent] == [("texts:1", "rejected", "has_left")]
    first = next(r for r in await rig.ledger() if isinstance(r, ChunkSettled))
    assert {o.recipient: o.reason for o in first.outcomes} == {
        "texts:0": "delivered",
        "texts:1": "has_left",
        "texts:2": "http_429",
        "texts:3": "deadline",
        "texts:4": "connection_broke",
        "texts:5": "http_500",
    }
    everything = repr(logs) + repr(await rig.ledger())
    assert not [n for n in numbers if n in everything]

"""A console with a notifier beside it on one log, and a Bot API that answers as Telegram does.

So that a test button can be pressed and the provider's own words read, without a process or a network.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from aiohttp import web

from services.notifier.channels import load_channels
from services.notifier.directory import Directory
from services.notifier.engine import Engine
from services.notifier.worker import Notifier
from shared.http import site
from shared.plugins.spec import ChannelHost
from shared.sealing import Keyring, MasterKey
from shared.secrets import ReferencedSecrets
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import Rig, console_rig

GOOD: Final = "4711:right-token"
GOOD_ENV, BAD_ENV = "SHARED__BOT_TOKEN", "SHARED__BOT_WRONG_TOKEN"
CHAT: Final = "-1001234567890"


@dataclass
class BotApi:
    """Telegram's side: knows one token and one chat, and answers anything else as Telegram does."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        """`sendMessage`."""
        body = await request.json()
        if request.match_info["token"] != GOOD:
            return _no(401, "Unauthorized")
        if str(body["chat_id"]) != CHAT:
            return _no(400, "Bad Request: chat not found")
        self.sent.append(body)
        return web.json_response({"ok": True, "result": {"message_id": len(self.sent)}})


def _no(status: int, description: str) -> web.Response:
    answer = {"ok": False, "error_code": status, "description": description}
    return web.json_response(answer, status=status)


@dataclass
class Desk:
    """The console's rig and the provider's side."""

    rig: Rig
    bot: BotApi


@asynccontextmanager
async def bot_api() -> AsyncIterator[BotApi]:
    """A Bot API on a free port."""
    bot, app = BotApi(), web.Application()
    app.router.add_post("/bot{token}/sendMessage", bot.take)
    async with site(app, "127.0.0.1", 0) as port:
        bot.url = f"http://127.0.0.1:{port}"
        yield bot


@asynccontextmanager
async def group_desk(folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> AsyncIterator[Desk]:
    """The console, a notifier, a Bot API, and an operator `Op` and an admin `Ada` of hackney."""
    monkeypatch.setenv(GOOD_ENV, GOOD)
    monkeypatch.setenv(BAD_ENV, "4711:wrong-token")
    bus = MemoryBus()
    async with (
        bot_api() as bot,
        console_rig(bus, MemoryState(), folder, **settings) as rig,
        aiohttp.ClientSession() as http,
    ):
        keyring = Keyring(MasterKey(bytes(32)), bus, rig.clock, source="notifier")
        host = ChannelHost(http=http, secrets=ReferencedSecrets())
        notifier = Notifier(bus, keyring, rig.clock, Directory(load_channels(), host), Engine())
        stop = asyncio.Event()
        running = asyncio.create_task(notifier.run(stop))
        try:
            await rig.member("Op", hub="operator")
            yield Desk(rig, bot)
        finally:
            stop.set()
            await asyncio.wait_for(running, 10)


class Person:
    """Somebody signed in: pages and forms, without a browser."""

    def __init__(self, rig: Rig, headers: dict[str, str]) -> None:
        self.rig, self.headers = rig, headers
        self.status, self.text, self.path = 0, "", ""

    async def get(self, path: str) -> int:
        """Open a page; its status."""
        async with self.rig.http.get(self.rig.url + path, headers=self.headers) as response:
            return await self._took(response)

    async def send(self, path: str, *, version: int | None = None, **fields: Any) -> int:
        """Send a form as if it had been filled in from that version (the present one)."""
        seen = (await self.group())["version"] if version is None else version
        data = {"csrf": self.headers["X-CSRF"], "seen": str(seen), **fields}
        lists = [
            (k, v) for k, values in data.items() for v in (values if isinstance(values, list) else [values])
        ]
        async with self.rig.http.post(self.rig.url + path, data=lists, headers=self.headers) as response:
            return await self._took(response)

    async def upload(self, path: str, content: bytes, **fields: str) -> int:
        """Send a file by the form; its status."""
        form = aiohttp.FormData({"csrf": self.headers["X-CSRF"], **fields})
        form.add_field("file", content, filename="area.geojson")
        async with self.rig.http.post(self.rig.url + path, data=form, headers=self.headers) as response:
            return await self._took(response)

    async def group(self, name: str = "hackney") -> dict[str, Any]:
        """The group as it is now."""
        found = await self.rig.store.one(f"group:{name}")
        return found or {"version": 0}

    def kept(self) -> str:
        """Under which name the page keeps what it shows."""
        return self.text.partition('name="kept" value="')[2].partition('"')[0]

    async def _took(self, response: aiohttp.ClientResponse) -> int:
        self.status, self.text, self.path = response.status, await response.text(), response.url.path_qs
        return self.status


async def who(desk: Desk, name: str, **roles: str) -> Person:
    """A member with these roles, signed in."""
    await desk.rig.member(name, **roles)
    return Person(desk.rig, await desk.rig.signed_in(name))


def geojson(*ring: tuple[float, float]) -> str:
    """A file with one polygon of these (lon, lat) points, as a drawing program saves it."""

    geometry = {"type": "Polygon", "coordinates": [[list(p) for p in ring]]}
    feature = {"type": "Feature", "properties": {"name": "drawn"}, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


HACKNEY: Final = (
    (-0.085, 51.53), (-0.03, 51.535), (-0.02, 51.56), (-0.06, 51.575), (-0.09, 51.56), (-0.085, 51.53),
)  # fmt: skip

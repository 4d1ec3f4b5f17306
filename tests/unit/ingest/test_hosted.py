"""Bridges come, change and go while the front door is open; how each stands is said of every kind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiohttp import ClientSession

from services.ingest.app import READERS
from services.ingest.hosted import Hosted
from shared.errors import SettingsError
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.channel_testing import KnownSecrets
from shared.plugins.live_bridges import LiveBridges
from shared.plugins.spec import (
    Bridge,
    IncomingReport,
    PluginSettings,
    ReadingHost,
    Reads,
    Receipt,
    Refused,
    RetryLater,
    Secrets,
    Spec,
    WebhookRequest,
    WebhookResponse,
)
from tests.rigs.bridges_health import KEYS, bridges_health
from tests.unit.ingest.front_door import NOW, FrontDoor, front_door

LOST = Refused(403, "bad_signature", "Sign it.")


class Made(PluginSettings):
    """Something that can change."""

    number: int = 1
    secret: str = ""


class Reading:
    """Reads for ever."""

    spec: ClassVar[Spec] = Spec("reading", "t", "s", "w", "experimental", "fake", {})
    Settings: ClassVar[type[PluginSettings]] = Made

    def __init__(self, settings: Made, secrets: Secrets) -> None:
        if settings.secret:
            secrets.resolve(settings.secret)

    async def read(self, host: ReadingHost) -> RetryLater:
        host.connected()
        await asyncio.Event().wait()
        raise AssertionError


class CalledBack(Reading):
    """Is called; the body says what becomes of the call."""

    spec: ClassVar[Spec] = Spec("called", "t", "s", "w", "experimental", "fake", {})
    read = None  # type: ignore[assignment]  # not a reader

    def parse(self, request: WebhookRequest) -> list[IncomingReport] | Refused:
        match request.body:
            case b"refused":
                return LOST
            case b"raises":
                raise RuntimeError
        return [IncomingReport(source_id="1", text="vans in Ashwin Street")]

    def answer(self, receipts: Any) -> WebhookResponse:
        assert all(isinstance(r, Receipt) for r in receipts)
        return WebhookResponse()


def entry(name: str, kind: type[Any] = Reading, *, group: str | None = None, **settings: Any) -> BridgeEntry:
    return BridgeEntry(kind, Made(**settings), f"bridges.yaml: bridge {name}", None, group)


@dataclass
class Hosting:
    """A front door whose bridges can be changed."""

    door: FrontDoor
    hosted: Hosted
    file: LiveBridges

    async def use(self, **entries: BridgeEntry) -> None:
        await self.hosted._use(entries)
        self.file.entries = entries

    async def call(self, name: str, body: bytes = b"") -> int:
        async with self.door.client.post(f"/bridges/{name}", data=body) as response:
            return response.status

    async def standing(self) -> Mapping[str, Mapping[str, str]]:
        found: Mapping[str, Mapping[str, str]] = (await bridges_health(self.door.client))["bridges"]
        return found

    async def state(self, name: str, state: str) -> Mapping[str, str]:
        async with asyncio.timeout(10):
            while True:
                found = (await self.standing()).get(name, {})
                if found.get("state") == state:
                    return found
                await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def hosting(folder: Path, **entries: BridgeEntry) -> AsyncIterator[Hosting]:
    async with front_door(folder, keys=KEYS) as door, ClientSession() as http:
        file, secrets = LiveBridges(None), KnownSecrets({"env:THERE": "secret"})
        file.entries = entries
        door.app._frozen = False  # the door of the tests is open already
        opened = {name: e.open(secrets) for name, e in entries.items()}
        hosted = Hosted(door.app, file, opened, http=http, secrets=secrets)
        stop = asyncio.Event()
        tasks = [asyncio.create_task(work(stop)) for work in (hosted.readers.run, hosted.part.run)]
        try:
            yield Hosting(door, hosted, file)
        finally:
            stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 5)


async def test_one_that_is_added_is_live_and_one_that_goes_is_gone(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        assert await host.call("new") == 404
        await host.use(new=entry("new", CalledBack, group="hackney"), chat=entry("chat"))
        assert await host.call("new") == 200
        await host.state("chat", "CONNECTED")
        assert (await host.standing())["new"]["group"] == "hackney"
        await host.use(chat=entry("chat"))
        assert await host.call("new") == 404
        await host.use()
        assert await host.standing() == {}
        assert not host.door.app[READERS].health()


async def test_only_what_changed_is_opened_anew(tmp_path: Path) -> None:
    async with hosting(tmp_path, a=entry("a"), b=entry("b")) as host:
        a, b = host.hosted.open["a"], host.hosted.open["b"]
        await host.use(a=entry("a", number=2), b=entry("b", group="hackney"))
        assert host.hosted.open["a"] is not a
        assert host.hosted.open["b"] is b
        await host.state("a", "CONNECTED")


async def test_one_that_cannot_be_opened_changes_nothing(tmp_path: Path) -> None:
    async with hosting(tmp_path, a=entry("a")) as host:
        before = dict(host.hosted.open)
        with pytest.raises(SettingsError, match=r"bridge b: The secret env:NOT is not set"):
            await host.use(a=entry("a", number=2), b=entry("b", secret="env:NOT"))
        assert host.hosted.open == before


async def test_one_may_become_of_another_kind(tmp_path: Path) -> None:
    async with hosting(tmp_path, a=entry("a")) as host:
        await host.state("a", "CONNECTED")
        await host.use(a=entry("a", CalledBack))
        assert await host.call("a") == 200
        assert (await host.state("a", "CONNECTED"))["kind"] == "called"
        await host.use(a=entry("a"))
        assert await host.call("a") == 404


async def test_a_called_bridge_says_how_it_stands(tmp_path: Path) -> None:
    async with hosting(tmp_path, a=entry("a", CalledBack)) as host:
        first = (await host.standing())["a"]
        assert (first["state"], first["reason"]) == ("CONNECTING", "not_called_yet")
        assert "heard" not in first
        await host.call("a", b"refused")
        assert (await host.state("a", "BAD_CREDENTIALS"))["reason"] == "bad_signature"
        await host.call("a", b"raises")
        assert (await host.state("a", "TRANSIENT_DISCONNECT"))["reason"] == "plugin_error"
        await host.call("a")
        assert (await host.state("a", "CONNECTED"))["heard"] == NOW.isoformat()
        await host.call("a", b"refused")
        assert (await host.standing())["a"]["state"] == "CONNECTED", "anybody can call with a wrong signature"


def test_the_made_up_ones_are_of_both_kinds() -> None:
    secrets = KnownSecrets({})
    assert isinstance(Reading(Made(), secrets), Reads)
    called = CalledBack(Made(), secrets)
    assert isinstance(called, Bridge)

"""The bridges file is followed: what changes in it holds, and a mistake in it changes nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from shared.errors import SettingsError
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.live_bridges import LiveBridges

SMS = "- {id: sms, kind: twilio-sms, settings: {auth_token: 'env:TOKEN'}}\n"
BOT = "- {id: bot, kind: telegram, group: hackney, settings: {secret_token: 'env:TOKEN'}}\n"
JOIN = "- {id: join, kind: twilio-sms, subscriptions: {}, settings: {auth_token: 'env:TOKEN'}}\n"


@dataclass
class Following:
    """A file that is followed, and what was taken up of it."""

    file: Path
    live: LiveBridges
    taken: list[Mapping[str, BridgeEntry]] = field(default_factory=list)
    refuses: str | Exception | None = None

    async def use(self, entries: Mapping[str, BridgeEntry]) -> None:
        if self.refuses:
            raise self.refuses if isinstance(self.refuses, Exception) else SettingsError(self.refuses)
        self.taken.append(entries)

    def write(self, text: str) -> None:
        beside = self.file.with_suffix(".new")
        beside.write_text(text)
        beside.replace(self.file)

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(10):
            while not true():  # noqa: ASYNC110 - conditions of many kinds
                await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def following(folder: Path, text: str) -> AsyncIterator[Following]:
    file = folder / "bridges.yaml"
    file.write_text(text)
    found = Following(file, LiveBridges(file, look_s=0.005))
    stop = asyncio.Event()
    task = asyncio.create_task(found.live.follow(stop, found.use))
    try:
        yield found
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


async def test_what_is_added_and_what_goes_is_taken_up(tmp_path: Path) -> None:
    async with following(tmp_path, SMS) as run:
        assert list(run.live.entries) == ["sms"]
        run.write(SMS + BOT)
        await run.until(lambda: set(run.live.entries) == {"sms", "bot"})
        assert run.live.entries["bot"].group == "hackney"
        run.write(BOT)
        await run.until(lambda: set(run.live.entries) == {"bot"})
        assert [sorted(entries) for entries in run.taken] == [["bot", "sms"], ["bot"]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SMS + "- {id: x, kind: fax}\n", "bridge x: there is no kind 'fax'"),
        ("- {id: [", "line 1: not YAML"),
        (SMS + JOIN, "bridge join: bridges for subscriptions are read at the start only; restart ingest"),
    ],
)
async def test_a_mistake_changes_nothing_and_is_named_until_it_is_mended(
    text: str, says: str, tmp_path: Path
) -> None:
    async with following(tmp_path, SMS) as run:
        run.write(text)
        await run.until(lambda: run.live.mistake)
        assert says in str(run.live.mistake)
        assert str(run.file) in str(run.live.mistake)
        assert (list(run.live.entries), run.taken) == (["sms"], [])
        run.write(SMS + BOT)
        await run.until(lambda: run.taken)
        assert run.live.mistake is None


async def test_what_cannot_be_opened_is_a_mistake_as_well(tmp_path: Path) -> None:
    async with following(tmp_path, SMS) as run:
        run.refuses = "bridge bot: The secret env:TOKEN is not set"
        run.write(SMS + BOT)
        await run.until(lambda: run.live.mistake)
        assert list(run.live.entries) == ["sms"]


async def test_a_secret_that_is_another_makes_its_bridge_another_and_no_other(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("one")
    async with following(tmp_path, SMS.replace("env:TOKEN", f"file:{secret}") + BOT) as run:
        before = dict(run.live.entries)
        secret.write_text("another")
        await run.until(lambda: run.taken)
        (after,) = run.taken
        assert not after["sms"].runs_as(before["sms"])
        assert after["bot"].runs_as(before["bot"])
        run.refuses = "the secret cannot be read"
        secret.unlink()
        await run.until(lambda: run.live.mistake)
        run.refuses = None
        secret.write_text("a third")
        await run.until(lambda: len(run.taken) == 2)
        assert run.live.mistake is None


async def test_a_new_secret_of_a_bridge_for_subscriptions_is_taken_up(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("one")
    async with following(tmp_path, JOIN.replace("env:TOKEN", f"file:{secret}")) as run:
        secret.write_text("another")
        await run.until(lambda: run.taken)
        assert run.live.mistake is None


async def test_a_plug_in_that_raises_while_it_is_opened_is_a_mistake_and_no_end(tmp_path: Path) -> None:
    async with following(tmp_path, SMS) as run:
        run.refuses = ZeroDivisionError("marker-secret")
        run.write(SMS + BOT)
        await run.until(lambda: run.live.mistake)
        assert "a plug-in failed while it was opened (ZeroDivisionError)" in str(run.live.mistake)
        assert "marker-secret" not in str(run.live.mistake)
        run.refuses = None
        run.write(BOT)
        await run.until(lambda: run.taken)


async def test_a_file_that_is_gone_closes_nothing(tmp_path: Path) -> None:
    async with following(tmp_path, SMS) as run:
        run.file.unlink()
        await run.until(lambda: run.live.mistake)
        assert "cannot be read" in str(run.live.mistake)
        assert list(run.live.entries) == ["sms"]


async def test_without_a_file_there_is_nothing_to_follow() -> None:
    live, stop = LiveBridges(None, look_s=0.001), asyncio.Event()
    task = asyncio.create_task(live.follow(stop, Following(Path(), live).use))
    await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(task, 5)
    assert (live.entries, live.mistake) == ({}, None)

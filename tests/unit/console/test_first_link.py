"""The first operator's link: there while it is needed, opening once, and gone when it is not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.console.first_link import FILE, FirstLink
from shared.testing.state import MemoryState
from tests.rigs.account import Browser, with_password
from tests.rigs.console import Rig, until


@asynccontextmanager
async def started(rig: Rig) -> AsyncIterator[Path]:
    """A console that looks after the link; the link's file."""
    stop = asyncio.Event()
    task = asyncio.create_task(FirstLink(rig.console).work(stop))
    try:
        yield rig.settings.home / FILE
    finally:
        stop.set()
        rig.news.tell()
        await asyncio.wait_for(task, 10)


def text_in(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def there(file: Path, *, different_from: str = "") -> Callable[[], Awaitable[bool]]:
    async def is_there() -> bool:
        return text_in(file) not in {"", different_from}

    return is_there


def gone(file: Path) -> Callable[[], Awaitable[bool]]:
    async def is_gone() -> bool:
        return not text_in(file)

    return is_gone


def put(file: Path, text: str) -> None:
    file.write_text(text)


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


async def test_it_appears_when_it_opens_and_goes_when_it_was_used(rig: Rig) -> None:
    token = await rig.member("Root", hub="operator")
    async with started(rig) as file, Browser(rig) as browser:
        await until(there(file))
        assert mode(file) == 0o600
        link = text_in(file).splitlines()[0]
        assert link.startswith("http://localhost:")
        assert await browser.get("/invite/" + link.rpartition("/")[2]) == 200
        await with_password(rig, browser, "/invite/" + link.rpartition("/")[2])
        assert browser.path == "/desk"
        assert await browser.get("/account") == 200
        assert "hub" in browser.text
        await until(gone(file))
    assert (await rig.ask("GET", "/v1/members", token))[0] == 200, "the token stays for the command line"


async def test_where_an_operator_can_sign_in_none_is_made(rig: Rig) -> None:
    await test_it_appears_when_it_opens_and_goes_when_it_was_used(rig)
    assert await FirstLink(rig.console).done() is True
    assert not text_in(rig.settings.home / FILE)


async def test_the_same_link_lasts_over_starts_and_a_new_one_follows_an_old_one(rig: Rig) -> None:
    await rig.member("Root", hub="operator")
    async with started(rig) as file:
        await until(there(file))
        first = text_in(file)
    seq = await rig.bus.last_seq("DESK")
    async with started(rig):
        assert await FirstLink(rig.console).done() is False
    assert (text_in(file), await rig.bus.last_seq("DESK")) == (first, seq)
    rig.clock.forward(hours=25)
    async with started(rig):
        await until(there(file, different_from=first))


async def test_it_waits_for_redis_and_for_the_router(rig: Rig) -> None:
    await rig.member("Root", hub="operator")
    assert isinstance(rig.state, MemoryState)
    rig.state.go_away()
    rig.deciding = False
    rig.console.settings.__dict__["console_patience_s"] = 0.05
    async with started(rig) as file:
        rig.state.come_back()
        await until(lambda: has_command(rig))
        assert not text_in(file)


async def has_command(rig: Rig) -> bool:
    return await rig.bus.last_seq("DESK") > 0


async def test_where_it_cannot_be_written_the_console_goes_on(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / f"{FILE}.pending").mkdir()
    (tmp_path / f"{FILE}.pending" / "x").touch()
    await rig.member("Root", hub="operator")
    link = FirstLink(rig.console)

    async def given_up() -> bool:
        return await link.done()

    await until(given_up)
    assert not text_in(tmp_path / FILE)


@pytest.mark.parametrize("text", ["", "nonsense", "http://localhost/invite/unknown\nnever\n"])
async def test_what_lies_there_and_opens_nothing_is_replaced(rig: Rig, tmp_path: Path, text: str) -> None:
    put(tmp_path / FILE, text)
    await rig.member("Root", hub="operator")
    async with started(rig) as file:
        await until(there(file, different_from=text))

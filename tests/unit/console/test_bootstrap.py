"""The first operator: a token file that appears when it opens, once, and never over an operator."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from services.console.bootstrap import Bootstrap
from shared.contracts.catalog import decode
from shared.contracts.desk import AddMember
from tests.rigs.console import Rig, until


async def run_until(rig: Rig, condition: Callable[[], Awaitable[bool]]) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(Bootstrap(rig.console).work(stop))
    await until(condition)
    stop.set()
    rig.news.tell()
    await task


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


async def has_token(folder: Path) -> bool:
    return names(folder) == ["operator.token"]


async def test_the_file_appears_when_its_token_opens(rig: Rig, tmp_path: Path) -> None:
    file = tmp_path / "operator.token"
    await run_until(rig, lambda: has_token(tmp_path))
    token = file.read_text().strip()
    assert file.stat().st_mode & 0o777 == 0o600
    status, listed = await rig.ask("GET", "/v1/members", token)
    assert (status, [m["roles"] for m in listed["members"]]) == (200, [{"hub": "operator"}])
    entry = await rig.bus.get("DESK", 1)
    assert entry is not None
    command = decode(entry)
    assert isinstance(command, AddMember)
    assert command.member == "bootstrap"
    assert token.encode() not in entry.body


async def test_a_token_that_lies_there_is_taken(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "operator.token").write_text("relay_given\n")

    async def opens() -> bool:
        return (await rig.ask("GET", "/v1/members", "relay_given"))[0] == 200

    await run_until(rig, opens)


async def test_where_there_is_an_operator_nothing_is_made(rig: Rig, tmp_path: Path) -> None:
    await rig.member("Root", hub="operator")
    assert await Bootstrap(rig.console)._done() is True
    assert await rig.bus.last_seq("DESK") == 0
    assert names(tmp_path) == []


@pytest.mark.parametrize("crashed_after", ["making the draft", "the decision"])
async def test_a_crash_between_the_steps_loses_no_token(rig: Rig, tmp_path: Path, crashed_after: str) -> None:
    file, draft = tmp_path / "operator.token", tmp_path / "operator.token.pending"
    draft.write_text("relay_drafted\n")
    if crashed_after == "the decision":
        await Bootstrap(rig.console)._done()
    await run_until(rig, lambda: has_token(tmp_path))
    assert file.read_text() == "relay_drafted\n"
    assert (await rig.ask("GET", "/v1/members", "relay_drafted"))[0] == 200
    assert await rig.bus.last_seq("DESK") == 1

"""A channel's test through real processes and servers, asked for from the command line."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.group_admin import BAD_ENV, CHAT, GOOD, GOOD_ENV, BotApi, bot_api
from tests.rigs.system import RelaySystem

WRONG = "4711:wrong-token"
SERVICES = ("router", "notifier", "console")


@pytest.fixture
async def bot() -> AsyncIterator[BotApi]:
    async with bot_api() as found:
        yield found


@pytest.fixture
async def relay(tmp_path: Path, bot: BotApi) -> AsyncIterator[RelaySystem]:
    env = {GOOD_ENV: GOOD, BAD_ENV: WRONG}
    async with RelaySystem(tmp_path, services=SERVICES, env=env) as system:
        await define(system, bot, GOOD_ENV)
        yield system


async def define(relay: RelaySystem, bot: BotApi, token: str) -> None:
    settings = {"token": f"env:{token}", "to": [CHAT], "api": bot.url}
    chat = {"id": "chat", "kind": "telegram", "audience": "verifiers", "settings": settings}
    definition = {"id": "hackney", "name": "Hackney", "area": {"outcodes": ["E8"]}}
    body = {"definition": definition, "channels": [chat]}
    answer = await relay.as_member("PUT", "v1/groups/hackney", json=body)
    assert answer.status == 200, answer.body


async def command(relay: RelaySystem, *args: str) -> tuple[int, str]:
    """The command line as its own process: its exit code and what it wrote."""
    own = {"RELAY_CONSOLE_URL": relay.urls["console"], "RELAY_TOKEN": relay.tokens["hub"]}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "alert_relay.cli", "group", "test-channel", *args),
        env={**os.environ, **own, "RELAY_HOME": str(relay.folder / "elsewhere")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    written, _ = await process.communicate()
    return process.returncode or 0, written.decode()


async def test_the_providers_words_come_back_to_the_command_line_and_lie_nowhere_in_clear(
    relay: RelaySystem, bot: BotApi
) -> None:
    code, written = await command(relay, "hackney", "chat")
    assert (code, "chat: delivered" in written) == (0, True), written
    assert [m["text"] for m in bot.sent] == [
        "TEST from Hackney: this channel works. Nothing has happened and there is nothing to do."
    ]
    await define(relay, bot, BAD_ENV)
    code, written = await command(relay, "hackney", "chat", "--json")
    tested: dict[str, Any] = json.loads(written)
    assert (code, tested["outcome"]) == (1, "failed")
    (answer,) = tested["answers"]
    assert (answer["reason"], answer["words"]) == ("bad_credentials", "Unauthorized")
    code, written = await command(relay, "hackney", "gone")
    assert (code, "no such channel" in written) == (1, True), written
    await relay.stop("nats")
    stored = b"".join(p.read_bytes() for p in (relay.folder / "nats").rglob("*") if p.is_file())
    logged = b"".join(p.read_bytes() for p in relay.folder.glob("*.log"))
    assert b"chunk.settled.v1" in stored
    for private in (b"Unauthorized", WRONG.encode(), GOOD.encode()):
        assert private not in stored
        assert private not in logged

"""How the bridges stand is said when it changes, and again when nobody may have heard it."""

import asyncio
from collections.abc import Callable
from typing import Any

from services.ingest.standing_said import StandingSaid
from shared.state.bridges import BridgeStandings
from shared.testing.state import MemoryEphemeral

FIRST = {"a": {"state": "CONNECTING", "since": "2026-11-27T10:00:00+00:00"}}
THEN = {"a": {"state": "BAD_CREDENTIALS", "since": "2026-11-27T10:00:07+00:00", "reason": "logged_out"}}


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not await true():  # noqa: ASYNC110 - what another process wrote
            await asyncio.sleep(0.002)


async def test_a_change_is_said_and_an_absence_of_the_read_model_is_made_good() -> None:
    brief, stop, now = MemoryEphemeral(), asyncio.Event(), [FIRST]
    told = BridgeStandings(brief)
    worker = StandingSaid(lambda: now[0], told, look_s=0.002)
    task = asyncio.create_task(worker.run(stop))

    async def says(what: Any) -> bool:
        return bool(await told.said() == what)

    await until(lambda: says(FIRST))
    brief.away = True
    now[0] = THEN
    await asyncio.sleep(0.02)
    assert not task.done()
    brief.away = False
    await until(lambda: says(THEN))
    stop.set()
    await asyncio.wait_for(task, 5)

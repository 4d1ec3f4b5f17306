"""The console over real NATS and real Redis: FLUSHALL, a killed Redis, two projectors, two consoles."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio as redis

from shared.bus import NatsBus
from shared.state import open_state
from shared.testing.servers import RedisServer, start_redis
from tests.rigs.console import Rig, console_rig, until


@pytest.fixture
async def redis_of_ours(tmp_path: Path) -> AsyncIterator[RedisServer]:
    server = await asyncio.to_thread(start_redis, tmp_path / "redis")
    yield server
    server.stop()


@pytest.fixture
async def rig(nats_bus: NatsBus, redis_of_ours: RedisServer, tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_state(redis_of_ours.url) as state, console_rig(nats_bus, state, tmp_path) as found:
        yield found


async def flush(server: RedisServer) -> None:
    client = redis.Redis.from_url(server.url)
    await client.flushall()
    await client.aclose()


async def storm(rig: Rig, reports: range) -> None:
    await asyncio.gather(*(rig.report("i1", f"r{n}") for n in reports))


async def test_flushall_in_the_middle_of_a_storm_ends_in_the_right_picture(
    rig: Rig, redis_of_ours: RedisServer
) -> None:
    await rig.group("hackney")
    ada = await rig.member("Ada", hackney="dispatcher")
    await rig.incident()
    for n in range(5):
        await storm(rig, range(n * 60, n * 60 + 60))
        await flush(redis_of_ours)
    await rig.shown()
    status, incident = await rig.ask("GET", "/v1/desk/incidents/D7K", ada)
    assert (status, incident["report_count"], len(incident["reports"])) == (200, 301, 200)


async def test_a_killed_redis_comes_back_with_everything(rig: Rig, redis_of_ours: RedisServer) -> None:
    await rig.incident()
    ada = await rig.member("Ada", hackney="dispatcher")
    await rig.delivered(await rig.confirmed("i1", "D7K", "six officers"))
    assert "six officers" in (await rig.page("/"))[1]
    await asyncio.to_thread(redis_of_ours.kill)
    assert (await rig.ask("GET", "/v1/desk/incidents", ada))[1]["code"] == "state_unavailable"
    assert "six officers" in (await rig.page("/"))[1]
    await asyncio.to_thread(redis_of_ours.start)

    async def opens() -> bool:
        return (await rig.ask("GET", "/v1/desk/incidents", ada))[0] == 200

    await until(opens, within_s=30)
    await rig.shown()
    status, answer = await rig.ask("POST", "/v1/desk/claim", ada, json={"incident": "D7K"})
    assert (status, answer["outcome"]) == (200, "applied")


async def test_two_projectors_over_one_redis_count_nothing_twice(rig: Rig) -> None:
    stop = asyncio.Event()
    second = asyncio.create_task(rig.projector().work(stop))
    await rig.incident()
    await storm(rig, range(200))
    await rig.shown()
    incident = await rig.store.incident("D7K")
    stop.set()
    await second
    assert incident is not None
    assert incident["reports"] == 201


async def test_a_second_console_answers_a_command_whose_decision_the_first_projects(
    rig: Rig, redis_of_ours: RedisServer, tmp_path: Path
) -> None:
    await rig.incident()
    ada = await rig.member("Ada", hackney="dispatcher")
    async with open_state(redis_of_ours.url) as state, console_rig(rig.bus, state, tmp_path) as other:
        other.deciding = False
        status, answer = await other.ask("POST", "/v1/desk/claim", ada, json={"incident": "D7K"})
        assert (status, answer["incident"]["claim"]["name"]) == (200, "Ada")

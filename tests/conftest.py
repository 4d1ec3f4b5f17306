"""Servers and buses for every test: real ones of our own on free loopback ports, and the twins."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import nats
import nats.js.errors
import pytest
from hypothesis import settings

from shared.bus import NatsBus, connect, ensure_streams
from shared.bus.streams import STREAMS
from shared.lifecycle import spare_garbage_collection
from shared.ports import Bus
from shared.testing.bus import MemoryBus
from shared.testing.servers import NatsServer, RedisServer, start_nats, start_redis

# No timed tests: a busy machine is no failure.
settings.register_profile("relay", deadline=None)
settings.load_profile("relay")

# As seldom as in a service.
spare_garbage_collection()

SMALL = dict.fromkeys(STREAMS, 64 * 1024 * 1024)


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay to the end, too."""
    spare_garbage_collection()


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """One nats-server a test process. Don't stop it: take `fresh_nats` for that."""
    server = start_nats(tmp_path_factory.mktemp("nats"))
    yield server
    server.stop()


@pytest.fixture
def fresh_nats(tmp_path: Path) -> Iterator[NatsServer]:
    """A nats-server of the test's own, to kill and restart."""
    server = start_nats(tmp_path / "nats")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One redis-server a test process; begin with FLUSHALL."""
    server = start_redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def memory_bus() -> MemoryBus:
    """The twin in memory."""
    return MemoryBus()


@pytest.fixture
async def nats_bus(nats_server: NatsServer) -> AsyncIterator[NatsBus]:
    """The real bus with the seven streams, all empty."""
    await drop_streams(nats_server.url)
    async with await connect(nats_server.url, name="test", monitoring_url=nats_server.monitoring_url) as bus:
        await ensure_streams(bus, max_bytes=SMALL)
        yield bus


@pytest.fixture(params=["memory", "nats"])
def bus(request: pytest.FixtureRequest) -> Bus:
    """Both twins, one after the other: for behaviour suites."""
    found: Bus = request.getfixturevalue(f"{request.param}_bus")
    return found


async def drop_streams(url: str) -> None:
    """Delete the seven streams, which no service is able to do."""
    async with await nats.connect(url) as connection:
        for name in STREAMS:
            with contextlib.suppress(nats.js.errors.NotFoundError):
                await connection.jsm().delete_stream(name)

"""The bus on a real server that is killed, and servers that must be refused."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from shared.bus import NatsBus, check_server, connect, ensure_streams
from shared.bus.streams import STREAMS
from shared.errors import (
    AlreadyStoredError,
    BusError,
    BusRefusedError,
    BusUnavailableError,
    StaleWriterError,
    UnsafeServerError,
)
from shared.ports import Entry, Outgoing
from shared.testing.servers import NatsServer, free_port, start_nats

SMALL = dict.fromkeys(STREAMS, 64 * 1024 * 1024)


@asynccontextmanager
async def bus_on(server: NatsServer, name: str = "test") -> AsyncIterator[NatsBus]:
    async with await connect(server.url, name=name, monitoring_url=server.monitoring_url) as bus:
        await ensure_streams(bus, max_bytes=SMALL)
        yield bus


def report(n: int) -> Outgoing:
    return Outgoing("reports.v1.form", f"report-{n}", f"body {n}".encode())


async def everything(bus: NatsBus, stream: str) -> list[Entry]:
    last = await bus.last_seq(stream)
    found: list[Entry] = []
    async with asyncio.timeout(20), aclosing(bus.read(stream)) as entries:
        while not found or found[-1].seq < last:
            found.append(await anext(entries))
    return found


async def collect(bus: NatsBus, stream: str, into: list[Entry]) -> None:
    async with aclosing(bus.read(stream)) as entries:
        async for entry in entries:
            into.append(entry)  # noqa: PERF401 - it never ends; others look on meanwhile


async def until(condition: Callable[[], bool], within_s: float = 20) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - conditions are of many kinds, few have an event
            await asyncio.sleep(0.01)


async def until_length(log: list[Entry], length: int) -> None:
    await until(lambda: len(log) >= length)


async def until_seq(log: list[Entry], seq: int) -> None:
    await until(lambda: (log[-1].seq if log else 0) >= seq)


@pytest.mark.faults
async def test_killed_while_publishing_everything_is_stored_once(fresh_nats: NatsServer) -> None:
    total, done = 400, 0
    async with bus_on(fresh_nats) as bus:
        numbers = iter(range(total))

        async def publish_some() -> None:
            nonlocal done
            for n in numbers:
                await bus.publish(report(n), patience_s=30)
                done += 1

        workers = [asyncio.create_task(publish_some()) for _ in range(20)]
        for part in (1, 2, 3):
            await until(lambda part=part: done >= part * total // 4)  # type: ignore[misc]
            fresh_nats.kill()
            await asyncio.to_thread(fresh_nats.start)
        await asyncio.gather(*workers)
        stored = await everything(bus, "REPORTS")
    assert sorted(e.body for e in stored) == sorted(report(n).body for n in range(total))


@pytest.mark.faults
async def test_a_reader_over_kills_gets_everything_once_and_in_order(fresh_nats: NatsServer) -> None:
    async with bus_on(fresh_nats) as bus, bus_on(fresh_nats, "reader") as other:
        seen: list[Entry] = []
        reader = asyncio.create_task(collect(other, "REPORTS", seen))
        for n in range(300):
            await bus.publish(report(n), patience_s=30)
            if n % 100 == 50:
                fresh_nats.kill()
                await asyncio.to_thread(fresh_nats.start)
        await until(lambda: len(seen) >= 300)
        reader.cancel()
        await asyncio.wait([reader])
    assert [e.seq for e in seen] == list(range(1, 301))
    assert [e.body for e in seen] == [report(n).body for n in range(300)]


@pytest.mark.faults
async def test_an_appender_over_kills_writes_one_unbroken_log(fresh_nats: NatsServer) -> None:
    async with bus_on(fresh_nats) as bus:
        log: list[Entry] = []
        reader = asyncio.create_task(collect(bus, "DECISIONS", log))
        killer = asyncio.create_task(kill_when(fresh_nats, log, at=(40, 90, 140)))
        for decision in itertools.count():
            await append_until_stored(bus, decision, log)
            if len(log) >= 200:
                break
        await killer
        reader.cancel()
        await asyncio.wait([reader])
    assert [e.body for e in log] == [b"%d" % n for n in range(len(log))]


async def kill_when(server: NatsServer, log: list[Entry], at: tuple[int, ...]) -> None:
    for length in at:
        await until_length(log, length)
        server.kill()
        await asyncio.to_thread(server.start)


async def append_until_stored(bus: NatsBus, decision: int, log: list[Entry]) -> None:
    """As the router does: after any doubt read on, and decide again only if it is not there."""
    body = b"%d" % decision
    message = Outgoing("decisions.v1.noted", f"d{decision}", body)
    while True:
        after = log[-1].seq if log else 0
        try:
            last = await bus.append(message, after=after)
        except (BusUnavailableError, StaleWriterError, AlreadyStoredError):
            last = await read_on(bus)
        await until_seq(log, last)
        if log and log[-1].body == body:
            return


async def read_on(bus: NatsBus) -> int:
    while True:
        try:
            return await bus.last_seq("DECISIONS")
        except BusUnavailableError:
            await asyncio.sleep(0.05)


async def test_while_the_server_is_away_patience_ends_and_nothing_spins(fresh_nats: NatsServer) -> None:
    loop = asyncio.get_running_loop()
    async with bus_on(fresh_nats) as bus:
        seen: list[Entry] = []
        reader = asyncio.create_task(collect(bus, "REPORTS", seen))
        await bus.publish(report(0))
        await until(lambda: len(seen) == 1)
        fresh_nats.kill()
        await until(lambda: not bus.connected)
        began, cpu = loop.time(), time.process_time()
        with pytest.raises(BusUnavailableError):
            await bus.publish(report(1), patience_s=1.0)
        assert 0.9 < loop.time() - began < 3
        assert time.process_time() - cpu < 0.4
        assert not reader.done()
        await asyncio.to_thread(fresh_nats.start)
        await bus.publish(report(1), patience_s=20)
        await until(lambda: len(seen) == 2)
        reader.cancel()
        await asyncio.wait([reader])
    assert [e.body for e in seen] == [b"body 0", b"body 1"]


async def test_a_reader_whose_consumer_vanishes_goes_on(nats_bus: NatsBus) -> None:
    seen: list[Entry] = []
    reader = asyncio.create_task(collect(nats_bus, "REPORTS", seen))
    for n in range(3):
        await nats_bus.publish(report(n))
        await until_length(seen, n + 1)
        for name in (await nats_bus._link.api("CONSUMER.NAMES.REPORTS"))["consumers"]:
            await nats_bus._link.api(f"CONSUMER.DELETE.REPORTS.{name}")
    reader.cancel()
    await asyncio.wait([reader])
    assert [e.seq for e in seen] == [1, 2, 3]


async def test_messages_lost_between_server_and_reader_are_read_again(nats_bus: NatsBus) -> None:
    """The library drops a message on the floor: the consumer's numbers tell, even at the tail."""
    seen: list[Entry] = []
    reader = asyncio.create_task(collect(nats_bus, "REPORTS", seen))
    await nats_bus.publish(report(0))
    await until(lambda: len(seen) == 1)
    nc = nats_bus._link.nc
    real = nc._build_message
    dropped: list[object] = []

    def lossy(*args: object) -> object:
        message = real(*args)  # type: ignore[arg-type]
        if message.subject.startswith("reports.") and len(dropped) < 2:
            dropped.append(message)
            return None
        return message

    nc._build_message = lossy  # type: ignore[method-assign,assignment]
    for n in range(1, 3):
        await nats_bus.publish(report(n))
    await until(lambda: len(seen) == 3)
    reader.cancel()
    await asyncio.wait([reader])
    assert len(dropped) == 2
    assert [e.seq for e in seen] == [1, 2, 3]


async def test_a_closed_read_leaves_no_consumer_behind(nats_bus: NatsBus) -> None:
    await nats_bus.publish(report(0))
    async with aclosing(nats_bus.read("REPORTS")) as entries:
        await anext(entries)
        assert (await nats_bus._info("REPORTS"))["state"]["consumer_count"] == 1
    assert (await nats_bus._info("REPORTS"))["state"]["consumer_count"] == 0


async def test_erased_bytes_are_not_on_disk_any_more(fresh_nats: NatsServer) -> None:
    secret = b"WRAPPED-KEY-7f3a91"
    async with bus_on(fresh_nats) as bus:
        for n in range(20):
            body = secret if n == 10 else b"other"
            await bus.publish(Outgoing(f"keys.v1.k{n}", f"k{n}", body))
        assert holders(fresh_nats.store_dir, secret)
        assert await bus.erase("KEYS", 11)
        assert not holders(fresh_nats.store_dir, secret)
    fresh_nats.restart()
    assert not holders(fresh_nats.store_dir, secret)


def holders(folder: Path, needle: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


# --- streams ---------------------------------------------------------------------------------


async def test_streams_can_be_ensured_again_and_grown_while_in_use(nats_bus: NatsBus) -> None:
    await nats_bus.publish(report(0))
    await ensure_streams(nats_bus, max_bytes=SMALL)
    await ensure_streams(nats_bus, max_bytes=SMALL | {"REPORTS": 128 * 1024 * 1024})
    config = (await nats_bus._info("REPORTS"))["config"]
    assert config["max_bytes"] == 128 * 1024 * 1024
    assert config["discard"] == "new"
    assert config["max_age"] == 14 * 86400 * 10**9
    assert (await nats_bus._info("KEYS"))["config"]["max_age"] == 0
    assert await nats_bus.last_seq("REPORTS") == 1


async def test_a_stream_in_memory_is_not_taken_for_ours(nats_server: NatsServer, nats_bus: NatsBus) -> None:
    await nats_bus._link.api("STREAM.DELETE.DEAD")
    await nats_bus._link.api(
        "STREAM.CREATE.DEAD", {"name": "DEAD", "subjects": ["dead.v1.*"], "storage": "memory"}
    )
    with pytest.raises(BusRefusedError, match="DEAD cannot be given"):
        await ensure_streams(nats_bus, max_bytes=SMALL)


async def test_a_full_stream_refuses_at_once(nats_bus: NatsBus) -> None:
    await ensure_streams(nats_bus, max_bytes=SMALL | {"REPORTS": 4096})
    async with asyncio.timeout(5):
        with pytest.raises(BusRefusedError, match="maximum bytes"):
            await asyncio.gather(*(nats_bus.publish(report(n)) for n in range(200)))


async def test_a_message_above_the_servers_limit_is_refused(nats_bus: NatsBus) -> None:
    with pytest.raises(BusRefusedError, match="larger"):
        await nats_bus.publish(Outgoing("reports.v1.form", "big", b"x" * 9_000_000))


# --- servers that must be refused --------------------------------------------------------------


async def test_a_server_that_does_not_sync_is_refused(tmp_path: Path) -> None:
    server = start_nats(tmp_path / "nats", sync_interval="2m")
    try:
        with pytest.raises(UnsafeServerError, match="sync_interval: always"):
            await connect(server.url, name="test", monitoring_url=server.monitoring_url)
    finally:
        server.stop()


@pytest.mark.parametrize("missing", [None, "", " , "])
async def test_without_a_monitoring_address_the_start_is_refused(missing: str | None) -> None:
    with pytest.raises(UnsafeServerError, match="monitoring address"):
        await connect("nats://127.0.0.1:1", name="test", monitoring_url=missing)


@asynccontextmanager
async def varz(document: object, status: int = 200) -> AsyncIterator[str]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=json.dumps(document))

    app = web.Application()
    app.router.add_get("/varz", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def test_an_old_server_is_refused_and_of_several_each_is_asked() -> None:
    safe = {"version": "2.14.5", "max_payload": 8 << 20, "jetstream": {"config": {"sync_always": True}}}
    async with varz(safe) as good, varz({**safe, "version": "2.11.9"}) as old:
        await check_server(good)
        with pytest.raises(UnsafeServerError, match=r"2\.11\.9.*2\.14\.5"):
            await check_server(f"{good}, {old}")


async def test_a_monitoring_port_that_fails_is_named() -> None:
    async with varz({}, status=500) as url:
        with pytest.raises(BusUnavailableError, match=url):
            await check_server(url)
    with pytest.raises(BusUnavailableError, match="does not answer"):
        await check_server(f"http://127.0.0.1:{free_port()}")


async def test_an_address_without_a_server_is_named_without_its_password(nats_server: NatsServer) -> None:
    dead = f"nats://me:hunter2@127.0.0.1:{free_port()}"
    with pytest.raises(BusError, match="did not accept a connection") as caught:
        await connect(dead, name="test", monitoring_url=nats_server.monitoring_url, patience_s=0.5)
    assert "hunter2" not in str(caught.value)

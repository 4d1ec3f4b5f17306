"""`python -m bench.bridges`: forty bridges on one front door that wait for somebody to write.

Twenty read their source: ten streams of Signal's daemon, that says every 15 s that it is there, and ten
Mastodon accounts, asked every ten seconds; twenty are called: by Telegram and by Twilio. Measured: the front
door's CPU and memory while nothing comes (its NATS link and all workers included), how soon one more bridge
in the file is open, and how long the process takes to stop, every stream open.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psutil  # type: ignore[import-untyped] # it brings no types
from aiohttp import ClientSession, web

from alert_relay.supervisor.home import SIMULATOR, Home
from bench.report import facts
from bench.systems import answers, python
from shared.http import site
from shared.testing.servers import Process, free_port, start_nats, start_redis

KEEP_ALIVE_S: Final = 15.0
EACH: Final = 10
TARGETS: Final = {"idle_cpu_percent": 5, "memory_mb": 250, "stop_s": 5}
_SETTLES_S: Final = 5.0
_TOKEN: Final = "a-token-of-the-bench"  # noqa: S105 - opens nothing


async def events(request: web.Request) -> web.StreamResponse:
    """What signal-cli's daemon says to whoever listens while nobody writes."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    with suppress(ConnectionError):
        while True:
            await response.write(b":\n")
            await asyncio.sleep(KEEP_ALIVE_S)
    return response


async def account(_: web.Request) -> web.Response:
    """Who we are at Mastodon."""
    return web.json_response({"id": "1", "username": "relay", "acct": "relay"})


async def nothing(_: web.Request) -> web.Response:
    """An empty page of Mastodon's."""
    return web.json_response([])


def sources() -> web.Application:
    """All sources in one."""
    app = web.Application()
    app.router.add_get("/api/v1/events", events)
    app.router.add_get("/api/v1/accounts/verify_credentials", account)
    app.router.add_get("/api/v1/notifications", nothing)
    return app


def bridges(url: str, each: int = EACH) -> list[dict[str, Any]]:
    """Four kinds, so many of each."""
    made: list[tuple[str, dict[str, Any]]] = []
    for n in range(each):
        made += [
            ("signal", {"account": f"+4474001234{n:02}", "daemon": url}),
            ("mastodon", {"server": url, "token": "env:BENCH_TOKEN"}),
            ("telegram", {"secret_token": "env:BENCH_TOKEN"}),
            ("twilio-sms", {"auth_token": "env:BENCH_TOKEN"}),
        ]
    return [{"id": f"b{n}", "kind": kind, "settings": settings} for n, (kind, settings) in enumerate(made)]


async def measure(seconds: float) -> dict[str, Any]:
    """Start all, look, stop."""
    with tempfile.TemporaryDirectory(prefix="relay-bench-") as name:
        folder = Path(name)
        nats, redis = start_nats(folder / "nats"), start_redis(folder / "redis")
        try:
            async with site(sources(), "127.0.0.1", 0) as port:
                return await _measured(folder, nats, redis.url, f"http://127.0.0.1:{port}", seconds)
        finally:
            redis.stop()
            nats.stop()


async def _measured(folder: Path, nats: Any, redis_url: str, url: str, seconds: float) -> dict[str, Any]:
    home = Home(folder / "home")
    home.make_key_file()
    home.write_door_files()
    file = folder / "bridges.json"  # JSON is YAML
    entries = bridges(url)
    file.write_text(json.dumps(entries))
    port = free_port()
    env = {
        "RELAY_HOME": str(home.folder),
        "RELAY_NATS_URL": nats.url,
        "RELAY_NATS_MONITORING_URL": nats.monitoring_url,
        "RELAY_REDIS_URL": redis_url,
        "RELAY_MASTER_KEY_FILE": str(home.unsafe_key),
        "RELAY_INGEST_KEYS_FILE": str(home.keys_file),
        "RELAY_INGEST_BRIDGES_FILE": str(file),
        "RELAY_INGEST_PORT": str(port),
        "BENCH_TOKEN": _TOKEN,
    }
    door = Process(
        args=python("services.ingest"), log=folder / "ingest.log", ready=answers(port, "/health"), env=env
    )
    await asyncio.to_thread(door.start)
    try:
        async with ClientSession(headers={"Authorization": f"Bearer {home.secret(SIMULATOR)}"}) as http:
            standing = f"http://127.0.0.1:{port}/health/bridges"
            await _connected(http, standing, 2 * EACH)
            figures = await _idle(door.pid, seconds)
            file.write_text(json.dumps([*entries, {**bridges(url, EACH + 1)[-4], "id": "one-more"}]))
            began = time.monotonic()
            await _connected(http, standing, 2 * EACH + 1)
            figures["one_more_s"] = round(time.monotonic() - began, 1)
    finally:
        began = time.monotonic()
        await asyncio.to_thread(door.stop)
    return {
        "bridges": len(entries),
        **figures,
        "stop_s": round(time.monotonic() - began, 2),
        "targets": TARGETS,
    }


async def _connected(http: ClientSession, url: str, how_many: int) -> None:
    async with asyncio.timeout(60):
        while True:
            async with http.get(url) as response:
                found = (await response.json())["bridges"].values()
            if sum(one["state"] == "CONNECTED" for one in found) == how_many:
                return
            await asyncio.sleep(0.05)


async def _idle(pid: int, seconds: float) -> dict[str, Any]:
    """What it takes while nothing comes."""
    process = psutil.Process(pid)
    await asyncio.sleep(_SETTLES_S)
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    await asyncio.sleep(seconds)
    used = sum(process.cpu_times()[:2]) - before
    return {
        "idle_s": round(time.monotonic() - began),
        "idle_cpu_percent": round(100 * used / (time.monotonic() - began), 2),
        "memory_mb": round(process.memory_info().rss / 1e6),
        "threads": process.num_threads(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60, help="how long nothing comes (default: 60)")
    found = asyncio.run(measure(parser.parse_args().seconds)) | {"machine": facts()}
    for name, figure in found.items():
        sys.stdout.write(f"{name:20} {figure}\n")
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()

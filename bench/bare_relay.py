"""A bare relay of two hops on JetStream: the least that keeps what it accepts, and so the yardstick.

HTTP in, stored; moved on, stored again; HTTP out: three processes around a NATS server that
syncs to disk before it acknowledges, reading by the same standing pulls as the relay. It
judges nothing, seals nothing, and remembers no position, so it is faster than any relay of
use. Run one process as `python -m bench.bare_relay front|hop|sender --nats … --monitoring …`.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web

from bench.systems import TEXT, System, answers, python
from bench.wire import post_request
from shared.bus import NatsBus, connect, ensure_streams
from shared.http import site
from shared.lifecycle import run_service
from shared.ports import Entry, Outgoing
from shared.testing.servers import free_port, start_nats

FIRST: Final = ("REPORTS", "reports.v1.bench")
SECOND: Final = ("LEDGER", "ledger.v1.bench")
WIDTH: Final = 64
"""Messages that one process moves at the same time."""

_NUMBER: Final = re.compile(rb'"number": (\d+)')


class BareRelay(System):
    """The bare relay as a system under measurement."""

    name = "bare"

    async def start(self) -> None:
        """Start its NATS server, then the sender, the hop and the front."""
        nats = start_nats(self.folder / "nats")
        self.processes["nats"] = nats
        async with await connect(nats.url, name="bench", monitoring_url=nats.monitoring_url) as bus:
            await ensure_streams(bus)
        self.port = free_port()
        common = ["--nats", nats.url, "--monitoring", nats.monitoring_url]
        for role, port in (("sender", self.sink_port), ("hop", 0), ("front", self.port)):
            args = python("bench.bare_relay", role, *common, "--port", str(port))
            ready = answers(port, "/health") if role == "front" else says_ready(self.folder / f"{role}.log")
            self.run(role, args, ready)

    def request(self, number: int) -> bytes:
        """A report of the usual size."""
        body = {"number": number, "text": TEXT, "lat": 51.5, "lon": -0.1, "accuracy_m": 20}
        return post_request(self.port, "/v1/reports", json.dumps(body).encode())

    @staticmethod
    def number_of(body: bytes) -> int | None:
        """The body is what was posted."""
        found = _NUMBER.search(body)
        return int(found[1]) if found else None


def says_ready(log: Path) -> Callable[[], bool]:
    """A check that the process behind that log has begun to read."""
    return lambda: b"ready" in log.read_bytes()


async def front(bus: NatsBus, port: int) -> None:
    """Answer 202 once the report is stored."""
    numbers = itertools.count()

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        await bus.publish(Outgoing(FIRST[1], f"front.{next(numbers)}", body))
        return web.json_response({"accepted": True}, status=202)

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    app = web.Application()
    app.add_routes([web.post("/v1/reports", take), web.get("/health", health)])
    async with site(app, "127.0.0.1", port):
        await asyncio.Event().wait()


async def hop(bus: NatsBus, _port: int) -> None:
    """Move what comes in the first stream to the second."""

    async def move(entry: Entry) -> None:
        await bus.publish(Outgoing(SECOND[1], f"hop.{entry.seq}", entry.body))

    await forward(bus, FIRST[0], move)


async def sender(bus: NatsBus, port: int) -> None:
    """Post what comes in the second stream to the sink."""
    url = f"http://127.0.0.1:{port}/hook"
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=WIDTH), headers=headers) as session:

        async def send(entry: Entry) -> None:
            async with session.post(url, data=entry.body) as response:
                response.raise_for_status()

        await forward(bus, SECOND[0], send)


async def forward(bus: NatsBus, stream: str, work: Callable[[Entry], Awaitable[None]]) -> None:
    """Do the work for every entry of the stream, `WIDTH` at a time, for ever."""
    room = asyncio.Semaphore(WIDTH)

    async def one(entry: Entry) -> None:
        try:
            await work(entry)
        finally:
            room.release()

    print("ready", flush=True)
    async with asyncio.TaskGroup() as tasks, contextlib.aclosing(bus.read(stream)) as entries:
        async for entry in entries:
            await room.acquire()
            tasks.create_task(one(entry))


ROLES: Final = {"front": front, "hop": hop, "sender": sender}


async def main(role: str, nats: str, monitoring: str, port: int) -> None:
    """Run one process of the bare relay until it is stopped."""
    async with await connect(nats, name=role, monitoring_url=monitoring) as bus:
        await ROLES[role](bus, port)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=ROLES)
    parser.add_argument("--nats", required=True)
    parser.add_argument("--monitoring", required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    run_service(lambda: main(given.role, given.nats, given.monitoring, given.port))

"""The relay as a system under measurement: its own servers, the four services, 5,000 groups.

Groups are squares of a grid over Great Britain and the sea around it; a report's number gives
its group and its place in the group's square, and a webhook's place gives the number back. The
places lie over 2 km apart and the words differ, so no report belongs to another's incident. A group
hears of three incidents singly in ten minutes and of more in a digest, so there are groups enough for
every report to be told singly.
"""

import asyncio
import json
import time
import zlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from alert_relay.client import Hub
from alert_relay.supervisor.home import SIMULATOR, Home
from bench.load import all_arrived, closed_loop
from bench.systems import System, answers, health, python
from bench.wire import Caller, Sink, post_request
from services.router.decide.limits import SINGLES
from shared.testing.servers import free_port, start_nats, start_redis

SERVICES: Final = ("router", "notifier", "console", "ingest")
GROUP_ROWS: Final = 100
GROUP_COLUMNS: Final = 50
GROUPS: Final = GROUP_ROWS * GROUP_COLUMNS
SIDE: Final = 2
"""A group's square holds SIDE × SIDE places."""
SOUTH, WEST = 50.0, -6.0
STEP_LAT, STEP_LON = 0.02, 0.04
"""Degrees between places: 2.2 km northwards and at 58° still 2.4 km eastwards."""
STORM: Final = SINGLES * GROUPS - 1
"""The number of the place that a storm is about; no other report goes there, and none has a greater one:
then every group has heard of three incidents."""
_PATIENCE_S: Final = 30.0
_AT_ONCE: Final = 32
"""Groups that are defined at the same time."""


class Relay(System):
    """The relay, with every process of its own so that each one's memory and CPU is seen."""

    name = "relay"
    key = ""
    nats_url = ""
    monitoring_url = ""
    router_port = 0
    console_url = ""

    async def start(self) -> None:
        """Start the servers and services and define the groups."""
        nats, redis = start_nats(self.folder / "nats"), start_redis(self.folder / "redis")
        self.processes |= {"nats": nats, "redis": redis}
        self.nats_url, self.monitoring_url = nats.url, nats.monitoring_url
        home = Home(self.folder / "home")
        home.make_key_file()
        home.write_door_files()
        self.key = home.secret(SIMULATOR)
        ports = {name: free_port() for name in SERVICES}
        env = self._environment(home, ports, redis.url)
        for name in SERVICES:
            self.run(name, python(f"services.{name}"), answers(ports[name], "/health"), env)
        self.port, self.router_port = ports["ingest"], ports["router"]
        self.console_url = f"http://127.0.0.1:{ports['console']}"
        await asyncio.to_thread(define_groups, home, ports["console"])

    def _environment(self, home: Home, ports: dict[str, int], redis_url: str) -> dict[str, str]:
        return {
            "RELAY_HOME": str(home.folder),
            "RELAY_NATS_URL": self.nats_url,
            "RELAY_NATS_MONITORING_URL": self.monitoring_url,
            "RELAY_REDIS_URL": redis_url,
            "RELAY_MASTER_KEY_FILE": str(home.unsafe_key),
            "RELAY_INGEST_KEYS_FILE": str(home.keys_file),
            **{f"RELAY_{name.upper()}_PORT": str(port) for name, port in ports.items()},
            "SHARED__SINK_URL": f"http://127.0.0.1:{self.sink_port}",
            "SHARED__SINK_SECRET": home.secret("postbox"),
        }

    def request(self, number: int) -> bytes:
        """A report at that number's own place."""
        if number >= STORM:
            raise RuntimeError(
                f"only {STORM} reports are told singly; this machine is too fast for this grid"
            )
        return self._report(number, f"report-{number}", f"sender-{number}")

    def _report(self, number: int, key: str, sender: str) -> bytes:
        lat, lon = place_of(number)
        body = {
            "text": text_of(number),
            "lat": lat,
            "lon": lon,
            "accuracy_m": 20,
            "first_hand": True,
            "sender": sender,
        }
        headers = f"Authorization: Bearer {self.key}\r\nIdempotency-Key: {key}\r\n"
        return post_request(self.port, "/v1/reports", json.dumps(body).encode(), headers)

    @staticmethod
    def number_of(body: bytes) -> int | None:
        """By the place that the alert tells its verifiers."""
        place = json.loads(body).get("place") or {}
        return number_at(place["lat"], place["lon"]) if "lat" in place else None

    async def storm(self, caller: Caller, sink: Sink, copies: int) -> dict[str, float]:
        """The copies, closed loop; until the first webhook, until all are decided, and webhooks in all."""

        def copy(n: int) -> bytes:
            return self._report(STORM, f"copy-{n}", f"witness-{n}")

        start = time.perf_counter()
        began = await closed_loop(caller, copy, iter(range(copies)), workers=32, seconds=600)
        accepted = time.perf_counter()
        await all_decided(self.router_port)
        done = time.perf_counter()
        await all_arrived(sink, {STORM: start})
        await quiet(sink)
        arrived = sink.arrived[STORM]
        return {
            "copies": len(began),
            "accepted_s": accepted - start,
            "decided_s": done - start,
            "first_alert_ms": (arrived[0] - start) * 1e3 if arrived else float("inf"),
            "notifications": len(arrived),
        }


def text_of(number: int) -> str:
    """Words that no other number's report shares, after the first ones: it must not pass for a copy."""
    own = (f"z{zlib.crc32(b'%d %d' % (number, n)):x}" for n in range(8))
    return f"Immigration officers are here now, {' '.join(own)}"


def place_of(number: int) -> tuple[float, float]:
    """Latitude and longitude of a number's place: neighbours in number are of different groups."""
    group, cell = number % GROUPS, number // GROUPS
    row = group // GROUP_COLUMNS * SIDE + cell // SIDE
    column = group % GROUP_COLUMNS * SIDE + cell % SIDE
    return round(SOUTH + (row + 0.5) * STEP_LAT, 6), round(WEST + (column + 0.5) * STEP_LON, 6)


def number_at(lat: float, lon: float) -> int:
    """The number whose place this is, or is nearest to."""
    row, column = int((lat - SOUTH) / STEP_LAT), int((lon - WEST) / STEP_LON)
    group = row // SIDE * GROUP_COLUMNS + column // SIDE
    return (row % SIDE * SIDE + column % SIDE) * GROUPS + group


def group_document(group: int) -> dict[str, Any]:
    """One group as the console takes it: its square, and one signed webhook for its verifiers."""
    south = SOUTH + group // GROUP_COLUMNS * SIDE * STEP_LAT
    west = WEST + group % GROUP_COLUMNS * SIDE * STEP_LON
    north, east = south + SIDE * STEP_LAT, west + SIDE * STEP_LON
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    settings = {
        "url": "env:SHARED__SINK_URL",
        "path": "/hook",
        "secret": "env:SHARED__SINK_SECRET",
    }
    channel = {"id": "hook", "kind": "webhook", "audience": "verifiers", "settings": settings}
    definition = {"id": f"g{group}", "name": f"Group {group}", "area": {"polygons": [[ring]]}}
    return {"definition": definition, "channels": [channel]}


def define_groups(home: Home, console_port: int) -> None:
    """Put all groups as the hub's first operator, whose token the console leaves in the home folder."""
    deadline = time.monotonic() + _PATIENCE_S
    while not home.operator_token.exists():
        if time.monotonic() > deadline:
            raise RuntimeError("the console made no operator")
        time.sleep(0.05)
    hub = Hub.at_home(home.folder, console=f"http://127.0.0.1:{console_port}")

    def define(group: int) -> None:
        hub.at_desk("PUT", f"/v1/groups/g{group}", group_document(group))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        deque(pool.map(define, range(GROUPS)), maxlen=0)  # raises what went wrong with any


async def all_decided(router_port: int) -> None:
    """Return once the router has decided everything that is stored; RuntimeError after ten minutes."""
    deadline = time.monotonic() + 600
    while (await asyncio.to_thread(health, router_port))["lag"]["reports"]:
        if time.monotonic() > deadline:
            raise RuntimeError("the storm was not decided in ten minutes")
        await asyncio.sleep(0.02)


async def quiet(sink: Sink, for_s: float = 2.0) -> None:
    """Return once no webhook has come for so long."""
    total, since = sink.total, time.monotonic()
    while time.monotonic() - since < for_s:
        await asyncio.sleep(0.05)
        if sink.total != total:
            total, since = sink.total, time.monotonic()

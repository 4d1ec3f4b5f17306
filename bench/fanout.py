"""How fast one alert goes out to many: the notifier with its ledger, a bare aiohttp client, and Apprise.

The notifier is a process of its own on a real NATS server that syncs before it acknowledges; it claims every
chunk, sends by its Matrix channel to a sink in the homeserver's place, and records every outcome. The bare
client sends the same requests to the same sink, as many at once, on the services' event loop, and remembers
nothing. To a second sink, which answers after 50 ms, the notifier and Apprise go in turn. A rate is how many
recipients by the time from the alert's storing (the client's start) to the last arrival. `python -m
bench.fanout`; the last line is JSON.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import apprise
import psutil  # type: ignore[import-untyped] # it brings no types
import uvloop
from aiohttp import ClientSession, DummyCookieJar, TCPConnector
from yarl import URL

from alert_relay.supervisor.home import Home
from bench.fanout_news import an_alert, definition, words
from bench.fanout_sink import arrivals, start_sink
from bench.report import facts
from bench.stats import ratio, significant, spread
from bench.systems import answers, python
from shared.bus import NatsBus, connect
from shared.clock import SystemClock
from shared.contracts.base import Message
from shared.contracts.catalog import encode
from shared.contracts.groups import ChannelDefinition, GroupChannels, GroupDefined
from shared.lifecycle import spare_garbage_collection
from shared.sealing import Keyring, load_master_key
from shared.testing.servers import Process, free_port, start_nats

WIDTH: Final = 256
"""Sends at once: the notifier's own number for a group's Matrix rooms."""
SLOW_MS: Final = 50
TARGETS: Final = {"of_bare": "≥ 0.6", "of_apprise": "≥ 10"}
_TOKEN: Final = "token"  # noqa: S105 - opens nothing
_WITHIN_S: Final = 120.0


class Fanout:
    """What is measured, started: two sinks, NATS, a notifier, and a group of so many chats for each sink."""

    def __init__(self, folder: Path, recipients: int) -> None:
        self.folder, self.recipients = folder, recipients
        self.stack = AsyncExitStack()
        self.processes: dict[str, Process] = {}
        self.ports: dict[str, int] = {}
        self.raised = 0
        self.put, self.bare_cpu_s = 0, 0.0

    bus: NatsBus
    keyring: Keyring
    http: ClientSession

    async def start(self) -> None:
        """Start everything, and define the groups `fast` and `slow`."""
        for name, delay_ms in (("fast", 0), ("slow", SLOW_MS)):
            self.ports[name] = free_port()
            self._run(f"sink-{name}", start_sink(self.folder, self.ports[name], delay_ms))
        nats = start_nats(self.folder / "nats")
        self.processes["nats"] = nats
        self.stack.callback(nats.stop)
        self._run("notifier", self._notifier(nats.url, nats.monitoring_url))
        connected = await connect(nats.url, name="bench", monitoring_url=nats.monitoring_url)
        self.bus = await self.stack.enter_async_context(connected)
        master = load_master_key(self.folder / "home" / "unsafe-master.key", production=False)
        self.keyring = Keyring(master, self.bus, SystemClock(), source="router")
        connector = TCPConnector(limit=WIDTH)
        session = ClientSession(connector=connector, cookie_jar=DummyCookieJar())
        self.http = await self.stack.enter_async_context(session)
        for name in self.ports:
            await self._define(name)

    def _run(self, name: str, process: Process) -> None:
        process.start()
        self.processes[name] = process
        self.stack.callback(process.stop)

    def _notifier(self, nats_url: str, monitoring_url: str) -> Process:
        home, port = Home(self.folder / "home"), free_port()
        home.make_key_file()
        env = {
            "RELAY_HOME": str(home.folder),
            "RELAY_NATS_URL": nats_url,
            "RELAY_NATS_MONITORING_URL": monitoring_url,
            "RELAY_MASTER_KEY_FILE": str(home.unsafe_key),
            "RELAY_NOTIFIER_PORT": str(port),
            "SHARED__TOKEN": _TOKEN,
        }
        log = self.folder / "notifier.log"
        return Process(args=python("services.notifier"), log=log, ready=answers(port, "/health"), env=env)

    async def _define(self, name: str) -> None:
        url = f"http://127.0.0.1:{self.ports[name]}"
        to = [room(n) for n in range(self.recipients)]
        channel = ChannelDefinition(
            id="rooms",
            kind="matrix",
            audience="community",
            settings={"homeserver": url, "token": "env:SHARED__TOKEN", "to": to},
        )
        defined = GroupDefined(
            id=f"g.{name}",
            at=datetime.now(UTC),
            group=name,
            version=1,
            definition=definition(name),
            channels=GroupChannels(channels=(channel,)),
        )
        await self._store(defined)

    async def _store(self, message: Message) -> None:
        await self.bus.publish(encode(await self.keyring.seal(message), source="router"))

    async def relay(self, sink: str) -> float:
        """Deliveries a second of one alert to the group behind that sink."""
        self.raised += 1
        alert = an_alert(self.raised, sink)
        return await self._rate(sink, self.recipients, lambda: self._store(alert))

    async def bare(self, sink: str) -> float:
        """The same requests by a client that does nothing else."""
        began = time.process_time()
        rate = await self._rate(sink, self.recipients, lambda: self._put(sink, words(sink)))
        self.bare_cpu_s += time.process_time() - began
        return rate

    async def _put(self, sink: str, text: str) -> None:
        self.put += 1
        waiting = iter(range(self.recipients))
        url = f"http://127.0.0.1:{self.ports[sink]}/_matrix/client/v3/rooms"
        body = {"msgtype": "m.text", "body": text, "m.mentions": {}}
        headers = {"Authorization": f"Bearer {_TOKEN}"}

        async def work() -> None:
            for n in waiting:
                whole = f"{url}/{quote(room(n), safe='')}/send/m.room.message/b{self.put}-rooms-{n}"
                async with self.http.put(
                    URL(whole, encoded=True), json=body, headers=headers, allow_redirects=False
                ) as response:
                    await response.read()

        await asyncio.gather(*(work() for _ in range(WIDTH)))

    async def apprise(self, sink: str, recipients: int) -> float:
        """Apprise as it comes, one target each."""
        many = apprise.Apprise()
        for n in range(recipients):
            many.add(f"json://127.0.0.1:{self.ports[sink]}/{n}")
        text = words(sink)

        async def notify() -> None:
            if not await many.async_notify(body=text):
                raise RuntimeError("Apprise could not reach the sink")

        return await self._rate(sink, recipients, notify)

    async def _rate(self, sink: str, recipients: int, begin: Callable[[], Awaitable[None]]) -> float:
        before, _ = await arrivals(self.ports[sink])
        began = time.monotonic()
        await begin()
        while time.monotonic() - began < _WITHIN_S:
            number, last = await arrivals(self.ports[sink])
            if number - before >= recipients:
                return recipients / (last - began)
            await asyncio.sleep(0.02)
        raise RuntimeError(f"only {number - before} of {recipients} arrived; logs in {self.folder}")

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds that the notifier, NATS and the bare client have used."""
        pids = {name: self.processes[name].pid for name in ("notifier", "nats")}
        times = {name: psutil.Process(pid).cpu_times() for name, pid in pids.items()}
        return {name: t.user + t.system for name, t in times.items()} | {"bare": self.bare_cpu_s}


def room(number: int) -> str:
    """A made-up room's id."""
    return f"!{number}:example.org"


async def measured(rounds: int, recipients: int, slow: int) -> dict[str, Any]:
    """Rounds, interleaved and every second one in the opposite order; medians, spreads and ratios."""
    found: dict[str, list[float]] = {name: [] for name in ("relay", "bare", "relay_slow", "apprise_slow")}
    machine = facts()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        fanout = Fanout(Path(folder), recipients)
        async with fanout.stack:
            await fanout.start()
            turns: list[tuple[str, Callable[[], Awaitable[float]]]] = [
                ("relay", lambda: fanout.relay("fast")),
                ("bare", lambda: fanout.bare("fast")),
                ("relay_slow", lambda: fanout.relay("slow")),
                ("apprise_slow", lambda: fanout.apprise("slow", slow)),
            ]
            for _, turn in turns[:3]:
                await turn()  # connections and channels are made once
            spent = fanout.cpu_s()
            for n in range(rounds):
                for name, turn in turns if n % 2 == 0 else reversed(turns):
                    found[name].append(await turn())
            sent = {
                "notifier": 2 * rounds * recipients,
                "nats": 2 * rounds * recipients,
                "bare": rounds * recipients,
            }
            cpu = {name: (used - spent[name]) / sent[name] * 1e6 for name, used in fanout.cpu_s().items()}
    return {
        "recipients": recipients,
        "rounds": rounds,
        "at_once": WIDTH,
        "per_s": {name: spread(rates).as_dict() for name, rates in found.items()},
        "ratios": {
            "of_bare": ratio(found["relay"], found["bare"]).as_dict(),
            "of_apprise": ratio(found["relay_slow"], found["apprise_slow"]).as_dict(),
        },
        "cpu_of_bare": significant(cpu["bare"] / cpu["notifier"]),
        "targets": TARGETS,
        "cpu_us_per_delivery": {name: significant(value) for name, value in cpu.items()},
        "machine": machine,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.fanout", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--recipients", type=int, default=2_000)
    parser.add_argument("--slow", type=int, default=200, help="recipients of Apprise in each round")
    given = parser.parse_args()
    spare_garbage_collection()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(measured(given.rounds, given.recipients, given.slow))
    print(json.dumps(figures, ensure_ascii=False))


if __name__ == "__main__":
    main()

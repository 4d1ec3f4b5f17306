"""How soon everybody at the desk sees an act, while reports pour in: `python -m bench.desk_live`.

200 dispatchers of 20 groups have the desk's list open (server-sent events). 50 reports a second come in at
40 places of those groups, so nearly every one joins an incident and changes some list. Each second one
dispatcher claims an incident, or gives it up, and it is measured when each of the ten dispatchers of that
group has it on the page: from the moment the act is sent. The console's memory is read every ten seconds.
Last line: JSON.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from alert_relay.client import Hub
from alert_relay.supervisor.home import Home
from bench.relay import GROUPS, Relay, place_of, text_of
from bench.stats import percentile
from bench.wire import Caller, post_request

TARGETS: Final = {"p99_s": 1.0}
_GROUPS: Final = 20
_EACH: Final = 10
_PLACES: Final = 2
"""Open incidents a group has."""


@dataclass
class Page:
    """One dispatcher's open list: what it last showed, and when that came."""

    group: int
    token: str
    html: str = ""
    at: float = 0.0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    updates: int = 0
    claimed: str = ""
    """The incident that they are on."""

    async def watch(self, http: aiohttp.ClientSession, url: str) -> None:
        """Take every update, for ever."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with http.get(f"{url}/desk/live?view=list", headers=headers) as response:
            if not response.ok:
                raise RuntimeError(f"a page was refused: {await response.text()}")
            async for line in response.content:
                if line.startswith(b"data: {"):
                    await self._take(json.loads(line[6:])["html"])
        raise RuntimeError("a page's stream ended")

    async def _take(self, html: str) -> None:
        async with self.changed:
            self.html, self.at = html, time.perf_counter()
            self.updates += 1
            self.changed.notify_all()

    async def shows(self, who: str, *, there: bool, since: float) -> float:
        """Seconds from then until the page says (or no longer says) that they are on it."""
        async with self.changed, asyncio.timeout(60):
            await self.changed.wait_for(lambda: self.at > since and (who in self.html) == there)
            return self.at - since


@dataclass
class Figures:
    """What was measured."""

    seconds: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    sent: int = 0


async def measure(seconds: int, rate: int) -> dict[str, Any]:
    """Start a relay, open the pages, and measure for so long."""
    with tempfile.TemporaryDirectory() as folder:
        relay = Relay(Path(folder), sink_port=9)
        try:
            await relay.start()
            return await _measured(relay, seconds, rate)
        finally:
            relay.stop()


async def _measured(relay: Relay, seconds: int, rate: int) -> dict[str, Any]:
    console = relay.console_url
    hub = Hub.at_home(Home(relay.folder / "home").folder, console=console)
    pages = await asyncio.to_thread(_pages, hub)
    figures = Figures()
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    caller = Caller(relay.port)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        await _open_incidents(relay, caller)
        watching = [asyncio.create_task(page.watch(http, console)) for page in pages]
        work = [
            asyncio.create_task(_report(relay, caller, rate, figures)),
            asyncio.create_task(_remember(relay, figures)),
            asyncio.create_task(_act(http, console, pages, figures)),
        ]
        done, _ = await asyncio.wait([*watching, *work], timeout=seconds, return_when="FIRST_COMPLETED")
        for task in (*watching, *work):
            task.cancel()
        caller.close()
        for task in done:
            task.result()
    return _summary(figures, pages, seconds)


def _pages(hub: Hub) -> list[Page]:
    """200 dispatchers, ten of each group."""
    return [
        Page(group, hub.add_member(f"D{group}-{n}", {f"g{group}": "dispatcher"})["token"])
        for group in range(_GROUPS)
        for n in range(_EACH)
    ]


def _request(relay: Relay, number: int, place: int) -> bytes:
    """The n-th report of one of the places."""
    lat, lon = place_of(place)
    text = f"{text_of(place)} {number}"
    body = {"text": text, "lat": lat, "lon": lon, "accuracy_m": 20, "sender": f"s{number}"}
    headers = f"Authorization: Bearer {relay.key}\r\nIdempotency-Key: live-{number}\r\n"
    return post_request(relay.port, "/v1/reports", json.dumps(body).encode(), headers)


def _places() -> list[int]:
    """The numbers of the places: the first ones of the first groups' squares."""
    return [cell * GROUPS + group for cell in range(_PLACES) for group in range(_GROUPS)]


async def _open_incidents(relay: Relay, caller: Caller) -> None:
    for n, place in enumerate(_places()):
        await caller.send(_request(relay, -1 - n, place))


async def _report(relay: Relay, caller: Caller, rate: int, figures: Figures) -> None:
    """So many reports a second, whatever the relay makes of them."""
    places, began = _places(), time.perf_counter()
    calls: set[asyncio.Task[Any]] = set()
    while True:
        await asyncio.sleep(max(0.0, began + figures.sent / rate - time.perf_counter()))
        request = _request(relay, figures.sent, places[figures.sent % len(places)])
        task = asyncio.create_task(caller.send(request))
        calls.add(task)
        task.add_done_callback(calls.discard)
        figures.sent += 1


async def _remember(relay: Relay, figures: Figures) -> None:
    while True:
        figures.memory_mb.append(relay.memory_mb()["console"])
        await asyncio.sleep(10)


async def _act(http: aiohttp.ClientSession, url: str, pages: list[Page], figures: Figures) -> None:
    """Each second somebody claims an incident of their group, and in the next round gives it up."""
    await asyncio.sleep(3)
    turn = 0
    while True:
        group, there = turn % _GROUPS, turn // _GROUPS % 2 == 0
        mine = [page for page in pages if page.group == group]
        await asyncio.gather(asyncio.sleep(1), _once(http, url, mine, figures, there=there))
        turn += 1


async def _once(
    http: aiohttp.ClientSession, url: str, mine: list[Page], figures: Figures, *, there: bool
) -> None:
    actor = mine[0]
    headers = {"Authorization": f"Bearer {actor.token}"}
    if there:
        async with http.get(f"{url}/v1/desk/incidents", headers=headers) as response:
            actor.claimed = (await response.json())["incidents"][0]["id"]
    since = time.perf_counter()
    seen = [asyncio.create_task(p.shows(f"D{p.group}-0", there=there, since=since)) for p in mine[1:]]
    name = "claim" if there else "release"
    act = {"incident": actor.claimed}
    async with http.post(f"{url}/v1/desk/{name}", headers=headers, json=act) as response:
        if not response.ok:
            raise RuntimeError(f"an act was refused: {await response.text()}")
    figures.seconds += await asyncio.gather(*seen)


def _summary(figures: Figures, pages: list[Page], seconds: int) -> dict[str, Any]:
    memory = figures.memory_mb
    tenth = max(1, len(memory) // 10)
    return {
        "seconds": seconds,
        "pages": len(pages),
        "reports": figures.sent,
        "updates": sum(page.updates for page in pages),
        "acts_seen": len(figures.seconds),
        "p50_s": round(percentile(figures.seconds, 50), 3),
        "p99_s": round(percentile(figures.seconds, 99), 3),
        "worst_s": round(max(figures.seconds), 3),
        "console_mb_after_first_tenth": round(sum(memory[tenth : 2 * tenth]) / tenth),
        "console_mb_last_tenth": round(sum(memory[-tenth:]) / tenth),
        "targets": TARGETS,
    }


def main() -> None:
    """Measure and print."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--seconds", type=int, default=900, help="how long (default: 900)")
    parser.add_argument("--rate", type=int, default=50, help="reports a second (default: 50)")
    options = parser.parse_args()
    found = asyncio.run(measure(options.seconds, options.rate))
    for name, figure in found.items():
        sys.stdout.write(f"{name:32} {figure}\n")
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()

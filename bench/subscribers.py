"""What many subscribers cost: reading a group's whole book at the start, and choosing whom an alert is for.

On a real NATS with its files; the last line is JSON. `python -m bench.subscribers [how many]` (100,000).
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from services.notifier.decide.book import Book
from services.notifier.decide.matching import News
from services.notifier.decide.subscribing import World
from services.notifier.subscribers.audience import Audience
from services.notifier.subscribers.keeping import Keeping
from services.notifier.subscribers.ways import Ways
from shared.bus import NatsBus, connect, ensure_streams
from shared.clock import SystemClock
from shared.contracts.alerts import PublicPlace
from shared.contracts.base import GroupId, IncidentId
from shared.contracts.catalog import encode
from shared.contracts.subscribers import Follow, FollowedArea, Subscriber, SubscriberKept
from shared.plugins.channel_testing import KnownSecrets
from shared.plugins.spec import ChannelHost
from shared.sealing import Keyring, MasterKey
from shared.testing.servers import start_nats

MANY: Final = 100_000
_AT_ONCE: Final = 500
GROUP: Final = GroupId("hackney")
NEAR: Final = FollowedArea(lat=51.546, lon=-0.07, radius_m=1_500, label="E8")


async def measure(many: int) -> dict[str, float]:
    """Seconds of the processor for each step, and the longest that anything else had to wait meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        server = start_nats(Path(folder))
        try:
            async with await connect(server.url, name="bench", monitoring_url=server.monitoring_url) as bus:
                await ensure_streams(bus)
                return await _measured(bus, many)
        finally:
            server.stop()


async def _measured(bus: NatsBus, many: int) -> dict[str, float]:
    keyring = Keyring(MasterKey(b"k" * 32), bus, SystemClock(), source="bench")
    await store_people(bus, keyring, many)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    keeping = Keeping(
        bus, keyring, SystemClock(), world=_no_world, answer=_no_answer, lease_s=20, claimant="bench"
    )
    stop, lag = asyncio.Event(), asyncio.create_task(_longest_wait())
    began = time.process_time()
    running = asyncio.create_task(keeping.run(stop))
    await keeping.ready.wait()
    read_s = time.process_time() - began
    chosen_s, again_s = await _choose(keeping.book, keyring.master, bus)
    lag.cancel()
    stop.set()
    await running
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    return {
        "people": len(keeping.book.people),
        "read_cpu_s": round(read_s, 2),
        "choose_cpu_s": round(chosen_s, 2),
        "choose_again_cpu_s": round(again_s, 2),
        "longest_wait_s": round(_WAITED[0], 3),
        "memory_mb": round(grown / 1024),
    }


async def _all_read() -> None:
    """The book was read before."""


async def _choose(book: Book, master: MasterKey, _bus: NatsBus) -> tuple[float, float]:
    ways = Ways({}, ChannelHost(http=None, secrets=KnownSecrets({})))  # type: ignore[arg-type]  # nothing is sent
    audience = Audience(book, ways, master, front_url="", gone=lambda _: None, caught_up=_all_read)
    where = PublicPlace(lat=51.546, lon=-0.07, radius_m=300, label="Ashwin St")
    now = datetime.now(UTC)
    news = News(GROUP, now, where, urgent=True, ends=False)
    spent = []
    for _ in range(2):
        began = time.process_time()
        found = await audience.chosen(news, {IncidentId("i1")}, (), now)
        spent.append(time.process_time() - began)
        for kin, numbers in found.kin.items():
            audience.told.learn("i1", GROUP, now.date(), "a1", [[f"{kin.id}:{n}" for n in numbers]])
    return spent[0], spent[1]


_WAITED: Final = [0.0]


async def _longest_wait() -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        _WAITED[0] = max(_WAITED[0], time.perf_counter() - began)


async def store_people(bus: NatsBus, keyring: Keyring, many: int) -> None:
    """So many who confirmed long ago."""
    for begin in range(0, many, _AT_ONCE):
        numbers = range(begin + 1, min(begin + _AT_ONCE, many) + 1)
        await asyncio.gather(*(_store(bus, keyring, n) for n in numbers))


async def _store(bus: NatsBus, keyring: Keyring, number: int) -> None:
    follow = Follow(group=GROUP, area=NEAR, choice="witness" if number % 2 else "information")
    details = Subscriber(number=number, way="join", address=f"+44740{number:07}", follows=(follow,))
    kept = SubscriberKept(id=f"of.{number}", at=datetime.now(UTC), subscriber=f"s{number}", details=details)
    await bus.publish(encode(await keyring.seal(kept), source="bench"), patience_s=60)


async def _no_world() -> World:
    raise NotImplementedError


async def _no_answer(*_: object) -> None:
    raise NotImplementedError


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else MANY))))

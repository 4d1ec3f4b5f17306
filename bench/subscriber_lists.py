"""What a list of many subscribers costs to take out and to hand in: seconds, and memory.

On a real NATS with its files; the last line is JSON. `python -m bench.subscriber_lists [how many]` (100,000).
"""

import asyncio
import csv
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Final

from bench.subscribers import GROUP, MANY, store_people
from services.ingest.bridges.android_sms import AndroidSettings, AndroidSms
from services.notifier.decide.list_file import COLUMNS, Known, Wrong, lines_of, rows
from services.notifier.subscribers.lists import AT_ONCE, Lists, contacts_of
from shared.bus import NatsBus, connect, ensure_streams
from shared.clock import SystemClock
from shared.plugins.bridge_file import BridgeEntry, Subscriptions
from shared.sealing import Keyring, MasterKey
from shared.testing.servers import start_nats

_SETTINGS: Final = AndroidSettings(signing_key="env:NONE")
WAYS: Final = {"join": BridgeEntry(AndroidSms, _SETTINGS, "", Subscriptions())}


async def measure(many: int) -> dict[str, float]:
    """Both ways, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        server = start_nats(Path(folder))
        try:
            async with await connect(server.url, name="bench", monitoring_url=server.monitoring_url) as bus:
                await ensure_streams(bus)
                return await _measured(bus, many, Path(folder) / "list.csv")
        finally:
            server.stop()


async def _measured(bus: NatsBus, many: int, path: Path) -> dict[str, float]:
    keyring = Keyring(MasterKey(b"k" * 32), bus, SystemClock(), source="bench")
    await store_people(bus, keyring, many)
    lists = Lists(bus, keyring, SystemClock(), lambda way: way in WAYS)
    before = _peak_mb()
    began = time.perf_counter()
    with path.open("w", newline="") as out:
        written = await _write(lists, out)
    out_s, out_mb = time.perf_counter() - began, _peak_mb() - before
    began = time.perf_counter()
    taken = await _hand_in(lists, path)
    in_s, in_mb = time.perf_counter() - began, _peak_mb() - before
    return {
        "people": many,
        "written": written,
        "out_s": round(out_s, 1),
        "out_mb": round(out_mb),
        "taken": taken,
        "in_s": round(in_s, 1),
        "in_mb": round(in_mb),
    }


async def _write(lists: Lists, out: IO[str]) -> int:
    file = csv.DictWriter(out, COLUMNS)
    file.writeheader()
    written = 0
    async for person in lists.people(GROUP):
        for row in lines_of(person, GROUP):
            file.writerow({**row, "consented_on": "2026-05-01"})
            written += 1
    return written


async def _hand_in(lists: Lists, path: Path) -> int:
    contact, today = contacts_of(WAYS, email=False), datetime.now(UTC).date()
    known = Known(GROUP, contact, frozenset({"en"}), lambda _place: True, today)
    taken = 0
    with path.open(newline="") as lines:
        read = rows(lines, known)
        while batch := list(islice(read, AT_ONCE)):
            sound = [row for row in batch if not isinstance(row, Wrong)]
            await lists.hand_in(sound)
            taken += len(sound)
    return taken


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else MANY))))

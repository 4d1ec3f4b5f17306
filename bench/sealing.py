"""What sealing costs: microseconds to seal, encode, decode and open one report, medians of five rounds."""

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from shared.clock import SystemClock
from shared.contracts.base import BridgeId, Message, Position, ReportId
from shared.contracts.catalog import decode, encode
from shared.contracts.reports import ReportContact, ReportContent, ReportReceived
from shared.sealing import Keyring, MasterKey
from shared.testing.bus import MemoryBus

ROUNDS, TIMES = 5, 2_000


async def _median_us(step: Callable[[], Awaitable[object]]) -> float:
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(TIMES):
            await step()
        rounds.append((time.perf_counter() - began) / TIMES * 1e6)
    return round(statistics.median(rounds), 1)


async def measure() -> dict[str, float]:
    """Median microseconds per step, on the in-memory bus (no disk, no network)."""
    ring = Keyring(MasterKey(b"k" * 32), MemoryBus(), SystemClock(), source="bench")
    content = ReportContent(text="two vans " * 20, sender="a", position=Position(lat=51.5, lon=0.0))
    report = ReportReceived(
        id="r1",
        at=datetime.now(UTC),
        report_id=ReportId("r1"),
        bridge=BridgeId("form"),
        content=content,
        contact=ReportContact(address="nobody@example.org"),
    )
    sealed = await ring.seal(report)
    wire = encode(sealed, source="bench").body

    async def to_bytes() -> object:
        return encode(sealed, source="bench")

    async def from_bytes() -> Message:
        return decode(wire)

    return {
        "seal_us": await _median_us(lambda: ring.seal(report)),
        "encode_us": await _median_us(to_bytes),
        "decode_us": await _median_us(from_bytes),
        "open_us": await _median_us(lambda: ring.open(sealed)),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure())))

"""Each bridge while the front door is killed under it: what its source was told, against what is stored.

`python -m tests.faults.bridges` runs it large, for all bridges or one; the last line is JSON. People write
at the source in bursts; within each burst ingest is killed (SIGKILL) at a random moment, more is written
while it is away, and it is started again. In the end every message that the source was told is accepted must
lie in REPORTS once; where a source does not tell a message again, the run says how much never came in.
"""

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from shared.bus import connect
from shared.clock import SystemClock
from shared.contracts.catalog import decode
from shared.contracts.reports import ReportContent, ReportReceived
from shared.ports import Bus
from shared.sealing import Keyring, load_master_key
from tests.faults import command
from tests.faults.bridges_calls import BRIDGE, REFERENCE
from tests.faults.bridges_judge import judge, names_in
from tests.faults.bridges_sources import SOURCES, Source, missing
from tests.faults.command import Say
from tests.faults.raw_log import RawLog, Record
from tests.rigs.system import RelaySystem

_WITHIN_S: Final = 90.0
_BUSY_S: Final = 1.5
_MORE_S: Final = 0.01
_COLUMNS: Final = (
    "bridge",
    "said",
    "accepted",
    "stored",
    "lost",
    "doubled",
    "missed",
    "kills",
    "amid",
    "untold",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Which bridge, how much is written, how many kills, which dice."""

    bridge: str
    messages: int = 300
    kills: int = 20
    seed: int = 1


@dataclass
class Stored:
    """What lies in REPORTS: read by a plain client, opened by the hub's key, counted by name."""

    log: RawLog
    keyring: Keyring
    found: Counter[str] = field(default_factory=Counter)
    _read: int = 0

    async def catch_up(self) -> None:
        """Read what has come since."""
        await self.log.catch_up()
        records = self.log.records["REPORTS"]
        for record in records[self._read :]:
            self.found.update(names_in(await self._text(record)))
        self._read = len(records)

    async def _text(self, record: Record) -> str:
        message = decode(json.dumps(record.body).encode())
        if not isinstance(message, ReportReceived):
            return ""
        content = (await self.keyring.open(message)).content
        return content.text if isinstance(content, ReportContent) else ""


@dataclass
class Run:
    """A run under way."""

    plan: Plan
    relay: RelaySystem
    source: Source
    bus: Bus
    stored: Stored
    say: Say
    amid: int = 0
    """Kills at which something that was written was not stored yet."""
    untold: int = 0
    """Messages that were stored when a kill came, and whose source had not been told so."""

    async def tell(self, numbers: Sequence[int]) -> None:
        """People write these at one go."""
        for first in range(0, len(numbers), self.source.at_once):
            await self.source.tell(numbers[first : first + self.source.at_once])

    async def kill(self, number: int) -> None:
        """Kill the front door, and note what it was doing."""
        await self.relay.kill("ingest")
        await self.stored.catch_up()
        found, source = self.stored.found.keys(), self.source
        self.amid += bool(source.said - found)
        self.untold += len((source.said - source.accepted) & found)
        self.say(f"{self.plan.bridge}: kill {number}, {len(found)} of {len(source.said)} stored")


async def under_kills(run: Run) -> None:
    """A burst for each kill, half of it while the front door is away; the last burst in peace."""
    plan, rng = run.plan, random.Random(run.plan.seed)
    bounds = [plan.messages * part // (2 * plan.kills + 1) for part in range(2 * plan.kills + 2)]
    bursts = [range(first, end) for first, end in pairwise(bounds)]
    for number in range(plan.kills):
        await run.tell(bursts[2 * number])
        await moment(run, rng)
        await run.kill(number + 1)
        await run.tell(bursts[2 * number + 1])
        await run.relay.start("ingest")
    await run.tell(bursts[-1])


async def moment(run: Run, rng: random.Random) -> None:
    """Return when a random share of what is on its way has been stored, and a few milliseconds more."""
    await run.stored.catch_up()
    on_its_way = len(run.source.said - run.stored.found.keys())
    with suppress(TimeoutError):  # one that asks every ten seconds has perhaps just asked
        async with asyncio.timeout(_BUSY_S):
            wanted = await run.bus.last_seq("REPORTS") + rng.randrange(max(1, on_its_way))
            while await run.bus.last_seq("REPORTS") < wanted:
                pass
    await asyncio.sleep(rng.uniform(0, _MORE_S))


async def settled(run: Run) -> None:
    """Return once all that was accepted is stored, or will not be; then the front door has drained."""

    async def all_stored() -> bool:
        await run.stored.catch_up()
        return run.source.accepted <= run.stored.found.keys()

    async with asyncio.timeout(_WITHIN_S):
        await run.source.finish()
    with suppress(AssertionError):  # the judge says what is missing
        await run.relay.wait_until(all_stored, "all is stored", within_s=_WITHIN_S)
    await run.relay.stop("ingest")
    await run.stored.catch_up()


async def campaign(folder: Path, plan: Plan, say: Say) -> dict[str, Any]:
    """One bridge's run, judged."""
    async with SOURCES[plan.bridge]() as source:
        bridges = folder / "bridges.json"
        bridges.write_text(json.dumps([{"id": BRIDGE, "kind": source.kind, "settings": source.settings}]))
        env = {
            "RELAY_INGEST_BRIDGES_FILE": str(bridges),
            REFERENCE.removeprefix("env:"): source.secret,
        }
        async with RelaySystem(folder / "relay", services=("ingest",), env=env) as relay:
            source.at(relay.urls["ingest"])
            nats = relay.nats
            async with await connect(nats.url, name="bridges", monitoring_url=nats.monitoring_url) as bus:
                master = load_master_key(relay.home.unsafe_key, production=False)
                keyring = Keyring(master, bus, SystemClock(), source="bridges")
                stored = Stored(RawLog(nats.url), keyring)
                return await carry_out(Run(plan, relay, source, bus, stored, say))


async def carry_out(run: Run) -> dict[str, Any]:
    """Kill, let it settle, judge."""
    began = time.monotonic()
    await under_kills(run)
    await settled(run)
    source = run.source
    verdict = judge(source.said, source.accepted, run.stored.found, redelivers=source.redelivers)
    return {
        **asdict(run.plan),
        **asdict(verdict),
        "amid": run.amid,
        "untold": run.untold,
        "cut": source.cut,
        "seconds": round(time.monotonic() - began, 1),
    }


def table(summaries: Sequence[Mapping[str, Any]]) -> str:
    """For people: one line a bridge."""
    rows = [_COLUMNS, *([str(one[column]) for column in _COLUMNS] for one in summaries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows)


async def campaigns(folder: Path, plans: Sequence[Plan], say: Say) -> dict[str, Any]:
    """One after the other; a bridge whose source is not installed is left out and named."""
    left_out = {plan.bridge: why for plan in plans if (why := missing(plan.bridge))}
    summaries = []
    for plan in plans:
        if plan.bridge not in left_out:
            own = folder / plan.bridge
            own.mkdir()
            summaries.append(await campaign(own, plan, say))
    say(table(summaries))
    problems = [f"{one['bridge']}: {what}" for one in summaries for what in one["problems"]]
    return {"bridges": summaries, "left_out": left_out, "problems": problems}


def main() -> None:
    """Run it as asked; exit code 1 if anything was lost or stored twice, and then the logs are kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    usual = Plan("")
    parser.add_argument("--bridge", choices=SOURCES, help="only this one")
    parser.add_argument("--messages", type=int, default=usual.messages)
    parser.add_argument("--kills", type=int, default=usual.kills)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    asked = parser.parse_args()
    names = [asked.bridge] if asked.bridge else list(SOURCES)
    plans = [Plan(name, asked.messages, asked.kills, asked.seed) for name in names]

    async def run(folder: Path, say: Say) -> Mapping[str, Any]:
        return await campaigns(folder, plans, (lambda _line: None) if asked.json else say)

    command.carry_out("bridges", run)


if __name__ == "__main__":
    main()

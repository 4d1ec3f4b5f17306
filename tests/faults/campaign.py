"""Kills every process of a relay at random moments while reports come in, and judges what is left.

`make faults` runs it large; its last line is JSON. The kills and the reports follow from the seed
(the machine decides what exactly is under way at that moment). Each run is followed by one
without faults, which must come to the same incidents.
"""

import argparse
import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from nats.errors import Error as NatsError

from tests.faults import command
from tests.faults.checker import Evidence, Verdict, judge
from tests.faults.command import Say
from tests.faults.dispatchers import confirm_all
from tests.faults.raw_log import RawLog
from tests.faults.reports import TrueReport, make_groups, make_reports, make_sites
from tests.rigs.system import RelaySystem

PROCESSES: Final = ("ingest", "router", "notifier", "console", "nats", "redis")
_CLIENTS: Final = 16
_TOGETHER: Final = 0.2
_LONGEST_DOWN_S: Final = 1.0
_PART_S: Final = 1.0
"""Seconds over which the reports of one part are spread."""
_SETTLES_WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How large, how cruel, and which dice."""

    reports: int
    sites: int
    kills: int
    seed: int


@dataclass
class Run:
    """A run under way and its own log."""

    relay: RelaySystem
    plan: Plan
    say: Say
    rng: random.Random
    accepted: dict[int, str] = field(default_factory=dict)
    confirmed: set[int] = field(default_factory=set)
    killed: Counter[str] = field(default_factory=Counter)
    ended_by_themselves: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run."""

    verdict: Verdict
    kills: Counter[str]
    ended_by_themselves: Counter[str]
    confirmed: int
    seconds: float

    @property
    def problems(self) -> list[str]:
        """Everything that must not be."""
        ended = [f"{name} ended by itself {n} times" for name, n in self.ended_by_themselves.items()]
        open_ = len(self.verdict.incidents) - self.confirmed
        unconfirmed = [f"{open_} incidents could not be confirmed"] if open_ else []
        return [*self.verdict.problems, *ended, *unconfirmed]


def kill_schedule(rng: random.Random, kills: int) -> list[tuple[str, ...]]:
    """Every process about equally often, in random order; sometimes two die together."""
    victims = [PROCESSES[n % len(PROCESSES)] for n in range(kills)]
    rng.shuffle(victims)
    schedule: list[tuple[str, ...]] = []
    while victims:
        together = [victims.pop()]
        if victims and victims[-1] != together[0] and rng.random() < _TOGETHER:
            together.append(victims.pop())
        schedule.append(tuple(together))
    return schedule


async def carry_out(folder: Path, plan: Plan, say: Say) -> Result:
    """One run: start, post all reports under the kills, let it settle, judge."""
    began = time.monotonic()
    sites = make_sites(plan.sites)
    reports = make_reports(sites, plan.reports, plan.seed)
    async with RelaySystem(folder) as relay:
        run = Run(relay, plan, say, random.Random(plan.seed))
        for group in make_groups(sites):
            await relay.define_group(group)
        dispatchers = asyncio.create_task(confirm_all(relay, sites, run.confirmed))
        await _post_all(run, reports)
        log = RawLog(relay.nats.url)
        await _settle(run, log, dispatchers)
        sink = relay.sink
        verdict = judge(Evidence(sites, reports, run.accepted, log, sink.log, sink.forged, run.confirmed))
    seconds = time.monotonic() - began
    return Result(verdict, run.killed, run.ended_by_themselves, len(run.confirmed), seconds)


async def _post_all(run: Run, reports: Sequence[TrueReport]) -> None:
    """In as many parts as there are strikes, one strike somewhere within each."""
    strikes = kill_schedule(run.rng, run.plan.kills) or [()]
    size = -(-len(reports) // len(strikes))
    for number, victims in enumerate(strikes):
        part = reports[number * size : (number + 1) * size]
        moment = run.rng.randrange(max(1, len(part) // 2))
        async with asyncio.TaskGroup() as group:
            group.create_task(_post(run, part))
            group.create_task(_strike(run, victims, after=len(run.accepted) + moment))
        await _revive(run)
        run.say(
            f"{len(run.accepted)} accepted, {run.killed.total()} kills, last: {', '.join(victims) or '-'}"
        )


async def _post(run: Run, reports: Sequence[TrueReport]) -> None:
    """Several clients at once, so paced that many reports fall into the time when something is dead."""
    waiting = iter(reports)
    pause = _CLIENTS * _PART_S / len(reports) if run.plan.kills and reports else 0.0

    async def client() -> None:
        for report in waiting:
            await asyncio.sleep(run.rng.uniform(0, 2 * pause))
            key = f"seed{run.plan.seed}-{report.number}"
            run.accepted[report.number] = await run.relay.deliver_report(
                report.text, key=key, **report.fields
            )

    await asyncio.gather(*(client() for _ in range(_CLIENTS)))


async def _strike(run: Run, victims: Sequence[str], *, after: int) -> None:
    """Kill once so many were accepted; start again after a while, servers first."""
    if not victims:
        return
    await run.relay.wait_until(lambda: len(run.accepted) >= after, f"{after} accepted", within_s=120)
    await asyncio.sleep(run.rng.uniform(0, 0.03))
    await asyncio.gather(*(run.relay.kill(name) for name in victims))
    run.killed.update(victims)
    await asyncio.sleep(run.rng.uniform(0, _LONGEST_DOWN_S))
    for name in sorted(victims, key=PROCESSES.index, reverse=True):
        await run.relay.start(name)


async def _revive(run: Run) -> None:
    """Nobody may end by themselves; who did is written down and started again."""
    for name, process in run.relay.processes.items():
        if process.running is not None and process.running.poll() is not None:
            run.ended_by_themselves[name] += 1
            await run.relay.restart(name)


async def _settle(run: Run, log: RawLog, dispatchers: asyncio.Task[None]) -> None:
    """Wait until all is confirmed, decided and settled, or patience ends."""
    await asyncio.wait({dispatchers}, timeout=_SETTLES_WITHIN_S)
    if dispatchers.cancel():
        run.say(f"not all was confirmed: {len(run.confirmed)} of {run.plan.sites}")
    else:
        dispatchers.result()

    async def at_rest() -> bool:
        try:
            await log.catch_up()
        except (NatsError, OSError):
            return False
        return log.at_rest()

    try:
        await run.relay.wait_until(at_rest, "everything decided and settled", within_s=_SETTLES_WITHIN_S)
    except AssertionError as late:
        run.say(str(late))  # the judge will name what is missing
    await _revive(run)


async def campaign(folder: Path, plan: Plan, say: Say) -> dict[str, Any]:
    """A run with faults and one without; the summary, with all problems found."""
    calm_plan = Plan(plan.reports, plan.sites, 0, plan.seed)
    rough = await carry_out(folder / "rough", plan, say)
    calm = await carry_out(folder / "calm", calm_plan, say)
    equal = rough.verdict.incidents == calm.verdict.incidents
    problems = [*rough.problems, *(f"without faults: {p}" for p in calm.problems)]
    return {
        "accepted": rough.verdict.accepted,
        "lost": rough.verdict.lost,
        "stored_twice": rough.verdict.stored_twice,
        "decided_twice": rough.verdict.decided_twice,
        "undecided": rough.verdict.undecided,
        "max_copies": rough.verdict.max_copies,
        "confirmed": rough.confirmed,
        "incidents": len(rough.verdict.incidents),
        "incidents_equal": equal,
        "kills": rough.kills.total(),
        "killed": dict(rough.kills),
        "seconds": round(rough.seconds, 1),
        "seconds_without_faults": round(calm.seconds, 1),
        "seed": plan.seed,
        "problems": problems if equal else [*problems, "other incidents than without faults"],
    }


def main() -> None:
    """Run it as asked; exit code 1 if anything was wrong, and then the logs are kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reports", type=int, default=5_000)
    parser.add_argument("--sites", type=int, default=60)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    plan = Plan(asked.reports, asked.sites, asked.kills, asked.seed)
    command.carry_out("faults", lambda folder, say: campaign(folder, plan, say))


if __name__ == "__main__":
    main()

"""One round of one system: fresh start, warm-up, closed loop, open loop, figures."""

import asyncio
import gc
import itertools
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.load import all_arrived, closed_loop, open_loop
from bench.stats import latencies, losses, percentile, sustained
from bench.systems import System
from bench.wire import Caller, Sink, listening
from shared.testing.servers import free_port


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how hard."""

    warm_up: int = 200
    workers: int = 32
    closed_s: float = 8.0
    per_s: float = 100.0
    open_s: float = 10.0
    copies: int = 10_000


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of one system gave."""

    system: str
    rate_per_s: float
    p50_ms: float
    p99_ms: float
    posted: int
    lost: int
    copies: int
    strangers: int
    """Webhooks about nothing that was posted."""
    cpu_us: dict[str, float]
    """CPU microseconds per delivered report of the closed loop, by process."""
    memory_mb: dict[str, float]
    """After the closed loop: proportional set size by process."""
    storm: dict[str, float] = field(default_factory=dict)


async def measure(kind: type[System], plan: Plan) -> Round:
    """Start the system in a folder that goes away after, load it, and stop it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        system = kind(Path(folder), free_port())
        sink = Sink(system.number_of)
        try:
            async with listening(sink, system.sink_port):
                await system.start()
                return await _loaded(system, sink, plan)
        except Exception:
            _show_logs(system)
            raise
        finally:
            system.stop()


async def _loaded(system: System, sink: Sink, plan: Plan) -> Round:
    caller, numbers = Caller(system.port), itertools.count(1)
    gc.collect()
    gc.freeze()  # a pause of the generator would be charged to the system
    try:
        await _warm_up(system, caller, sink, numbers, plan)
        # Open first: latency at a gentle rate must not depend on what a flood left behind.
        calm = await open_loop(caller, system.request, numbers, per_s=plan.per_s, seconds=plan.open_s)
        await all_arrived(sink, calm)
        cpu = system.cpu_s()
        flood = await closed_loop(
            caller, system.request, numbers, workers=plan.workers, seconds=plan.closed_s
        )
        await all_arrived(sink, flood)
        spent = {name: used - cpu[name] for name, used in system.cpu_s().items()}
        memory = system.memory_mb()
        storm = await system.storm(caller, sink, plan.copies)
    finally:
        gc.unfreeze()
        caller.close()
    times = latencies(calm, sink.arrived)
    lost, copies = losses(calm | flood, sink.arrived)
    delivered = max(1, len(flood.keys() & sink.arrived.keys()))
    return Round(
        system=system.name,
        rate_per_s=sustained(flood, sink.arrived),
        p50_ms=percentile(times, 50) * 1e3,
        p99_ms=percentile(times, 99) * 1e3,
        posted=len(calm) + len(flood),
        lost=lost,
        copies=copies,
        strangers=sink.strangers,
        cpu_us={name: used / delivered * 1e6 for name, used in spent.items()},
        memory_mb=memory,
        storm=storm,
    )


async def _warm_up(system: System, caller: Caller, sink: Sink, numbers: Iterator[int], plan: Plan) -> None:
    few = itertools.islice(numbers, plan.warm_up)
    began = await closed_loop(caller, system.request, few, workers=4, seconds=60)
    await all_arrived(sink, began)
    if lost := losses(began, sink.arrived)[0]:
        raise RuntimeError(f"{system.name}: {lost} of {len(began)} reports of the warm-up were not delivered")


def _show_logs(system: System) -> None:
    for name, process in system.processes.items():
        end = process.log.read_text(errors="replace")[-1500:]
        print(f"--- {name}\n{end}", file=sys.stderr)


def measured(kind: type[System], plan: Plan) -> Round:
    """`measure` in an event loop of its own, so that no round inherits another's."""
    return asyncio.run(measure(kind, plan))

"""How many reports a second the judgement decides, on one core: `python -m bench.judgement`.

Made-up reports with distinct texts (see `writers`) are played through what `relay evaluate` does, the
ticks of every simulated minute included. Beside that plain world, slice by slice in turn, stand worlds
of many groups, of many open incidents and of a gazetteer of a country's size; and copies of texts that
were decided. Figures are of the process's CPU time, since other work on the machine would count into
wall time; both are told. Every world's texts are its own, so that no cache of another's helps. Last
line: JSON.
"""

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.gazetteer import write_tiles
from bench.stats import Spread, significant, spread
from bench.worlds import (
    Slice,
    World,
    given_data,
    imported,
    keep_open,
    made_up_data,
    open_many,
    restate,
    squares,
    world,
)
from bench.writers import Street, Writers, copies_of, reports
from services.router.decide.lexicon import warm_up
from services.router.evaluate import Play
from services.router.memory import seldom_collecting
from shared.contracts.reports import ReportReceived
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.keys import name_key
from shared.gazetteer.load import open_gazetteer

TARGETS: Final = {
    "reports": 1_000, "copies": 10_000, "groups": 0.8, "incidents": 0.8, "places": 0.8,
}  # fmt: skip
"""Reports and copies a second; and the least part of the plain world's rate that the others keep."""

COPIED: Final = 500
"""Texts that are copied again and again in a storm."""

_POSTCODES: Final = 200_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything."""

    reports: int = 100_000
    slice: int = 5_000
    compared: int = 5
    """Slices in which the other worlds are played beside the plain one."""
    groups: int = 10_000
    incidents: int = 10_000
    places: int = 3_000_000
    seed: int = 1


QUICK: Final = Plan(reports=2_000, slice=500, compared=2, groups=500, incidents=500, places=20_000)


# --- the measurement -----------------------------------------------------------------------------


def measure(plan: Plan, geodata: Path | None, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Everything, as one JSON object."""
    warm_up()
    say("the gazetteer")
    data = given_data(geodata, folder, plan.seed) if geodata else made_up_data(folder, plan.seed)
    say(f"{plan.places:,} made-up places: writing and importing them")
    tiles = folder / "tiles"
    tiles.mkdir()
    write_tiles(tiles, plan.places, min(_POSTCODES, plan.places), plan.seed)
    large, import_took = imported((*data.files, tiles), folder / "large.db")
    say("the reports")
    writers = Writers(data.streets, plan.seed)
    plain = world("reports", data.groups, data.gazetteer)
    others = [
        world("groups", [*squares(plan.groups)], data.gazetteer),
        world("incidents", data.groups, data.gazetteer),
        world("places", data.groups, large),
    ]
    restate(plain)
    for other in others:
        restate(other)
    open_many(others[1], plan.incidents)
    with seldom_collecting():
        copied = _played(plan, writers, plain, others, say)
    return {
        "geodata": "made up" if data.made_up else "given",
        "plan": {name: getattr(plan, name) for name in Plan.__slots__},
        "rates": {name: spread(rates).as_dict() for name, rates in _rates(plain, copied).items()},
        "wall": {w.name: _wall(w.slices) for w in (plain, copied, *others)},
        "ratios": {w.name: _ratio(w, plain).as_dict() for w in others},
        "open_incidents": {w.name: len(w.play.state.active) for w in (plain, *others)},
        "import": import_took,
        "lookup_us": {
            "given": look_up(open_gazetteer(data.file), data.streets),
            "large": look_up(open_gazetteer(folder / "large.db"), data.streets),
        },
        "targets": TARGETS,
    }


def _played(
    plan: Plan, writers: Writers, plain: World, others: Sequence[World], say: Callable[[str], None]
) -> World:
    """All worlds in turn, every second slice in the opposite order; returns that of the copies."""
    slices = plan.reports // plan.slice
    written = {w.name: reports(writers, plan.reports) for w in (plain,)}
    written |= {w.name: reports(writers, plan.slice * plan.compared) for w in others}
    copied = World("copies", plain.gazetteer, plain.play)
    for n in range(slices):
        part = slice(n * plan.slice, (n + 1) * plan.slice)
        order = [plain, *(others if n < plan.compared else ())]
        for one in order if n % 2 == 0 else order[::-1]:
            if one.name == "incidents":
                keep_open(one, plan.incidents, one.play.state.now)
            one.run(written[one.name][part])
        if n < plan.compared:
            _copy(plain, copied, written[plain.name][part], n)
        say(f"slice {n + 1} of {slices}: " + ", ".join(f"{w.name} {w.rates[-1]:.0f}/s" for w in order))
    return copied


def _copy(plain: World, copied: World, given: Sequence[ReportReceived], seed: int) -> None:
    """A storm of copies of the last texts, in a branch of the plain world's state that is then left."""
    copied.play = Play(plain.play.state, plain.gazetteer, {})
    copied.run(copies_of(given[-COPIED:], 2 * len(given), seed))


def _rates(plain: World, copied: World) -> dict[str, list[float]]:
    return {"reports": plain.rates, "copies": copied.rates}


def _wall(slices: Sequence[Slice]) -> float:
    return significant(statistics.median([s.reports / s.wall_s for s in slices]))


def _ratio(one: World, plain: World) -> Spread:
    pairs = zip(one.rates, plain.rates, strict=False)
    return spread([a / b for a, b in pairs])


def look_up(gazetteer: SqliteGazetteer, streets: Sequence[Street]) -> float:
    """Median microseconds of finding a street by its name, each asked once."""
    taken = []
    for key in dict.fromkeys(name_key(street.name) for street in streets[:3_000]):
        began = time.perf_counter()
        gazetteer.named(key)
        taken.append(time.perf_counter() - began)
    return significant(statistics.median(taken) * 1e6)


# --- what people read ----------------------------------------------------------------------------


def table(figures: dict[str, Any], at: datetime) -> str:
    """The figures as a table with its date."""
    lines = [f"## {at:%Y-%m-%d %H:%M} UTC, the judgement on one core", ""]
    lines += [
        f"Gazetteer: {figures['geodata']}. Median (least … greatest) of CPU time; Python {_python()}.",
        "",
    ]
    lines += ["| figure | | target | wall |", "| --- | --- | --- | --- |"]
    for name, of in figures["rates"].items():
        lines.append(f"| {name}/s | {_cell(of)} | ≥ {TARGETS[name]:,} | {figures['wall'][name]:,.0f}/s |")
    for name, of in figures["ratios"].items():
        label = f"with {figures['plan'][name]:,} {'open ' * (name == 'incidents')}{name}"
        lines.append(f"| {label} | {_cell(of)} | ≥ {TARGETS[name]} | {figures['wall'][name]:,.0f}/s |")
    took, asked = figures["import"], figures["lookup_us"]
    lines += ["", f"Import of {took['rows']:,.0f} rows: {took['wall_s']:.0f} s ({took['cpu_s']:.0f} s CPU). "]
    lines[-1] += f"A street by name: {asked['given']} µs, among them all {asked['large']} µs."
    return "\n".join(lines) + "\n"


def _cell(of: dict[str, float]) -> str:
    return f"{of['median']:g} ({of['low']:g} … {of['high']:g})"


def _python() -> str:
    return platform.python_version()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.judgement", description=__doc__)
    parser.add_argument("--geodata", type=Path, help="folder with boundaries/, postcodes/ and gazetteer/")
    parser.add_argument("--quick", action="store_true", help="small sizes, under a minute; not to be quoted")
    for name in ("reports", "slice", "compared", "groups", "incidents", "places", "seed"):
        parser.add_argument(f"--{name}", type=int, help=f"default: {getattr(Plan(), name):,}")
    asked = parser.parse_args()
    given = {name: value for name in Plan.__slots__ if (value := getattr(asked, name)) is not None}
    quick = {name: getattr(QUICK, name) for name in Plan.__slots__} if asked.quick else {}
    if asked.geodata is None:
        say("No --geodata: the plain gazetteer is made up, too.")
    with tempfile.TemporaryDirectory(prefix="bench-judgement-") as folder:
        figures = measure(Plan(**{**quick, **given}), asked.geodata, Path(folder), say)
    now = datetime.now(UTC)
    print(table(figures, now), flush=True)
    print(json.dumps({"at": now.isoformat(timespec="seconds"), **figures}))


def say(line: str) -> None:
    """Progress, on standard error."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

"""The table that people read and the JSON that scripts read, from the rounds that were measured."""

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped] # it brings no types

from bench.alertmanager import find_alertmanager
from bench.measure import Round
from bench.stats import Spread, ratio, significant, spread
from bench.systems import version_of
from shared.servers import find_nats_server, find_redis_server

TARGETS = {
    "rate_of_alertmanager": "≥ 0.3",
    "p50_of_bare": "≤ 5",
    "storm_notifications": "1",
}
"""What the relay has set itself; a ratio within 25 % of one decides nothing on a noisy machine."""

Rounds = Mapping[str, Sequence[Round]]
"""Rounds by system, in the order they were run."""


def facts() -> dict[str, str]:
    """What the figures depend on about the machine; nothing that tells whose it is.

    Ask before measuring: `load_before` shows whether the machine had other work.
    """
    return {
        "cpus": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "kernel": platform.release().split("-")[0],
        "python": platform.python_version(),
        "nats": version_of([str(find_nats_server()), "--version"]),
        "redis": version_of([str(find_redis_server()), "--version"]).split(" sha")[0],
        "alertmanager": _alertmanager_version(),
        "fsync_ms": f"{fsync_ms():.3f}",
        "load_before": f"{os.getloadavg()[0]:.1f}",
    }


def _alertmanager_version() -> str:
    program = find_alertmanager()
    return version_of([program, "--version"]).split(" (")[0] if program else "not installed: skipped"


def fsync_ms(times: int = 200) -> float:
    """Median milliseconds of appending 1 KB to a file and syncing it, where the servers keep theirs."""
    taken = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(b"x" * 1024)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e3


def summary(rounds: Rounds, machine: Mapping[str, str]) -> dict[str, Any]:
    """All figures as one JSON object: by system, the ratios between them, and the machine's `facts`."""
    return {
        "rounds": min(len(of) for of in rounds.values()),
        "systems": {name: _system(of) for name, of in rounds.items()},
        "ratios": {name: value.as_dict() for name, value in ratios(rounds).items()},
        "targets": TARGETS,
        "machine": dict(machine),
    }


def _system(of: Sequence[Round]) -> dict[str, Any]:
    figures: dict[str, Any] = {
        name: spread([getattr(one, name) for one in of]).as_dict()
        for name in ("rate_per_s", "p50_ms", "p99_ms")
    }
    figures |= {
        name: sum(getattr(one, name) for one in of) for name in ("posted", "lost", "copies", "strangers")
    }
    figures |= {name: _medians([getattr(one, name) for one in of]) for name in ("cpu_us", "memory_mb")}
    storms = [one.storm for one in of if one.storm]
    if storms:
        figures["storm"] = {name: spread([s[name] for s in storms]).as_dict() for name in storms[0]}
    return figures


def _medians(tables: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: significant(statistics.median([t[name] for t in tables])) for name in tables[0]}


def ratios(rounds: Rounds) -> dict[str, Spread]:
    """The relay's rate and latency as multiples of each peer's, round by round."""
    found: dict[str, Spread] = {}
    for peer in rounds.keys() - {"relay"}:
        for what in ("rate_per_s", "p50_ms", "p99_ms"):
            ours = [getattr(one, what) for one in rounds["relay"]]
            theirs = [getattr(one, what) for one in rounds[peer]]
            found[f"{what.split('_')[0]}_of_{peer}"] = ratio(ours, theirs)
    return dict(sorted(found.items()))


def markdown(figures: Mapping[str, Any], *, at: str) -> str:
    """The dated table, ready to be read in a terminal and kept in a file."""
    machine = ", ".join(f"{name} {value}" for name, value in figures["machine"].items())
    parts = [
        f"## {at}",
        f"{figures['rounds']} rounds, interleaved; median (least … greatest). {machine}.",
        _rows(
            ["", "delivered/s", "p50 ms at 100/s", "p99 ms at 100/s", "posted", "lost", "copies"],
            _main(figures),
        ),
        _rows(["ratio", "median", "least", "greatest", "target"], _ratios(figures)),
        _rows(["process", "CPU µs per report", "memory MB"], _processes(figures)),
    ]
    if storm := figures["systems"]["relay"].get("storm"):
        rows = [[name.replace("_", " "), _cell(value)] for name, value in storm.items()]
        parts.append(_rows(["storm of copies of one report", ""], rows))
    return "\n\n".join(parts) + "\n"


def _main(figures: Mapping[str, Any]) -> list[list[str]]:
    return [
        [name, *(_cell(of[what]) for what in ("rate_per_s", "p50_ms", "p99_ms"))]
        + [str(of[what]) for what in ("posted", "lost", "copies")]
        for name, of in figures["systems"].items()
    ]


def _ratios(figures: Mapping[str, Any]) -> list[list[str]]:
    return [
        [name, f"{of['median']:g}", f"{of['low']:g}", f"{of['high']:g}", TARGETS.get(name, "")]
        for name, of in figures["ratios"].items()
    ]


def _processes(figures: Mapping[str, Any]) -> list[list[str]]:
    return [
        [f"{name}: {process}", f"{cpu:.0f}", f"{of['memory_mb'][process]:.0f}"]
        for name, of in figures["systems"].items()
        for process, cpu in of["cpu_us"].items()
    ]


def _cell(of: Mapping[str, float]) -> str:
    return f"{of['median']:g} ({of['low']:g} … {of['high']:g})"


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def keep(text: str, folder: Path, *, date: str) -> Path:
    """Append the table to the file of that day; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{date}.md"
    with path.open("a", encoding="utf-8") as file:
        file.write(("" if file.tell() else f"# Benchmarks of {date}\n\n") + text + "\n")
    return path

"""`python -m bench`: the relay beside its peers; progress on stderr, the last line of stdout is JSON."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.alertmanager import Alertmanager, find_alertmanager
from bench.bare_relay import BareRelay
from bench.measure import Plan, Round, measured
from bench.relay import Relay
from bench.report import facts, keep, markdown, summary
from bench.systems import System

RESULTS = Path(__file__).parent / "results"
QUICK = Plan(warm_up=50, closed_s=2, open_s=2, copies=1_000)


def main() -> None:
    """Measure, print the table and the JSON, and keep the table of a full run."""
    given = _arguments()
    plan = QUICK if given.quick else Plan()
    rounds = 1 if given.quick else given.rounds
    machine = facts()
    figures = summary(interleaved(_systems(), plan, rounds), machine)
    now = datetime.now(UTC)
    table = markdown(figures, at=f"{now:%Y-%m-%d %H:%M} UTC")
    print(table, flush=True)
    if not given.quick:
        keep(table, RESULTS, date=f"{now:%Y-%m-%d}")
    print(json.dumps({"at": now.isoformat(timespec="seconds"), "quick": given.quick, **figures}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, a few minutes; not kept")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of every system (default: 3)")
    return parser.parse_args()


def _systems() -> list[type[System]]:
    systems: list[type[System]] = [Relay, BareRelay]
    if find_alertmanager():
        return [*systems, Alertmanager]
    _say("Alertmanager is not installed (Debian: apt-get install prometheus-alertmanager); skipped.")
    return systems


def interleaved(systems: Sequence[type[System]], plan: Plan, rounds: int) -> dict[str, list[Round]]:
    """Each system once a round; every second round in the opposite order, so that drift cancels."""
    found: dict[str, list[Round]] = {kind.name: [] for kind in systems}
    for n in range(rounds):
        for kind in systems if n % 2 == 0 else reversed(systems):
            one = measured(kind, plan)
            found[kind.name].append(one)
            _say(
                f"round {n + 1}/{rounds} {one.system:>12}: {one.rate_per_s:7.0f}/s  "
                f"p50 {one.p50_ms:6.2f} ms  p99 {one.p99_ms:6.2f} ms  lost {one.lost}  copies {one.copies}"
            )
    return found


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

"""Fuzz by coverage: `python -m tests.fuzz --target NAME|all --seconds N`; the last line is JSON.

Each target runs in a process of its own, because libFuzzer ends the process that it runs in. What is found
lies in `tests/fuzz/findings/`: mend it, and move the file into the target's folder of the corpus, where
`make test` plays it for good.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
FINDINGS: Final = HERE / "findings"
_OURS: Final = ["services", "shared", "alert_relay"]
_MOST_BYTES: Final = 8_192
_TOO_LONG_S: Final = 10
_SHOWN: Final = 4_000
_DONE: Final = re.compile(r"^#(\d+)\s+DONE\s+cov: (\d+)", re.MULTILINE)
_SHAPED: Final = 0.6
"""How often an input is changed as JSON or as a form, not as bytes."""


def main(arguments: list[str]) -> int:
    """Fuzz the targets one after the other; 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--target", default="all", help="a name, or all (default)")
    parser.add_argument("--seconds", type=int, default=600, help="in all (default: %(default)s)")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.inside:
        _fuzz(asked.target, asked.inside, asked.seconds)
    from tests.fuzz.targets import TARGETS

    names = list(TARGETS) if asked.target == "all" else [asked.target]
    if unknown := set(names) - set(TARGETS):
        parser.error(f"there is no target {unknown.pop()}; choose one of {', '.join(TARGETS)}")
    told = {name: _run(name, max(1, asked.seconds // len(names))) for name in names}
    found = [name for name, one in told.items() if one.finding]
    _say(json.dumps({"executions": sum(one.executions for one in told.values()), "findings": found}))
    return bool(found)


@dataclass(frozen=True, slots=True)
class _Told:
    """What came of one target."""

    executions: int
    finding: bool


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a command for people


def _run(name: str, seconds: int) -> _Told:
    """One target in a process of its own: how much was tried, how much of the code it reached."""
    from tests.fuzz.targets import corpus

    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(corpus(name)):
            (Path(folder) / str(number)).write_bytes(data)
        command = [sys.executable, "-m", "tests.fuzz", "--target", name, "--seconds", str(seconds)]
        ran = subprocess.run([*command, "--inside", folder], capture_output=True, text=True, check=False)
        grown = len(list(Path(folder).iterdir()))
    done = _DONE.search(ran.stderr)
    tried, reached = (int(done[1]), int(done[2])) if done else (0, 0)
    said = "FINDING" if ran.returncode else "sound"
    _say(f"{name}: {tried} executions, {reached} edges, {grown} inputs, {said}")
    if ran.returncode:
        _say(f"{ran.stdout[-_SHOWN:]}\n{ran.stderr[-_SHOWN:]}")
    return _Told(tried, bool(ran.returncode))


def _fuzz(name: str, folder: Path, seconds: int) -> None:
    """Let libFuzzer try; it ends the process. Our modules count their edges, so they are imported here."""
    import atheris

    with atheris.instrument_imports(include=_OURS):
        from tests.fuzz.targets import TARGETS
    from tests.fuzz.mutate import in_shape

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        shaped = in_shape(data, chance) if chance.random() < _SHAPED else None
        return shaped if shaped and len(shaped) <= most else bytes(atheris.Mutate(data, most))

    FINDINGS.mkdir(exist_ok=True)
    options = {
        "max_total_time": seconds,
        "max_len": _MOST_BYTES,
        "timeout": _TOO_LONG_S,
        "print_final_stats": 1,
        "artifact_prefix": f"{FINDINGS}/{name}-",
    }
    atheris.Setup(
        [sys.argv[0], *(f"-{key}={value}" for key, value in options.items()), str(folder)],
        TARGETS[name],
        custom_mutator=mutate,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

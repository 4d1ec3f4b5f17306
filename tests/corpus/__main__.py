"""Play a part of the corpus and score it: `python -m tests.corpus unseen`."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Final

from alert_relay.cli import relay
from alert_relay.cli.score_views import put_figures
from alert_relay.groupfile import find_group_files, load_group_files
from services.router.scoring.files import score_files
from tests.corpus import geodata as files

_NAMED: Final = ("false_merges", "swallowed", "missed")
"""Figures that name events: of the unseen part only their number is told."""


def main(arguments: list[str]) -> None:
    """Print the score; of the unseen part the figures alone: to look at its mistakes is to look at it."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.corpus",
        description="Play a part of the corpus and score it.",
        epilog="Of the part that is tuned on, further options go to relay evaluate: "
        "python -m tests.corpus tune --html tune.html",
    )
    parser.add_argument(
        "part", choices=("tune", "unseen"), help="what the weights are fitted on, or never seen"
    )
    parser.add_argument(
        "--geodata",
        type=Path,
        default=files.GEODATA,
        help="folder with boundaries/, postcodes/ and gazetteer/ (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    wanted, others = parser.parse_known_args(arguments)
    if missing := files.missing(wanted.geodata):
        parser.error(f"{wanted.geodata} is no folder with {missing}: name one with --geodata")
    if wanted.part == "unseen" and others:
        parser.error(f"of the unseen part only the figures are shown: leave out {' '.join(others)}")
    with tempfile.TemporaryDirectory() as folder:
        files.write_groups(wanted.geodata, Path(folder))
        if wanted.part == "unseen":
            _figures(Path(folder), wanted.geodata, as_json=wanted.json)
        else:
            _evaluate(Path(folder), wanted.geodata, [*others, *(["--json"] if wanted.json else [])])


def _figures(groups: Path, geodata: Path, *, as_json: bool) -> None:
    found = score_files(
        [group.definition for group in load_group_files(find_group_files([groups]))],
        reports=files.UNSEEN,
        places=files.places(geodata),
        boundaries=files.boundaries(geodata),
        postcodes=files.postcodes(geodata),
    )
    if as_json:
        figures = {name: found[name] for name in ("figures", "targets", "languages")}
        figures["figures"] |= {name: len(found["figures"][name]) for name in _NAMED}
        figures["figures"]["noise"].pop("opened")
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        put_figures(found)


def _evaluate(groups: Path, geodata: Path, others: list[str]) -> None:
    command = ["evaluate", "--score", "--groups", str(groups), "--reports", *map(str, files.TUNE)]
    command += ["--places", *map(str, files.places(geodata))]
    command += ["--boundaries", *map(str, files.boundaries(geodata))]
    command += ["--postcodes", *map(str, files.postcodes(geodata))]
    relay.main(args=[*command, *others])


if __name__ == "__main__":
    main(sys.argv[1:])

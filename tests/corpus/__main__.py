"""Play a part of the corpus and score it: `python -m tests.corpus unseen`."""

import argparse
import sys
import tempfile
from pathlib import Path

from alert_relay.cli import relay
from tests.corpus import geodata as files


def main(arguments: list[str]) -> None:
    """Ends the process as `relay evaluate --score` would; with 2 where there is nothing to play it on."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.corpus",
        description="Play a part of the corpus and score it.",
        epilog="Further options go to relay evaluate: python -m tests.corpus unseen --html unseen.html",
    )
    parser.add_argument(
        "part", choices=("tune", "unseen"), help="what the weights are fitted on, or never seen"
    )
    parser.add_argument("--geodata", type=Path, default=files.GEODATA, help="default: %(default)s")
    wanted, others = parser.parse_known_args(arguments)
    if not wanted.geodata.is_dir():
        parser.error(f"{wanted.geodata} is no folder: name one with boundaries/, postcodes/ and gazetteer/")
    reports = files.TUNE if wanted.part == "tune" else files.UNSEEN
    with tempfile.TemporaryDirectory() as folder:
        files.write_groups(wanted.geodata, Path(folder))
        command = ["evaluate", "--score", "--groups", folder, "--reports", *map(str, reports)]
        command += ["--places", *map(str, files.places(wanted.geodata))]
        command += ["--boundaries", *map(str, files.boundaries(wanted.geodata))]
        command += ["--postcodes", *map(str, files.postcodes(wanted.geodata))]
        relay.main(args=[*command, *others])


if __name__ == "__main__":
    main(sys.argv[1:])

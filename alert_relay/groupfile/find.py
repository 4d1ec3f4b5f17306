"""Which files are meant by the paths that somebody typed."""

from collections.abc import Sequence
from pathlib import Path

SUFFIXES = (".yaml", ".yml")


def find_group_files(paths: Sequence[Path]) -> list[Path]:
    """The files as given, and of each folder all `*.yaml` and `*.yml` below it, sorted."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
        else:
            found.append(path)
    return found

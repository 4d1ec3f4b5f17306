"""Reads gazetteer files, whatever their layout, in batches; wrong lines are counted and named.

A line is split by itself, so that a quote that is never closed spoils one line and not the rest of
the file. A file that cannot be read at all, or whose layout nobody knows, raises `SettingsError`.
"""

import csv
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, TextIO

from shared.errors import SettingsError
from shared.gazetteer.layouts.boundaries import read_boundaries
from shared.gazetteer.layouts.cells import Mistakes
from shared.gazetteer.layouts.recognise import is_header, recognise
from shared.gazetteer.ranks import OWN
from shared.gazetteer.rows import Rows

_BATCH: Final = 5_000
_LOOKED_AT: Final = 20
_ENOUGH_TABS: Final = 4
_WANTED: Final = (".csv", ".geojson", ".json")

Numbered = tuple[int, Sequence[str]]


@dataclass(slots=True)
class FileRead:
    """What came of one file."""

    name: str
    layout: str = ""
    rows: int = 0
    mistakes: Mistakes = field(default_factory=Mistakes)

    @property
    def named_mistakes(self) -> list[str]:
        """The first wrong lines as people read them: file:line: column: what."""
        return [f"{self.name}:{where}: {what}" for where, what in self.mistakes.named]


def expand(paths: Iterable[Path]) -> list[Path]:
    """The files themselves; of a folder all tables and GeoJSON files below it, in order."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if _is_wanted(p)) if path.is_dir() else [path]
        if not inside:
            raise SettingsError(f"{path}: holds no .csv or .geojson file; name another folder.")
        found += inside
    return found


def _is_wanted(path: Path) -> bool:
    return path.is_file() and path.name.lower().removesuffix(".gz").endswith(_WANTED)


def read_file(path: Path, read: FileRead) -> Iterator[Rows]:
    """The file's rows in batches; `read` says how far it is, and in the end what came of it."""
    try:
        with _opened(path) as stream:
            if path.name.lower().removesuffix(".gz").endswith((".geojson", ".json")):
                yield _boundaries(stream, read)
            else:
                yield from read_table(stream, read)
    except (OSError, EOFError, zlib.error) as error:
        raise SettingsError(f"{path}: cannot be read ({error}).") from error


def _opened(path: Path) -> TextIO:
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace")
    return path.open(encoding="utf-8-sig", errors="replace")


def _boundaries(stream: TextIO, read: FileRead) -> Rows:
    try:
        document: Any = json.load(stream)
    except json.JSONDecodeError as error:
        where = f"{read.name}:{error.lineno}: column {error.colno}"
        raise SettingsError(f"{where}: is not JSON ({error.msg}).") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{read.name}: is not JSON ({error}).") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise SettingsError(f"{read.name}: holds no GeoJSON FeatureCollection.")
    read.layout, read.rows = "GeoJSON boundaries", len(features)
    return read_boundaries(features, read.mistakes)


def read_table(stream: Iterable[str], read: FileRead, *, preferred: int = OWN) -> Iterator[Rows]:
    """A table's rows in batches."""
    lines = _split(stream)
    first = list(islice(lines, _LOOKED_AT))
    if not first:
        raise SettingsError(f"{read.name}: is empty; give a gazetteer file or leave it out.")
    told = recognise((cells for _, cells in first), preferred=preferred)
    if told is None:
        raise SettingsError(
            f"{read.name}:{first[0][0]}: {len(first[0][1])} columns fit no known layout; known are "
            "OS Open Names, Code-Point Open, ONS Postcode Directory, GeoNames places and postal codes, "
            "GeoJSON, and CSV with a header postcode,latitude,longitude or name,kind,lat,lon."
        )
    number, layout = told
    read.layout = layout.name
    if layout.header:
        del first[number]
    while batch := [*first, *islice(lines, _BATCH - len(first))]:
        kept = [numbered for numbered in batch if not is_header(numbered[1])]
        rows = layout.read(kept, read.mistakes)
        read.rows += len(kept)
        yield rows
        first = []


def _split(stream: Iterable[str]) -> Iterator[Numbered]:
    """Numbered lines as cells; blank lines are no lines."""
    for number, line in enumerate(stream, 1):
        bare = line.rstrip("\r\n")
        if bare.count("\t") >= _ENOUGH_TABS:
            yield number, bare.split("\t")
        elif '"' not in bare:
            if bare.strip():
                yield number, bare.split(",")
        else:
            yield number, _quoted(bare)


def _quoted(line: str) -> Sequence[str]:
    try:
        return next(csv.reader((line,)))
    except (csv.Error, StopIteration):
        return line.split(",")

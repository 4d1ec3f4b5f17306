"""Reads gazetteer files in their official layouts; the layout is recognised, never asked for.

Known: OS Open Names and Code-Point Open CSV (with or without header, EPSG:27700), GeoNames postal
text, CSV of outcodes with latitude and longitude, GeoJSON boundaries. Any of them may be gzipped.
A wrong line raises `SettingsError` naming file, line and column, because half a gazetteer gives wrong places.
"""

import csv
import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import chain
from pathlib import Path
from typing import Final, TextIO

from services.router.gazetteer import layouts
from services.router.gazetteer.boundaries import read_boundaries
from services.router.gazetteer.memory import MemoryGazetteer, Rows
from shared.errors import SettingsError

Layout = Callable[[Iterator[tuple[int, Sequence[str]]]], Rows]

_OPEN_NAMES_COLUMNS: Final = 34
_GEONAMES_COLUMNS: Final = 12
_CODE_POINT_COLUMNS: Final = 10


def load_gazetteer(files: Iterable[Path] = ()) -> MemoryGazetteer:
    """The starter gazetteer and these files in one. Raises `SettingsError` (file, line, column)."""
    rows = Rows()
    rows.extend(starter())
    for file in files:
        rows.extend(read_file(file))
    return MemoryGazetteer(rows)


@cache
def starter() -> Rows:
    """The built-in places of the examples, and all outcodes of London and Glasgow."""
    rows = Rows()
    for name in ("starter_places.csv", "starter_outcodes.csv"):
        text = resources.files(__package__).joinpath("data", name).read_text(encoding="utf-8")
        rows.extend(_read_table(csv.reader(text.splitlines()), name))
    return rows


def read_file(path: Path) -> Rows:
    """One file's rows, whatever its layout."""
    try:
        with _opened(path) as stream:
            if _is_json(path):
                return read_boundaries(json.load(stream), str(path))
            tabbed = path.name.removesuffix(".gz").endswith(".txt")
            return _read_table(csv.reader(stream, delimiter="\t" if tabbed else ","), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}); give a UTF-8 file.") from error
    except ValueError as error:
        raise SettingsError(f"{path}: is not JSON ({error}).") from error


def _is_json(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith((".geojson", ".json"))


def _opened(path: Path) -> TextIO:
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _read_table(lines: Iterator[Sequence[str]], source: str) -> Rows:
    numbered: Iterator[tuple[int, Sequence[str]]] = enumerate(lines, 1)
    first = next(numbered, None)
    if first is None:
        raise SettingsError(f"{source}: is empty; give a gazetteer file or leave it out.")
    header = {name.strip().lower(): n for n, name in enumerate(first[1])}
    try:
        read, has_header = _layout(first[1], header)
        return read(numbered if has_header else chain([first], numbered))
    except layouts.WrongLineError as error:
        raise SettingsError(f"{source}:{error.line}: {error}") from None
    except csv.Error as error:
        raise SettingsError(f"{source}: is not CSV ({error}).") from error


def _layout(first: Sequence[str], header: Mapping[str, int]) -> tuple[Layout, bool]:
    if {"postcode", "easting", "northing"} <= header.keys():
        columns = layouts.CodePointColumns(header["postcode"], header["easting"], header["northing"])
        return (lambda lines: layouts.code_point(lines, columns)), True
    if {"postcode", "latitude", "longitude"} <= header.keys():
        return (lambda lines: layouts.outcodes(lines, header)), True
    if {"name", "kind", "lat", "lon"} <= header.keys():
        return (lambda lines: layouts.own_places(lines, header)), True
    if len(first) == _OPEN_NAMES_COLUMNS:
        return layouts.open_names, first[0].strip().upper() == "ID"
    if len(first) == _GEONAMES_COLUMNS:
        return layouts.geonames, False
    if len(first) == _CODE_POINT_COLUMNS and first[1].strip().isdigit():
        return (lambda lines: layouts.code_point(lines, layouts.CodePointColumns(0, 2, 3))), False
    raise layouts.WrongLineError(
        1,
        f"{len(first)} columns fit no known layout; known are OS Open Names, Code-Point Open, "
        "GeoNames postal, and CSV with a header postcode,latitude,longitude.",
    )

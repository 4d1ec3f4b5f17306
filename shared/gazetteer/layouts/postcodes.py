"""Lists of postcodes: Code-Point Open, ONS Postcode Directory, and tables with latitude and longitude."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from shared.gazetteer.layouts.cells import (
    Lines,
    Mistakes,
    checked,
    latitude,
    longitude,
    number,
    wrong,
)
from shared.gazetteer.layouts.national_grid import easting, northing, turned
from shared.gazetteer.rows import Rows

_FULL: Final = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?|GIR)(\d[A-Z]{2})")
_OUTCODE: Final = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?")
_NOWHERE: Final = 99.0
"""The ONS writes latitude 99.999999 where a postcode has no position."""


def full(value: str) -> str | None:
    """A full postcode in the usual form ("E83DL" → "E8 3DL"), or None."""
    found = _FULL.fullmatch(value.replace(" ", "").upper())
    return f"{found[1]} {found[2]}" if found else None


def full_at(cells: Sequence[str], column: int, name: str) -> str:
    """The full postcode in this cell."""
    found = full(cells[column])
    if found is None:
        raise wrong(column, name, cells[column], "is no postcode.")
    return found


def code_point(postcode: int, east: int, north: int) -> Callable[[Lines, Mistakes], Rows]:
    """Code-Point Open with its columns there: eastings and northings, 0 and 0 where unknown."""

    def check(cells: Sequence[str]) -> tuple[str, float, float] | None:
        x, y = easting(cells, east, "easting"), northing(cells, north, "northing")
        return (full_at(cells, postcode, "postcode"), x, y) if x and y else None

    def read(lines: Lines, mistakes: Mistakes) -> Rows:
        found = list(checked(lines, max(postcode, east, north) + 1, check, mistakes))
        points = turned([f[1] for f in found], [f[2] for f in found])
        return Rows(postcodes=dict(zip((f[0] for f in found), points, strict=True)))

    return read


def directory(header: Mapping[str, int], postcode: str) -> Callable[[Lines, Mistakes], Rows]:
    """ONS Postcode Directory : `doterm` says when a code was given up; those are kept apart."""
    code, lat, lon = header[postcode], header["lat"], header["long"]
    ended = header.get("doterm")

    def check(cells: Sequence[str]) -> tuple[str, float, float, bool] | None:
        north = number(cells, lat, "lat", -90.0, 100.0)
        if north > _NOWHERE:
            return None
        position = latitude(cells, lat, "lat"), longitude(cells, lon, "long")
        return (full_at(cells, code, postcode), *position, bool(ended is not None and cells[ended].strip()))

    def read(lines: Lines, mistakes: Mistakes) -> Rows:
        rows = Rows()
        for name, north, east, gone in checked(lines, max(code, lat, lon, ended or 0) + 1, check, mistakes):
            (rows.ended if gone else rows.postcodes)[name] = (north, east)
        return rows

    return read


def located(header: Mapping[str, int]) -> Callable[[Lines, Mistakes], Rows]:
    """`postcode,latitude,longitude` among the header's columns: outcodes, full postcodes, or both."""
    code, lat, lon = header["postcode"], header["latitude"], header["longitude"]

    def check(cells: Sequence[str]) -> tuple[str, float, float] | None:
        position = latitude(cells, lat, "latitude"), longitude(cells, lon, "longitude")
        name = full(cells[code]) or cells[code].strip().upper()
        if " " not in name and not _OUTCODE.fullmatch(name):
            raise wrong(code, "postcode", cells[code], "is neither a postcode nor a district.")
        return (name, *position) if any(position) else None

    def read(lines: Lines, mistakes: Mistakes) -> Rows:
        rows = Rows()
        for name, north, east in checked(lines, max(code, lat, lon) + 1, check, mistakes):
            (rows.postcodes if " " in name else rows.outcodes)[name] = (north, east)
        return rows

    return read

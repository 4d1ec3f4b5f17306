"""One reader a layout: numbered lines in, rows out. Eastings and northings are turned all at once."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from pyproj import Transformer

from services.router.gazetteer.memory import Rows
from services.router.gazetteer.port import Kind, NamedPlace

Lines = Iterator[tuple[int, Sequence[str]]]

_RADIUS: Final[Mapping[str, float]] = {
    "street": 180.0,
    "landmark": 120.0,
    "station": 150.0,
    "area": 1_200.0,
    "borough": 5_000.0,
    "city": 8_000.0,
}
_GEONAMES_CENTRE_M: Final = 3_000.0
_GEONAMES_EXACT: Final = 4
_MOST_M: Final = 30_000.0


class WrongLineError(ValueError):
    """A line cannot be used; says the column and what was expected."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class CodePointColumns:
    """Where postcode, easting and northing stand."""

    postcode: int
    easting: int
    northing: int


def _number(row: Sequence[str], column: int, name: str, line: int) -> float:
    try:
        return float(row[column])
    except (ValueError, IndexError):
        value = row[column] if column < len(row) else ""
        raise WrongLineError(
            line, f"column {column + 1} ({name}): {value!r} is not a number; correct or remove the line."
        ) from None


@cache
def _to_wgs84() -> Transformer:
    return Transformer.from_crs(27700, 4326, always_xy=True)


def _turned(eastings: Sequence[float], northings: Sequence[float]) -> list[tuple[float, float]]:
    """(lat, lon) of British National Grid positions."""
    lons, lats = _to_wgs84().transform(eastings, northings)
    return [(round(lat, 6), round(lon, 6)) for lat, lon in zip(lats, lons, strict=True)]


def spaced(postcode: str) -> str:
    """A full postcode in the usual form: "E83DL" → "E8 3DL"."""
    bare = postcode.replace(" ", "").upper()
    return f"{bare[:-3]} {bare[-3:]}"


def code_point(lines: Lines, columns: CodePointColumns) -> Rows:
    """Code-Point Open: full postcodes with eastings and northings; (0, 0) means unknown."""
    names, eastings, northings = [], [], []
    for line, row in lines:
        easting = _number(row, columns.easting, "easting", line)
        northing = _number(row, columns.northing, "northing", line)
        if easting > 0 and northing > 0:
            names.append(spaced(row[columns.postcode]))
            eastings.append(easting)
            northings.append(northing)
    return Rows(postcodes=dict(zip(names, _turned(eastings, northings), strict=True)))


def outcodes(lines: Lines, header: Mapping[str, int]) -> Rows:
    """Outcode centres (`postcode,latitude,longitude` among the header's columns)."""
    rows = Rows()
    for line, row in lines:
        lat = _number(row, header["latitude"], "latitude", line)
        lon = _number(row, header["longitude"], "longitude", line)
        if lat or lon:
            rows.outcodes[row[header["postcode"]].strip().upper()] = (lat, lon)
    return rows


def own_places(lines: Lines, header: Mapping[str, int]) -> Rows:
    """Our own small layout: name,kind,lat,lon and optionally radius_m,area,borough,outcode."""
    rows = Rows()

    def text(row: Sequence[str], name: str) -> str:
        column = header.get(name)
        return row[column].strip() if column is not None and column < len(row) else ""

    for line, row in lines:
        kind = _kind(text(row, "kind"), line, header["kind"])
        radius = (
            _number(row, header["radius_m"], "radius_m", line) if text(row, "radius_m") else _RADIUS[kind]
        )
        place = NamedPlace(
            name=text(row, "name"),
            kind=kind,
            lat=_number(row, header["lat"], "lat", line),
            lon=_number(row, header["lon"], "lon", line),
            radius_m=radius,
            area=text(row, "area"),
            borough=text(row, "borough"),
            outcode=text(row, "outcode"),
            rank=1,
        )
        rows.names.append(place)
    return rows


def _kind(value: str, line: int, column: int) -> Kind:
    if value == "street":
        return "street"
    kinds: dict[str, Kind] = {
        "landmark": "landmark",
        "station": "station",
        "area": "area",
        "borough": "borough",
        "city": "city",
    }
    if value not in kinds:
        raise WrongLineError(
            line, f"column {column + 1} (kind): {value!r} is none of street, {', '.join(kinds)}."
        )
    return kinds[value]


_NAME, _NAME2, _TYPE, _LOCAL, _X, _Y = 2, 4, 6, 7, 8, 9
_MBR: Final = slice(12, 16)
_OUTCODE, _PLACE, _BOROUGH = 16, 18, 21


def open_names(lines: Lines) -> Rows:
    """OS Open Names: streets, settlements, stations and other named places, in their 34 columns."""
    kept, eastings, northings = [], [], []
    for line, row in lines:
        eastings.append(_number(row, _X, "GEOMETRY_X", line))
        northings.append(_number(row, _Y, "GEOMETRY_Y", line))
        kept.append(row)
    rows = Rows()
    for row, (lat, lon) in zip(kept, _turned(eastings, northings), strict=True):
        for name in dict.fromkeys(n for n in (row[_NAME].strip(), row[_NAME2].strip()) if n):
            rows.names.append(_open_name(name, row, lat, lon))
    return rows


def _open_name(name: str, row: Sequence[str], lat: float, lon: float) -> NamedPlace:
    kind = _open_kind(row[_TYPE], row[_LOCAL])
    return NamedPlace(
        name=name,
        kind=kind,
        lat=lat,
        lon=lon,
        radius_m=_extent(row) or _RADIUS[kind],
        area=row[_PLACE].strip(),
        borough=row[_BOROUGH].strip(),
        outcode=row[_OUTCODE].strip().upper(),
    )


def _open_kind(kind: str, local: str) -> Kind:
    if local in {"Named Road", "Numbered Road", "Section Of Named Road", "Section Of Numbered Road"}:
        return "street"
    if kind == "populatedPlace":
        return "city" if local == "City" else "area"
    return "station" if "Station" in local else "landmark"


def _extent(row: Sequence[str]) -> float | None:
    """Half the diagonal of the place's bounding box, where it is given."""
    try:
        x1, y1, x2, y2 = (float(value) for value in row[_MBR])
    except ValueError:
        return None
    return min(_MOST_M, max(50.0, math.hypot(x2 - x1, y2 - y1) / 2))


def geonames(lines: Lines) -> Rows:
    """GeoNames postal: settlements with outcode; accuracy below 4 is the outcode's centre."""
    rows = Rows()
    for line, row in lines:
        lat, lon = _number(row, 9, "latitude", line), _number(row, 10, "longitude", line)
        exact = row[11].strip().isdigit() and int(row[11]) >= _GEONAMES_EXACT
        rows.names.append(
            NamedPlace(
                name=row[2].strip(),
                kind="area",
                lat=lat,
                lon=lon,
                radius_m=_RADIUS["area"] if exact else _GEONAMES_CENTRE_M,
                area=row[5].strip(),
                outcode=row[1].strip().upper() if exact else "",
                approximate=not exact,
            )
        )
    return rows

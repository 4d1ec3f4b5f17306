"""GeoNames, tab-separated without a header: places (19 columns) and postal codes (12 columns).

Of the world's places only those of the British Isles are taken: a name that means Paris to the
gazetteer means a café to a reporter.
"""

from collections.abc import Sequence
from typing import Final

from shared.gazetteer.layouts.cells import (
    Lines,
    Mistakes,
    checked,
    latitude,
    longitude,
    text,
)
from shared.gazetteer.layouts.postcodes import full
from shared.gazetteer.port import Kind, NamedPlace
from shared.gazetteer.ranks import APPROXIMATE, NATURE, RADIUS_M, RANK, TOWN
from shared.gazetteer.rows import Rows

PLACE_COLUMNS: Final = 19
POSTAL_COLUMNS: Final = 12

_OURS: Final = frozenset({"GB", "IM", "GG", "JE"})
_NAME, _ALTERNATES, _LAT, _LON, _CLASS, _CODE, _COUNTRY, _POPULATION = 1, 3, 4, 5, 6, 7, 8, 14
_CITY_POPULATION: Final = 100_000
_MOST_DIGITS: Final = 10
_TOWN_POPULATION: Final = 10_000
_TOWN_M: Final = 2_500.0
_CAPITALS: Final = frozenset({"PPLC", "PPLA"})
_BOROUGHS: Final = frozenset({"ADM2", "ADM3"})
_PARISHES: Final = frozenset({"ADM4", "ADM5", "ADMD"})
_STATIONS: Final = frozenset({"RSTN", "RSTP", "MTRO", "BUSTN"})
_ROADS: Final = frozenset({"RD", "ST", "RDST"})
_SHORTEST_ALTERNATE: Final = 4


def read_places(lines: Lines, mistakes: Mistakes) -> Rows:
    """The rows of some lines of a country's or the world's places."""
    rows = Rows()
    for place, also in checked(lines, PLACE_COLUMNS, _place, mistakes):
        rows.add(place, also)
    return rows


def _place(cells: Sequence[str]) -> tuple[NamedPlace, list[str]] | None:
    lat, lon = latitude(cells, _LAT, "latitude"), longitude(cells, _LON, "longitude")
    name = text(cells, _NAME, "name")
    found = _kind(cells[_CLASS], cells[_CODE], cells[_POPULATION])
    if cells[_COUNTRY] not in _OURS or found is None:
        return None
    kind, rank, radius = found
    place = NamedPlace(name, kind, lat, lon, radius, rank=rank)
    return place, [other for other in cells[_ALTERNATES].split(",") if _latin(other)]


def _kind(letter: str, code: str, population: str) -> tuple[Kind, int, float] | None:
    """Kind, rank and radius; None for what is too wide to be a place (countries, regions)."""
    if letter == "P":
        return _settlement(code, _people(population))
    if letter == "A":
        if code in _BOROUGHS:
            return "borough", RANK["borough"], RADIUS_M["borough"]
        return ("area", RANK["area"], RADIUS_M["area"]) if code in _PARISHES else None
    if letter in {"S", "R"}:
        kind: Kind = "station" if code in _STATIONS else "street" if code in _ROADS else "landmark"
        return kind, RANK[kind], RADIUS_M[kind]
    return "area", NATURE, RADIUS_M["area"]


def _people(population: str) -> int:
    return int(population) if population.isdecimal() and len(population) <= _MOST_DIGITS else 0


def _settlement(code: str, population: int) -> tuple[Kind, int, float]:
    part = code == "PPLX"
    if code in _CAPITALS or (population >= _CITY_POPULATION and not part):
        return "city", RANK["city"], RADIUS_M["city"]
    if population >= _TOWN_POPULATION and not part:
        return "area", TOWN, _TOWN_M
    return "area", RANK["area"], RADIUS_M["area"]


def _latin(name: str) -> bool:
    """Whether an alternate name is one in Latin letters, and neither a code nor an address."""
    plain = all(c < "\u0250" for c in name)
    return plain and len(name) >= _SHORTEST_ALTERNATE and not name.isupper() and "://" not in name


_POSTCODE, _PLACE, _COUNTY, _POSTAL_LAT, _POSTAL_LON, _ACCURACY = 1, 2, 5, 9, 10, 11
_DISTRICT_M: Final = 3_000.0
_EXACT: Final = frozenset({"4", "5", "6"})


def read_postal(lines: Lines, mistakes: Mistakes) -> Rows:
    """Settlements with their district, or full postcodes, as the file holds the one or the other."""
    rows = Rows()
    for place, postcode in checked(lines, POSTAL_COLUMNS, _postal, mistakes):
        if postcode:
            rows.postcodes[postcode] = (place.lat, place.lon)
        else:
            rows.add(place)
    return rows


def _postal(cells: Sequence[str]) -> tuple[NamedPlace, str | None] | None:
    lat = latitude(cells, _POSTAL_LAT, "latitude")
    lon = longitude(cells, _POSTAL_LON, "longitude")
    if cells[0] not in _OURS:
        return None
    exact = cells[_ACCURACY].strip() in _EXACT
    place = NamedPlace(
        name=text(cells, _PLACE, "place name"),
        kind="area",
        lat=lat,
        lon=lon,
        radius_m=RADIUS_M["area"] if exact else _DISTRICT_M,
        area=cells[_COUNTY].strip(),
        outcode=cells[_POSTCODE].strip().upper(),
        rank=RANK["area"] if exact else APPROXIMATE,
        approximate=not exact,
    )
    return place, full(cells[_POSTCODE])

"""OS Open Names: roads, settlements, stations, sites, nature and postcodes, in their 34 columns.

The official files are some 800 tiles without a header line; the header comes in a file of its own.
"""

import math
from collections.abc import Sequence
from typing import Final

from shared.gazetteer.layouts.cells import Lines, Mistakes, checked, text
from shared.gazetteer.layouts.national_grid import easting, northing, turned
from shared.gazetteer.layouts.postcodes import full_at
from shared.gazetteer.port import Kind, NamedPlace
from shared.gazetteer.ranks import NATURE, RADIUS_M, RANK, TOWN
from shared.gazetteer.rows import LatLon, Rows

COLUMNS: Final = 34

_NAME, _NAME2, _TYPE, _LOCAL, _X, _Y = 2, 4, 6, 7, 8, 9
_MBR: Final = slice(12, 16)
_OUTCODE, _PLACE, _BOROUGH = 16, 18, 21
_POSTCODE: Final = "Postcode"
_ROADS: Final = frozenset({
    "Named Road", "Numbered Road", "Section Of Named Road", "Section Of Numbered Road",
})  # fmt: skip
_STATIONS: Final = frozenset({"Railway Station", "Bus Station", "Coach Station", "Tram Station"})
_NATURE: Final = frozenset({"hydrography", "landcover", "landform"})
_MOST_M: Final = 30_000.0
_LEAST_M: Final = 50.0
_WIDE_M: Final = 600.0
"""From this extent on a wood or a water is an area rather than a spot."""


def read(lines: Lines, mistakes: Mistakes) -> Rows:
    """The rows of some lines of a tile."""
    found = list(checked(lines, COLUMNS, _check, mistakes))
    rows = Rows()
    for (cells, _, _), at in zip(found, turned([f[1] for f in found], [f[2] for f in found]), strict=True):
        if cells[_LOCAL] == _POSTCODE:
            rows.postcodes[full_at(cells, _NAME, "NAME1")] = at
        else:
            second = cells[_NAME2].strip()
            rows.add(_place(cells, at), (second,) if second else ())
    return rows


def _check(cells: Sequence[str]) -> tuple[Sequence[str], float, float]:
    if cells[_LOCAL] == _POSTCODE:
        full_at(cells, _NAME, "NAME1")
    else:
        text(cells, _NAME, "NAME1")
    return cells, easting(cells, _X, "GEOMETRY_X"), northing(cells, _Y, "GEOMETRY_Y")


def _place(cells: Sequence[str], at: LatLon) -> NamedPlace:
    extent = _extent(cells)
    kind, rank = _kind_and_rank(cells[_TYPE], cells[_LOCAL], extent)
    return NamedPlace(
        name=cells[_NAME].strip(),
        kind=kind,
        lat=at[0],
        lon=at[1],
        radius_m=extent or RADIUS_M[kind],
        area=cells[_PLACE].strip(),
        borough=cells[_BOROUGH].strip(),
        outcode=cells[_OUTCODE].strip().upper(),
        rank=rank,
    )


def _kind_and_rank(kind: str, local: str, extent: float | None) -> tuple[Kind, int]:
    if local in _ROADS:
        return "street", RANK["street"]
    if kind == "populatedPlace":
        if local == "City":
            return "city", RANK["city"]
        return "area", TOWN if local == "Town" else RANK["area"]
    if kind in _NATURE:
        return "area" if extent is not None and extent >= _WIDE_M else "landmark", NATURE
    found: Kind = "station" if local in _STATIONS else "landmark"
    return found, RANK[found]


def _extent(cells: Sequence[str]) -> float | None:
    """Half the diagonal of the place's bounding box, where it is given."""
    try:
        x1, y1, x2, y2 = (float(value) for value in cells[_MBR])
    except ValueError:
        return None
    half = math.hypot(x2 - x1, y2 - y1) / 2
    return min(_MOST_M, max(_LEAST_M, half)) if math.isfinite(half) else None

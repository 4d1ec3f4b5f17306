"""Eastings and northings of the British National Grid (EPSG:27700) as latitudes and longitudes."""

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from pyproj import Transformer

from shared.gazetteer.layouts.cells import number

_EAST: Final = 800_000.0
_NORTH: Final = 1_400_000.0


@cache
def _to_wgs84() -> Transformer:
    return Transformer.from_crs(27700, 4326, always_xy=True)


def easting(cells: Sequence[str], column: int, name: str) -> float:
    """Metres east, on the grid."""
    return number(cells, column, name, 0.0, _EAST)


def northing(cells: Sequence[str], column: int, name: str) -> float:
    """Metres north, on the grid."""
    return number(cells, column, name, 0.0, _NORTH)


def turned(eastings: Sequence[float], northings: Sequence[float]) -> list[tuple[float, float]]:
    """(lat, lon) of all of them at once, which is what makes it cheap."""
    if len(eastings) == 0:
        return []
    lons, lats = _to_wgs84().transform(np.asarray(eastings), np.asarray(northings))
    return list(zip(lats.round(6).tolist(), lons.round(6).tolist(), strict=True))

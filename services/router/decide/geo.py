"""Distances, discs and grid cells on the ground. Metres and WGS 84 degrees; good to 1 % over 100 km."""

from collections.abc import Iterator
from math import asin, cos, floor, radians, sin, sqrt

EARTH_M = 6_371_000.0
DEGREE_M = 111_195.0
"""Metres in a degree of latitude."""

Cell = tuple[int, int, int]
"""Level, row, column. Level 0: fine; 1: coarse, for wide questions; 2: coarse, of wide places."""

_FINE, _COARSE, _WIDE = 0, 1, 2
_STEPS = ((0.01, 0.02), (0.2, 0.4), (0.2, 0.4))
_FINE_REACH_M = 5_000.0
_MAX_REACH_M = 100_000.0
_LEAST_SCALE = 0.3
"""Beyond 72° north or south a disc is taken for narrower than it is, to bound the cells."""


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Metres between two points (haversine)."""
    p1, p2 = radians(lat1), radians(lat2)
    a = sin((p2 - p1) / 2) ** 2 + cos(p1) * cos(p2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(a)))


def lon_scale(lat: float) -> float:
    """How much shorter a degree of longitude is at this latitude (never 0)."""
    return max(0.01, cos(radians(lat)))


def cells_of(lat: float, lon: float, reach_m: float) -> tuple[Cell, ...]:
    """Where a disc is entered so that every question whose own disc meets it finds it."""
    wide = _WIDE if reach_m > _FINE_REACH_M else _FINE
    return (*_cells(wide, lat, lon, reach_m), *_cells(_COARSE, lat, lon, reach_m))


def cells_asked(lat: float, lon: float, reach_m: float) -> tuple[Cell, ...]:
    """Where to look for the discs that meet this one."""
    level = _COARSE if reach_m > _FINE_REACH_M else _FINE
    return (*_cells(level, lat, lon, reach_m), *_cells(_WIDE, lat, lon, reach_m))


def _cells(level: int, lat: float, lon: float, reach_m: float) -> Iterator[Cell]:
    rows, columns = _STEPS[level]
    reach = min(reach_m, _MAX_REACH_M) / DEGREE_M
    across = reach / max(_LEAST_SCALE, lon_scale(lat))
    for row in range(floor((lat - reach) / rows), floor((lat + reach) / rows) + 1):
        for column in range(floor((lon - across) / columns), floor((lon + across) / columns) + 1):
            yield (level, row, column)

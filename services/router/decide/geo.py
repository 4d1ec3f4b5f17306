"""Distances, discs and grid cells on the ground. Metres and WGS 84 degrees; good to 1 % over 100 km."""

import math
from collections.abc import Iterator

EARTH_M = 6_371_000.0
DEGREE_M = 111_195.0
"""Metres in a degree of latitude."""

Cell = tuple[int, int, int]
"""Level (0 fine, 1 coarse), row, column."""

_STEPS = ((0.01, 0.02), (0.2, 0.4))
_FINE_REACH_M = 5_000.0
_MAX_REACH_M = 100_000.0


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Metres between two points (haversine)."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    a = math.sin((p2 - p1) / 2) ** 2
    a += math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(a)))


def lon_scale(lat: float) -> float:
    """How much shorter a degree of longitude is at this latitude (never 0)."""
    return max(0.01, math.cos(math.radians(lat)))


def home_cells(lat: float, lon: float) -> tuple[Cell, Cell]:
    """The two cells, fine and coarse, that a point lies in."""
    fine, coarse = (
        (level, math.floor(lat / rows), math.floor(lon / columns))
        for level, (rows, columns) in enumerate(_STEPS)
    )
    return fine, coarse


def cells_within(lat: float, lon: float, reach_m: float) -> Iterator[Cell]:
    """The cells that a disc may touch: fine ones for a small reach, coarse ones for a large."""
    level = 0 if reach_m <= _FINE_REACH_M else 1
    rows, columns = _STEPS[level]
    reach = min(reach_m, _MAX_REACH_M) / DEGREE_M
    across = min(180.0, reach / lon_scale(lat))
    for row in range(math.floor((lat - reach) / rows), math.floor((lat + reach) / rows) + 1):
        for column in range(math.floor((lon - across) / columns), math.floor((lon + across) / columns) + 1):
            yield (level, row, column)

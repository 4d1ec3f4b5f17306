"""Discs on the ground and the grid cells in which they are found."""

from collections.abc import Iterator
from math import floor

from shared.geo import DEGREE_M, lon_scale

Cell = tuple[int, int, int]
"""Level, row, column. Level 0: fine; 1: coarse, for wide questions; 2: coarse, of wide places."""

_FINE, _COARSE, _WIDE = 0, 1, 2
_STEPS = ((0.01, 0.02), (0.2, 0.4), (0.2, 0.4))
_FINE_REACH_M = 5_000.0
_MAX_REACH_M = 100_000.0
_LEAST_SCALE = 0.3
"""Beyond 72° north or south a disc is taken for narrower than it is, to bound the cells."""


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

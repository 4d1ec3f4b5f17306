"""Cells of about 500 m, by which positions near a point are found without looking at all others."""

import math
from collections.abc import Iterator
from typing import Final

from shared.gazetteer.schema import SCALE
from shared.geo import DEGREE_M, lon_scale

_ROW: Final = 5_000
_COLUMN: Final = 8_000
_COLUMNS: Final = 50_000
"""Millionths of a degree in a cell's height and width; cells in a row, with some to spare."""

CELL_SQL: Final = f"((lat + 90000000) / {_ROW} * {_COLUMNS} + (lon + 180000000) / {_COLUMN})"
"""The cell of the columns `lat` and `lon`."""


def on_globe(lat: float, lon: float) -> bool:
    """Whether these are a latitude and a longitude; false for NaN too."""
    return -90 <= lat <= 90 and -180 <= lon <= 180  # noqa: PLR2004 - the globe


RUNS_SQL: Final = (
    "run(first, last) AS (VALUES (:first, :last) UNION ALL "  # noqa: S608 - no data in it
    f"SELECT first + {_COLUMNS}, last + {_COLUMNS} FROM run WHERE first < :northmost)"
)
"""First and last cell of each row that a disc meets; `block` gives the values."""


def block(lat: float, lon: float, reach_m: float) -> dict[str, int]:
    """First and last cell of the southernmost row that a disc meets, and the first of the northernmost."""
    up, across = reach_m / DEGREE_M, reach_m / DEGREE_M / lon_scale(lat)
    west, east = _step(lon - across, 180, _COLUMN), _step(lon + across, 180, _COLUMN)
    south, north = _step(lat - up, 90, _ROW), _step(lat + up, 90, _ROW)
    return {
        "first": south * _COLUMNS + west,
        "last": south * _COLUMNS + min(east, _COLUMNS - 1),
        "northmost": north * _COLUMNS + west,
    }


def _step(degrees: float, most: int, size: int) -> int:
    return math.floor((min(max(degrees, -most), most) + most) * SCALE) // size


def rings(within_m: float) -> Iterator[float]:
    """Reaches that grow to the one asked for: most answers are near. None is nearly as far as the last."""
    reach = 300.0
    while 1.5 * reach < within_m:
        yield reach
        reach *= 2.5
    yield within_m

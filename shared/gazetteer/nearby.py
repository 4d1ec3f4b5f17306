"""What is nearest to a point: the grid's cells around it, in rings that grow until one holds something."""

import sqlite3
from typing import Any, Final

from shared.gazetteer.grid import RUNS_SQL, block, on_globe, rings
from shared.gazetteer.schema import SCALE
from shared.geo import DEGREE_M, lon_scale

_OUTCODE_M: Final = 5_000.0
_MOST_M: Final = 20_000.0

_NEAREST: Final = (
    f"WITH RECURSIVE {RUNS_SQL} "  # noqa: S608 - no data in it
    "SELECT {}, (lat - :lat) * (lat - :lat) + (lon - :lon) * (lon - :lon) * :narrow AS apart "
    "FROM run CROSS JOIN {} ON cell BETWEEN first AND last ORDER BY apart, 1 LIMIT :most"
)
_PLACE: Final = _NEAREST.format("place", "spot")
_OUTCODE: Final = _NEAREST.format("outcode", "address")


class Nearby:
    """The positions of one gazetteer."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def place(self, lat: float, lon: float, within_m: float) -> int | None:
        """The number of the nearest precise place."""
        found = self._nearest(_PLACE, lat, lon, within_m)
        return int(found) if found is not None else None

    def places(self, lat: float, lon: float, within_m: float, most: int) -> list[int]:
        """The numbers of the nearest precise places, the nearest first."""
        if not (on_globe(lat, lon) and within_m > 0):
            return []
        found: list[tuple[int, float]] = []
        for reach in rings(min(within_m, _MOST_M)):
            found = self._found(_PLACE, lat, lon, reach, most)
            if len(found) >= most:
                break
        return [number for number, _ in found]

    def outcode(self, lat: float, lon: float) -> str | None:
        """The district of the nearest postcode or, where none is known, of the nearest district's centre."""
        found = self._nearest(_OUTCODE, lat, lon, _OUTCODE_M)
        return str(found) if found is not None else None

    def _nearest(self, sql: str, lat: float, lon: float, within_m: float) -> Any:
        if not (on_globe(lat, lon) and within_m > 0):
            return None
        for reach in rings(min(within_m, _MOST_M)):
            if found := self._found(sql, lat, lon, reach, 1):
                return found[0][0]
        return None

    def _found(self, sql: str, lat: float, lon: float, reach: float, most: int) -> list[tuple[Any, float]]:
        """The nearest within reach, in order, each with its squared distance in millionths of a degree.

        One question for all rows of cells: in open country most of the time went into asking row by row.
        """
        at = {"lat": round(lat * SCALE), "lon": round(lon * SCALE), "narrow": lon_scale(lat) ** 2}
        limit = (reach / DEGREE_M * SCALE) ** 2
        rows = self._db.execute(sql, {**at, **block(lat, lon, reach), "most": most})
        return [row for row in rows if row[1] <= limit]

"""What is nearest to a point: the grid's cells around it, in rings that grow until one holds something."""

import sqlite3
from typing import Any, Final

from shared.gazetteer.grid import on_globe, rings, runs
from shared.gazetteer.schema import SCALE
from shared.geo import DEGREE_M, lon_scale

_OUTCODE_M: Final = 5_000.0
_MOST_M: Final = 20_000.0

_NEAREST: Final = (
    "SELECT {}, (lat - ?1) * (lat - ?1) + (lon - ?2) * (lon - ?2) * ?3 AS apart FROM {} "
    "WHERE cell BETWEEN ?4 AND ?5 ORDER BY apart, 1 LIMIT 1"
)
_AROUND: Final = _NEAREST.format("place", "spot").replace("LIMIT 1", "LIMIT ?6")
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
            limit = (reach / DEGREE_M * SCALE) ** 2
            found = [row for row in self._found(_AROUND, lat, lon, reach, most) if row[1] <= limit]
            if len(found) >= most:
                break
        return [number for number, _ in sorted(found, key=lambda row: (row[1], row[0]))[:most]]

    def outcode(self, lat: float, lon: float) -> str | None:
        """The district of the nearest postcode or, where none is known, of the nearest district's centre."""
        found = self._nearest(_OUTCODE, lat, lon, _OUTCODE_M)
        return str(found) if found is not None else None

    def _nearest(self, sql: str, lat: float, lon: float, within_m: float) -> Any:
        if not (on_globe(lat, lon) and within_m > 0):
            return None
        for reach in rings(min(within_m, _MOST_M)):
            best = min(self._found(sql, lat, lon, reach), default=None, key=lambda row: (row[1], row[0]))
            if best is not None and best[1] <= (reach / DEGREE_M * SCALE) ** 2:
                return best[0]
        return None

    def _found(self, sql: str, lat: float, lon: float, reach: float, *most: int) -> list[tuple[Any, float]]:
        """The nearest of each row of cells, with its squared distance in millionths of a degree."""
        at = (round(lat * SCALE), round(lon * SCALE), lon_scale(lat) ** 2)
        asked = ((*at, *run, *most) for run in runs(lat, lon, reach))
        return [row for values in asked for row in self._db.execute(sql, values)]

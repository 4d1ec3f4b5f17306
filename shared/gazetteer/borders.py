"""Which named border contains a point. Boxes are kept in memory, shapes are read when a box is hit."""

import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from shared.gazetteer.grid import on_globe

_KEPT_SHAPES: Final = 128


class Borders:
    """The borders of one gazetteer."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        found = db.execute(
            "SELECT id, name, west, south, east, north FROM border ORDER BY size, id"
        ).fetchall()
        self._ids, self._names = [row[0] for row in found], [row[1] for row in found]
        self._boxes = np.array([row[2:] for row in found], dtype=float).reshape(-1, 4)
        self._shape: Callable[[int], BaseGeometry] = lru_cache(_KEPT_SHAPES)(self._read)

    def smallest_at(self, lat: float, lon: float) -> str | None:
        """The name of the smallest border that contains the point."""
        if not on_globe(lat, lon) or not self._ids:
            return None
        west, south, east, north = self._boxes.T
        hits = np.flatnonzero((west <= lon) & (lon <= east) & (south <= lat) & (lat <= north))
        point = shapely.Point(lon, lat)
        return next((self._names[n] for n in hits if self._shape(self._ids[n]).intersects(point)), None)

    def _read(self, number: int) -> BaseGeometry:
        (shape,) = self._db.execute("SELECT shape FROM border WHERE id = ?", (number,)).fetchone()
        found: BaseGeometry = shapely.from_wkb(shape)
        shapely.prepare(found)
        return found

"""Ordnance Survey grid references ("TQ 335 848") to WGS 84, by the National Grid's lettered squares.

Source: Ordnance Survey, "A guide to coordinate systems in Great Britain".
"""

from functools import cache
from typing import Final

from pyproj import Transformer

_LETTERS: Final = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
_SQUARE_M: Final = 100_000
_EAST_M: Final = 700_000
_NORTH_M: Final = 1_300_000


@cache
def to_wgs84() -> Transformer:
    """Easting and northing (EPSG:27700, metres) to longitude and latitude (EPSG:4326)."""
    return Transformer.from_crs(27700, 4326, always_xy=True)


def grid_reference(letters: str, east: str, north: str) -> tuple[float, float] | None:
    """(lat, lon) of the middle of the square that the reference names; None if it lies outside the grid."""
    first, second = (_LETTERS.index(c) for c in letters)
    column = (first - 2) % 5 * 5 + second % 5
    row = 19 - first // 5 * 5 - second // 5
    size = 10 ** (5 - len(east))
    easting = column * _SQUARE_M + int(east) * size + size / 2
    northing = row * _SQUARE_M + int(north) * size + size / 2
    if not (0 <= easting < _EAST_M and 0 <= northing < _NORTH_M):
        return None
    lon, lat = to_wgs84().transform(easting, northing)
    return round(lat, 6), round(lon, 6)

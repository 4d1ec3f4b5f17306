"""Postcode districts and sectors as discs: the middle of their postcodes, and what covers most of them."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from shared.gazetteer.port import Point
from shared.geo import distance_m

_OUTCODE_LEAST_M: Final = 900.0
_OUTCODE_MOST_M: Final = 8_000.0
OUTCODE_DEFAULT_M: Final = 1_600.0
_SECTOR_LEAST_M: Final = 250.0
_COVERED_PART: Final = 0.95

Located = tuple[str, float, float]
"""A postcode and its position."""


def discs(postcodes: Iterable[Located]) -> Iterator[tuple[str, Point]]:
    """Each district ("E8") and each sector ("E8 3") of postcodes that come in alphabetical order."""
    for outcode, of_outcode in groupby(postcodes, key=lambda found: found[0].split(" ")[0]):
        points = list(of_outcode)
        yield outcode, _disc(points, _OUTCODE_LEAST_M)
        for sector, of_sector in groupby(points, key=lambda found: found[0][: len(outcode) + 2]):
            yield sector, _disc(list(of_sector), _SECTOR_LEAST_M)


def _disc(points: list[Located], least_m: float) -> Point:
    lat = sum(p[1] for p in points) / len(points)
    lon = sum(p[2] for p in points) / len(points)
    apart = sorted(distance_m(lat, lon, p[1], p[2]) for p in points)
    covering = apart[int(_COVERED_PART * (len(apart) - 1))]
    return Point(lat, lon, min(max(covering, least_m), _OUTCODE_MOST_M))

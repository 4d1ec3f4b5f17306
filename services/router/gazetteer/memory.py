"""The gazetteer in memory: names, postcodes and districts, for tests, trials and one region.

Built once from rows, then never changed. A look-up is a dictionary's; the nearest district a
tree's. For a whole country's names a file index belongs behind the same port.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import shapely

from services.router.decide.geo import distance_m, lon_scale
from services.router.gazetteer.keys import name_key
from services.router.gazetteer.port import NamedPlace, Point

_POSTCODE_M: Final = 100.0
_OUTCODE_LEAST_M: Final = 900.0
_OUTCODE_DEFAULT_M: Final = 1_600.0
_OUTCODE_MOST_M: Final = 8_000.0
_SAMPLE: Final = 200
_NEAREST_M: Final = 5_000.0
_COVERED_PART: Final = 0.95


@dataclass(slots=True)
class Rows:
    """What the loaders read: names, full postcodes and outcode centres, in reading order."""

    names: list[NamedPlace] = field(default_factory=list)
    postcodes: dict[str, tuple[float, float]] = field(default_factory=dict)
    outcodes: dict[str, tuple[float, float]] = field(default_factory=dict)

    def extend(self, other: "Rows") -> None:
        """With another file's rows too; of postcodes the later file's counts."""
        self.names += other.names
        self.postcodes |= other.postcodes
        self.outcodes |= other.outcodes


class MemoryGazetteer:
    """See `services.router.gazetteer.port.Gazetteer`."""

    def __init__(self, rows: Rows) -> None:
        self._names = _by_key(rows.names)
        self._longest = max((key.count(" ") + 1 for key in self._names), default=0)
        self._postcodes = rows.postcodes
        self._points = _by_outcode(rows.postcodes)
        self._outcodes = _discs(self._points, rows.outcodes)
        self._tree_names, self._tree = _tree(rows)

    @property
    def longest_name(self) -> int:
        """Words in the longest name."""
        return self._longest

    def named(self, key: str) -> Sequence[NamedPlace]:
        """The places of that name."""
        return self._names.get(key, ())

    def postcode(self, postcode: str) -> Point | None:
        """A full postcode ("E8 3DL")."""
        found = self._postcodes.get(postcode)
        return Point(*found, _POSTCODE_M) if found else None

    def outcode(self, outcode: str) -> Point | None:
        """A postcode district ("E8")."""
        return self._outcodes.get(outcode)

    def outcode_points(self, outcode: str) -> Sequence[tuple[float, float]]:
        """At most 200 of the district's postcodes, evenly taken in postcode order."""
        points = self._points.get(outcode, [])
        return points[:: max(1, len(points) // _SAMPLE)]

    def outcode_at(self, lat: float, lon: float) -> str | None:
        """The district of the nearest known postcode or outcode centre, within 5 km."""
        if not self._tree_names:
            return None
        nearest = int(self._tree.nearest(shapely.Point(lon * _LON_SCALE, lat)))
        found = self._tree.geometries[nearest]
        if distance_m(lat, lon, found.y, found.x / _LON_SCALE) > _NEAREST_M:
            return None
        return self._tree_names[nearest]


_LON_SCALE: Final = lon_scale(53.0)
"""Degrees of longitude against latitude in the middle of Britain: good enough to choose the nearest."""


def _by_key(names: Iterable[NamedPlace]) -> dict[str, tuple[NamedPlace, ...]]:
    found: dict[str, list[NamedPlace]] = {}
    for place in names:
        if key := name_key(place.name):
            found.setdefault(key, []).append(place)
    return {key: tuple(places) for key, places in found.items()}


def _by_outcode(postcodes: dict[str, tuple[float, float]]) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for postcode in sorted(postcodes):
        found.setdefault(postcode.split(" ")[0], []).append(postcodes[postcode])
    return found


def _discs(
    points: dict[str, list[tuple[float, float]]], centres: dict[str, tuple[float, float]]
) -> dict[str, Point]:
    """Each district's disc: around its postcodes where they are known, else a usual size."""
    discs = {outcode: Point(*centre, _OUTCODE_DEFAULT_M) for outcode, centre in centres.items()}
    for outcode, found in points.items():
        lat = sum(p[0] for p in found) / len(found)
        lon = sum(p[1] for p in found) / len(found)
        apart = sorted(distance_m(lat, lon, *p) for p in found)
        covering = apart[int(_COVERED_PART * (len(apart) - 1))]
        discs[outcode] = Point(lat, lon, min(max(covering, _OUTCODE_LEAST_M), _OUTCODE_MOST_M))
    return discs


def _tree(rows: Rows) -> tuple[list[str], shapely.STRtree]:
    """All postcodes, and the centres of districts of which no postcode is known."""
    known = {postcode.split(" ")[0] for postcode in rows.postcodes}
    named = [(p.split(" ")[0], at) for p, at in rows.postcodes.items()]
    named += [(outcode, at) for outcode, at in rows.outcodes.items() if outcode not in known]
    if not named:
        return [], shapely.STRtree([])
    points = shapely.points([(at[1] * _LON_SCALE, at[0]) for _, at in named])
    return [outcode for outcode, _ in named], shapely.STRtree(points)

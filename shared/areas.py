"""What makes a group's area sound, for its file and its page: polygons, GeoJSON, postcode districts.

Guarantees: what `union` gives is valid, without overlaps, in a stable order and with six decimals (0.1 m), so
that the same shapes give the same definition. What is wrong is an `AreaError` that says it and the remedy.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import shapely
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from shared.errors import RelayError

LATITUDES: Final = (49.0, 61.5)
LONGITUDES: Final = (-9.0, 2.5)
"""The islands that a hub is for, generously."""
_GLOBE: Final = (180.0, 90.0)
_OUTCODE: Final = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?")
_GRID: Final = 1e-6
_MIN_RING: Final = 4
_LEAST_POINTS: Final = 3
"""What still is a surface, closed or not."""

S = TypeVar("S", bound=BaseGeometry)
Ring = tuple[tuple[float, float], ...]
Polygons = tuple[tuple[Ring, ...], ...]


def is_surface(polygons: Polygons) -> bool:
    """Whether every outline and hole has points enough to enclose anything: three that differ."""
    return all(rings and all(len(set(ring)) >= _LEAST_POINTS for ring in rings) for rings in polygons)


class AreaError(RelayError):
    """The area is not sound. Draw it again."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


def outcode_of(text: str) -> str:
    """The postcode district as it is written; raises `AreaError` for anything else."""
    tidy = text.strip().upper()
    if not _OUTCODE.fullmatch(tidy):
        raise AreaError(
            "not_an_outcode",
            "is not a postcode district; write the part before the space, like E8 or G41.",
        )
    return tidy


def checked_position(lon: float, lat: float) -> tuple[float, float]:
    """The position; raises `AreaError` for one with its parts swapped, or off the globe."""
    if _within(lon, LATITUDES) and _within(lat, LONGITUDES):
        raise AreaError("swapped", "lat and lon look swapped; a polygon's points are [lon, lat].")
    if not (_within(lat, (-90, 90)) and _within(lon, (-180, 180))):
        raise _off_the_globe()
    return lon, lat


def _off_the_globe() -> AreaError:
    return AreaError("off_the_globe", "is not on the globe; lat is -90 to 90 and lon -180 to 180.")


def polygon(points: Sequence[Sequence[float]]) -> Polygon:
    """The polygon of these [lon, lat] points, the last like the first."""
    if tuple(points[0]) != tuple(points[-1]):
        raise AreaError("not_closed", "the polygon is not closed; repeat its first point at its end.")
    return _sound(Polygon([(float(lon), float(lat)) for lon, lat in points]))


def from_geojson(name: str, geometry: Any) -> Polygon | MultiPolygon:
    """The area of a GeoJSON geometry; `name` is what it is called where something is wrong with it."""
    try:
        _closed(name, geometry)
        made = shapely.force_2d(shape(geometry))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, shapely.errors.ShapelyError):
        raise AreaError("broken", f"the area {name!r} has a broken geometry; draw it again.") from None
    if not isinstance(made, Polygon | MultiPolygon):
        raise AreaError(
            "not_an_area", f"the area {name!r} is a {made.geom_type}; a Polygon or MultiPolygon is wanted."
        )
    points = shapely.get_coordinates(made)
    if not len(points) or not all(map(math.isfinite, points.flat)):
        raise AreaError("broken", f"the area {name!r} has a broken geometry; draw it again.")
    checked_position(*map(float, points[0]))
    if (abs(points) > _GLOBE).any():  # with numbers that large nobody can reckon
        raise _off_the_globe()
    return _sound(made)


def union(shapes: Sequence[BaseGeometry]) -> Polygons:
    """All of them as one area, as a definition holds it."""
    if not shapes:
        return ()
    whole = shapely.normalize(shapely.set_precision(shapely.union_all(list(shapes)), _GRID))
    parts = [p for p in shapely.get_parts(whole) if isinstance(p, Polygon)]
    return tuple((_ring(p.exterior), *(_ring(hole) for hole in p.interiors)) for p in parts)


def as_shape(polygons: Polygons) -> MultiPolygon:
    """A definition's area as a shape again; an outline of too few points (the API takes it) holds nothing."""
    sound = (rings for rings in polygons if rings and len(rings[0]) >= _LEAST_POINTS)
    return MultiPolygon(
        [Polygon(outer, [hole for hole in holes if len(hole) >= _LEAST_POINTS]) for outer, *holes in sound]
    )


def _closed(name: str, geometry: Mapping[str, Any]) -> None:
    """Raise `AreaError` for a ring that is left open: shapely would close it in silence."""
    nested = geometry["coordinates"]
    polygons = {"Polygon": [nested], "MultiPolygon": nested}.get(geometry["type"], ())
    for ring in (ring for polygon in polygons for ring in polygon):
        if len(ring) < _MIN_RING:
            raise AreaError("broken", f"the area {name!r} has a broken geometry; draw it again.")
        if list(ring[0])[:2] != list(ring[-1])[:2]:
            raise AreaError("not_closed", f"the area {name!r} is not closed; end it with its first point.")


def _sound(made: S) -> S:
    if not made.is_valid:
        raise AreaError(
            "crossing",
            f"the polygon crosses itself or is broken ({explain_validity(made)}); draw it again.",
        )
    return made


def _ring(ring: Any) -> Ring:
    return tuple((round(float(x), 6), round(float(y), 6)) for x, y in ring.coords)


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]

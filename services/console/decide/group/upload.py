"""An area out of a file that somebody uploaded: GeoJSON, read as if an enemy had written it. Pure.

Guarantees: whatever the bytes are, the answer is a sound area on these islands or an `AreaError` whose `code`
names one plain sentence of the page's words. Nothing of the file is repeated.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from shared.areas import LATITUDES, LONGITUDES, AreaError, Polygons, as_shape, from_geojson, union

MOST_BYTES: Final = 500_000
MOST_POINTS: Final = 20_000
MOST_FEATURES: Final = 50
FINE_POINTS: Final = 2_000
"""An outline of more points than this is drawn a little simpler: nobody can tell the difference."""
_SIMPLER_DEG: Final = 0.00005
"""About five metres."""


def read_upload(raw: bytes, *, swap: bool = False) -> Polygons:
    """The area in the file; with `swap` its latitudes and longitudes are taken for each other."""
    if len(raw) > MOST_BYTES:
        raise AreaError("too_large", "The file is too large.")
    shapes = [_readable(geometry, swap=swap) for geometry in _geometries(_document(raw))]
    if not shapes:
        raise AreaError("nothing_in_it", "There is no area in the file.")
    return area_of(shapes)


def area_of(shapes: list[BaseGeometry]) -> Polygons:
    """These shapes as one area, fit to be kept."""
    points = sum(int(shapely.get_num_coordinates(s)) for s in shapes)
    if points > MOST_POINTS:
        raise AreaError("too_many_points", "The outline has too many points.")
    if points > FINE_POINTS:
        shapes = [s.simplify(_SIMPLER_DEG, preserve_topology=True) for s in shapes]
    made = union(shapes)
    if not made or as_shape(made).is_empty:
        raise AreaError("nothing_in_it", "There is no area in the file.")
    return _on_these_islands(made)


def _document(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise AreaError("not_geojson", "The file is not GeoJSON.") from None


def _geometries(document: Any) -> Iterator[Any]:
    """The geometries of a Feature, a FeatureCollection, or the geometry itself."""
    kind = document.get("type") if isinstance(document, Mapping) else None
    if kind == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list):
            raise AreaError("not_geojson", "The file is not GeoJSON.")
        if len(features) > MOST_FEATURES:
            raise AreaError("too_many_areas", "The file holds too many areas.")
        for feature in features:
            yield _geometry(feature)
    elif kind == "Feature":
        yield _geometry(document)
    elif isinstance(kind, str) and "coordinates" in document:
        yield document
    else:
        raise AreaError("not_geojson", "The file is not GeoJSON.")


def _geometry(feature: Any) -> Any:
    geometry = feature.get("geometry") if isinstance(feature, Mapping) else None
    if not isinstance(geometry, Mapping):
        raise AreaError("not_geojson", "The file is not GeoJSON.")
    return geometry


def _readable(geometry: Mapping[str, Any], *, swap: bool) -> BaseGeometry:
    name = str(geometry.get("type"))[:40]
    try:
        return from_geojson(name, _swapped(geometry) if swap else geometry)
    except (RecursionError, OverflowError):
        raise AreaError("broken", "The outline is broken.") from None


def _swapped(geometry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**geometry, "coordinates": _turned(geometry.get("coordinates"))}


def _turned(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    if len(value) >= 2 and not isinstance(value[0], list):  # noqa: PLR2004 - a point
        return [value[1], value[0], *value[2:]]
    return [_turned(inner) for inner in value]


def _on_these_islands(made: Polygons) -> Polygons:
    west, south, east, north = as_shape(made).bounds
    inside = (
        LONGITUDES[0] <= west and east <= LONGITUDES[1] and LATITUDES[0] <= south and north <= LATITUDES[1]
    )
    if not inside:
        raise AreaError("elsewhere", "The area is not in the United Kingdom.")
    return made

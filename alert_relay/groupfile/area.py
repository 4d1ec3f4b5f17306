"""A group's area: GeoJSON names, postcode districts, circles and polygons, made into one union.

What makes an area sound is `shared.areas`; here each mistake gets its line in the file. Postcode districts
stay names ("E8"): the router knows their extent better than a circle would say it.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from alert_relay.groupfile.mistakes import Spot, nearest
from shared.areas import AreaError, checked_position, from_geojson, outcode_of, polygon, union
from shared.contracts.groups import Area

T = TypeVar("T")
KEYS: Final = ("geojson", "postcode_districts", "circles", "polygons")
MAX_RADIUS_M: Final = 50_000
_METRES_PER_DEGREE: Final = 111_320
_CIRCLE_POINTS: Final = 64
_MIN_RING: Final = 4


def read_area(value: Any, spot: Spot) -> Area:
    """The union of all parts; mistakes go to `spot`, and what is wrong is left out."""
    if not isinstance(value, Mapping):
        spot.wrong(f"must be a mapping with any of {', '.join(KEYS)}.")
        return Area()
    spot.unknown_keys(value, KEYS)
    shapes = [
        *_each(value, "geojson", spot, _geojson),
        *_each(value, "circles", spot, _circle),
        *_each(value, "polygons", spot, _polygon),
    ]
    outcodes = _each(value, "postcode_districts", spot, _outcode)
    if not shapes and not outcodes and not any(value.get(key) for key in KEYS):
        spot.wrong(f"the area is empty; give at least one of {', '.join(KEYS)}.")
    return Area(polygons=union(shapes), outcodes=tuple(sorted(set(outcodes))))


def _each(value: Mapping[str, Any], key: str, spot: Spot, read: Any) -> list[Any]:
    items = value.get(key)
    if items is None:
        return []
    here = spot.at(value, key)
    if isinstance(items, str) or not isinstance(items, Sequence):
        here.wrong("must be a list (lines that begin with '- ', or […]).")
        return []
    return [made for n, item in enumerate(items) for made in read(item, here.at(items, n))]


def _outcode(item: Any, spot: Spot) -> list[str]:
    return _tried(lambda: outcode_of(item if isinstance(item, str) else ""), spot)


def _circle(item: Any, spot: Spot) -> list[Polygon]:
    if not isinstance(item, Mapping):
        spot.wrong("must be {lat: …, lon: …, radius_m: …}.")
        return []
    spot.unknown_keys(item, ("lat", "lon", "radius_m"))
    values: list[Any] = [item.get(key) for key in ("lat", "lon", "radius_m")]
    if not all(_number(value) for value in values):
        spot.wrong("needs lat, lon and radius_m, each a number.")
        return []
    lat, lon, radius = values
    if not 0 < radius <= MAX_RADIUS_M:
        spot.at(item, "radius_m").wrong(f"must be more than 0 and at most {MAX_RADIUS_M} metres.")
        return []
    return [circle(lat, lon, radius)] if _position_ok(lon, lat, spot) else []


def circle(lat: float, lon: float, radius_m: float) -> Polygon:
    """A disc as a polygon of 64 points, true to 0.2 % at a group's size."""
    tall = radius_m / _METRES_PER_DEGREE
    wide = tall / math.cos(math.radians(lat))
    steps = (2 * math.pi * n / _CIRCLE_POINTS for n in range(_CIRCLE_POINTS))
    return Polygon([(lon + wide * math.cos(a), lat + tall * math.sin(a)) for a in steps])


def _polygon(item: Any, spot: Spot) -> list[Polygon]:
    points = item if isinstance(item, Sequence) and not isinstance(item, str) else ()
    if len(points) < _MIN_RING or not all(_is_point(p) for p in points):
        spot.wrong("must be a list of at least four [lon, lat] points, the last like the first.")
        return []
    if not all(_position_ok(p[0], p[1], spot.at(item, n)) for n, p in enumerate(points)):
        return []
    return _tried(lambda: polygon(points), spot)


def _geojson(item: Any, spot: Spot) -> list[BaseGeometry]:
    if not isinstance(item, Mapping) or not isinstance(item.get("file"), str):
        spot.wrong("must be {file: areas.geojson, names: [Name of the area]}.")
        return []
    spot.unknown_keys(item, ("file", "names"))
    features = _features(spot.file.parent / item["file"], spot.at(item, "file"))
    names = item.get("names")
    if not isinstance(names, Sequence) or isinstance(names, str) or not names:
        spot.at(item, "names").wrong("must be a list of names of areas in the file.")
        return []
    here = spot.at(item, "names")
    return [made for name in names for made in _named(str(name), features, here)] if features else []


def _features(file: Path, spot: Spot) -> list[tuple[str, Mapping[str, Any]]]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        features = [(name, f) for f in document["features"] for name in _names(f["properties"])]
    except OSError as error:
        spot.wrong(f"{file} cannot be read ({error.strerror}); the path counts from the group file's folder.")
        return []
    except (ValueError, KeyError, TypeError):
        spot.wrong(f"{file} is not a GeoJSON FeatureCollection.")
        return []
    if not features:
        spot.wrong(f"{file} has no feature with a name (properties.name).")
    return features


def _names(properties: Mapping[str, Any]) -> list[str]:
    # Official boundary files call the name LAD23NM, WD22NM and the like.
    return [str(v) for k, v in properties.items() if v and k.lower().endswith(("name", "nm"))]


def _named(name: str, features: list[tuple[str, Mapping[str, Any]]], spot: Spot) -> list[BaseGeometry]:
    geometries = [f["geometry"] for known, f in features if known == name]
    if not geometries:
        spot.wrong(f"no area of the file is called {name!r}; {nearest(name, {n for n, _ in features})}")
    return [made for geometry in geometries for made in _tried(partial(from_geojson, name, geometry), spot)]


def _tried(make: Callable[[], T], spot: Spot) -> list[T]:
    """What it makes; nothing, after noting what is wrong."""
    try:
        return [make()]
    except AreaError as error:
        spot.wrong(error.sentence)
        return []


def _position_ok(lon: float, lat: float, spot: Spot) -> bool:
    return bool(_tried(partial(checked_position, lon, lat), spot))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_point(value: Any) -> bool:
    pair = isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2  # noqa: PLR2004
    return pair and all(_number(v) for v in value)

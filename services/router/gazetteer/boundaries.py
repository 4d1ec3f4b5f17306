"""GeoJSON boundaries as named areas: a borough's or city's name, its middle, and the disc that covers it."""

from typing import Any, Final

from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from services.router.decide.geo import distance_m
from services.router.gazetteer.memory import Rows
from services.router.gazetteer.port import Kind, NamedPlace
from shared.errors import SettingsError

_NAME_ENDINGS: Final = ("nm", "name")
_SHORTENED: Final = (", City of", ", County of", " City")


def read_boundaries(document: Any, source: str) -> Rows:
    """The features' names; raises `SettingsError` naming the feature that cannot be used."""
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise SettingsError(f"{source}: holds no GeoJSON FeatureCollection.")
    rows = Rows()
    for number, feature in enumerate(features, 1):
        name = _name(feature, number, source)
        rows.names += _places(name, _geometry(feature, number, source))
    return rows


def _name(feature: Any, number: int, source: str) -> str:
    """The first property that ends as names of boundary files do (`LAD13NM`, `ctyua_nm`, `name`)."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    for key, value in (properties or {}).items():
        if key.lower().endswith(_NAME_ENDINGS) and isinstance(value, str) and value.strip():
            return value.strip()
    raise SettingsError(f"{source}: feature {number} has no property that ends in NM or name.")


def _geometry(feature: Any, number: int, source: str) -> BaseGeometry:
    try:
        found = shape(feature["geometry"])
    except (KeyError, TypeError, ValueError, AttributeError, ShapelyError) as error:
        raise SettingsError(f"{source}: feature {number}: its geometry cannot be read.") from error
    if found.is_empty:
        raise SettingsError(f"{source}: feature {number}: its geometry is empty.")
    return found


def _places(name: str, geometry: BaseGeometry) -> list[NamedPlace]:
    """The area under its official name, and under the name people use ("Bristol, City of" → "Bristol")."""
    west, south, east, north = geometry.bounds
    lat, lon = geometry.centroid.y, geometry.centroid.x
    radius = min(max(distance_m(lat, lon, lat, east), distance_m(lat, lon, north, lon)), 60_000.0)
    radius = max(radius, distance_m(lat, lon, lat, west), distance_m(lat, lon, south, lon))
    short = name
    for ending in _SHORTENED:
        short = short.removesuffix(ending)
    kind: Kind = "borough"
    names = dict.fromkeys((name, short))
    return [NamedPlace(n, kind, round(lat, 5), round(lon, 5), round(radius), borough=name) for n in names]

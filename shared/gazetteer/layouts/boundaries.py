"""GeoJSON boundaries as named areas: a borough's or city's name, its middle, its disc and its shape."""

from typing import Any, Final

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from shared.gazetteer.grid import on_globe
from shared.gazetteer.layouts.cells import Mistakes, WrongCellError
from shared.gazetteer.layouts.national_grid import turned
from shared.gazetteer.port import Kind, NamedPlace
from shared.gazetteer.ranks import RANK
from shared.gazetteer.rows import Rows
from shared.geo import distance_m

_NAME_ENDINGS: Final = ("nm", "name")
_OFFICIAL: Final = (", City of", ", County of", " City")
_CITIES: Final = (", City of", " City")
_MOST_M: Final = 60_000.0


def read_boundaries(features: list[Any], mistakes: Mistakes) -> Rows:
    """The features of a collection; one that cannot be used is a mistake, counted by its number."""
    rows = Rows()
    for number, feature in enumerate(features, 1):
        try:
            name, found = _name(feature), _geometry(feature)
        except WrongCellError as error:
            mistakes.add(f"feature {number}", str(error))
        else:
            _add(rows, name, found)
    return rows


def _name(feature: Any) -> str:
    """The first property that ends as names of boundary files do (`LAD13NM`, `ctyua_nm`, `name`)."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    for key, value in (properties if isinstance(properties, dict) else {}).items():
        if key.lower().endswith(_NAME_ENDINGS) and isinstance(value, str) and value.strip():
            return value.strip().encode("utf-8", "replace").decode()
    raise WrongCellError("has no property that ends in NM or name.")


def _geometry(feature: Any) -> BaseGeometry:
    """The area in degrees; some files have metres of the National Grid."""
    try:
        found = shapely.make_valid(shape(feature["geometry"]))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ShapelyError):
        raise WrongCellError("its geometry cannot be read.") from None
    if found.is_empty or not found.area:
        raise WrongCellError("its geometry is empty.")
    west, south, east, north = found.bounds
    if on_globe(south, west) and on_globe(north, east):
        return found
    return _degrees(found)


def _degrees(found: BaseGeometry) -> BaseGeometry:
    def turn(points: Any) -> Any:
        return np.array([(lon, lat) for lat, lon in turned(points[:, 0], points[:, 1])])

    degrees: BaseGeometry = shapely.transform(found, turn)
    if not np.isfinite(degrees.bounds).all():
        raise WrongCellError("its positions are neither degrees nor metres of the National Grid.")
    return degrees


def _add(rows: Rows, official: str, found: BaseGeometry) -> None:
    """The area under the name people use ("Bristol, City of" → "Bristol"), and under the official one."""
    west, south, east, north = found.bounds
    lat, lon = found.centroid.y, found.centroid.x
    radius = min(max(distance_m(lat, lon, lat, east), distance_m(lat, lon, north, lon)), _MOST_M)
    radius = max(radius, distance_m(lat, lon, lat, west), distance_m(lat, lon, south, lon))
    name = official
    for ending in _OFFICIAL:
        name = name.removesuffix(ending)
    kind: Kind = "city" if official.endswith(_CITIES) else "borough"
    place = NamedPlace(name, kind, round(lat, 5), round(lon, 5), round(radius), borough=name, rank=RANK[kind])
    rows.add(place, [official] if official != name else [])
    rows.borders.append((name, found))

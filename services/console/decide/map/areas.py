"""Groups' areas as shapes, and what of them a picture shows. Pure.

Guarantees: however many points an outline has, its path is a few kilobytes; what lies outside is cut away.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from services.console.decide.draft import Document
from services.console.decide.map.view import View
from shared.areas import Polygons, as_shape

_BEYOND: Final = 40.0
"""So many units outside the picture an outline is cut: the cut is never seen."""
_FINE: Final = 0.4
"""Units: nobody sees less."""
_TWO_M: Final = 0.00002
_NOTHING: Final = shapely.MultiPolygon()


@dataclass(frozen=True, slots=True)
class GroupArea:
    """Where a group looks: its outline, and the postcode districts that it names."""

    id: str
    name: str
    shape: BaseGeometry = field(repr=False, default=_NOTHING)
    outcodes: frozenset[str] = frozenset()
    drawn: BaseGeometry = field(repr=False, default=_NOTHING)
    """The outline within two metres: what is drawn need not be finer."""

    def holds(self, lat: float, lon: float, outcode: str = "") -> bool:
        """Whether a point, or the district that it lies in, is the group's."""
        return outcode in self.outcodes or bool(shapely.contains_xy(self.shape, lon, lat))


def group_area(group: Document) -> GroupArea:
    """The area in a group's document."""
    definition = group.get("definition", {})
    area: dict[str, Any] = definition.get("area", {})
    shape = shape_of(area.get("polygons", ()))
    outcodes = frozenset(str(o).upper() for o in area.get("outcodes", ()))
    drawn = shapely.simplify(shape, _TWO_M, preserve_topology=True)
    for one in (shape, drawn):
        shapely.prepare(one)
    return GroupArea(group.get("id", ""), definition.get("name", ""), shape, outcodes, drawn)


def shape_of(polygons: Polygons) -> BaseGeometry:
    """The polygons of a definition as one sound shape; nothing where they are broken."""
    try:
        return shapely.make_valid(as_shape(polygons))
    except (ValueError, TypeError, shapely.errors.ShapelyError):
        return _NOTHING


def part_seen(view: View, shape: BaseGeometry, beyond: float = 0.0) -> BaseGeometry:
    """What of the shape lies in the picture, or a little beyond it."""
    west, south, east, north = view.box(beyond)
    met = shape.bounds
    if not met or met[0] > east or met[2] < west or met[1] > north or met[3] < south:
        return _NOTHING
    return shapely.intersection(shape, shapely.box(west, south, east, north))


def path_of(view: View, shape: BaseGeometry) -> str:
    """The shape as path data; empty where nothing of it is near the picture."""
    seen = part_seen(view, shape, _BEYOND)
    if seen.is_empty:
        return ""
    fine = (view.box()[2] - view.box()[0]) / 320 * _FINE
    seen = shapely.simplify(seen, fine, preserve_topology=True)
    polygons = (p for p in shapely.get_parts(seen) if isinstance(p, shapely.Polygon))
    rings = (ring for p in polygons for ring in (p.exterior, *p.interiors))
    return " ".join(_ring(view, ring.coords) for ring in rings)


def _ring(view: View, points: Iterable[tuple[float, ...]]) -> str:
    corners = [view.xy(point[1], point[0]) for point in points]
    return "M" + " ".join(f"{x:g},{y:g}" for x, y in corners) + "Z"


def around(points: Iterable[tuple[float, float]], *, least_m: float, room: float = 1.2) -> View | None:
    """The view that holds all these (lat, lon), and some room around them; None: there are none."""
    found = [*points]
    if not found:
        return None
    south, north = min(p[0] for p in found), max(p[0] for p in found)
    west, east = min(p[1] for p in found), max(p[1] for p in found)
    middle = View((south + north) / 2, (west + east) / 2, least_m)
    left, top = middle.xy(north, west)
    right, bottom = middle.xy(south, east)
    grown = max((right - left) * room, (bottom - top) * room, middle.units(least_m)) / middle.units(least_m)
    return View(middle.lat, middle.lon, least_m * grown)


def around_all(areas: Iterable[GroupArea], *, least_m: float, room: float = 1.15) -> View | None:
    """The view that holds all these areas; None: none of them has an outline."""
    boxes = [area.shape.bounds for area in areas if not area.shape.is_empty]
    corners = [corner for west, south, east, north in boxes for corner in ((south, west), (north, east))]
    return around(corners, least_m=least_m, room=room)

"""A group's area drawn by ourselves: outlines, neighbours, boroughs, district names, places. Pure.

No map is loaded from anywhere, so nobody learns whose area it is. North is up, and a kilometre is as long in
every direction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shapely.geometry.base import BaseGeometry

from services.console.decide.map.areas import GroupArea, around, part_seen, path_of, shape_of
from services.console.decide.map.labels import Box, Label, Wanted, placed
from services.console.decide.map.tiles import Coverage, Tile, tiles_of
from services.console.decide.map.view import SIZE, Bar, View, bar_of
from shared.contracts.groups import Area
from shared.gazetteer.port import NamedPlace, Point

_LEAST_M: Final = 1_000.0
_MOST_M: Final = 200_000.0
_ROOM: Final = 1.25
_MOST_LABELS: Final = 30
_CORNERS: Final = (Box(SIZE - 28, 0, SIZE, 34), Box(0, SIZE - 34, 130, SIZE))
"""Where north and the bar stand."""


@dataclass(frozen=True, slots=True)
class Around:
    """What lies around every group's area, as far as this hub knows."""

    groups: tuple[GroupArea, ...] = ()
    districts: Mapping[str, Point] | None = None
    borders: Mapping[str, BaseGeometry] | None = None
    """Boroughs or wards by name, out of the operator's own file."""
    places: Sequence[NamedPlace] = ()
    coverage: Coverage | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """The shapes, ready for SVG: path data and names."""

    view: View
    tiles: tuple[Tile, ...]
    own: str
    before: str
    """As it was, where it is about to change."""
    neighbours: tuple[str, ...]
    borders: tuple[str, ...]
    labels: tuple[Label, ...]
    bar: Bar


def outline_of(
    group: str, area: Area, lies: Around, *, before: Area | None = None, view: View | None = None
) -> Outline | None:
    """The picture of an area among its neighbours; None where there is nothing to draw."""
    view = view or view_of_area(area, lies, before)
    if view is None:
        return None
    others = [g for g in lies.groups if g.id != group and not part_seen(view, g.drawn).is_empty]
    borders = {name: path for name, shape in (lies.borders or {}).items() if (path := path_of(view, shape))}
    return Outline(
        view=view,
        tiles=tiles_of(view, lies.coverage) if lies.coverage else (),
        own=path_of(view, shape_of(area.polygons)),
        before=path_of(view, shape_of(before.polygons)) if before else "",
        neighbours=tuple(path for other in others if (path := path_of(view, other.drawn))),
        borders=tuple(borders.values()),
        labels=placed(_wanted(view, area, others, borders, lies), _CORNERS, most=_MOST_LABELS),
        bar=bar_of(view),
    )


def view_of_area(area: Area, lies: Around, before: Area | None = None) -> View | None:
    """The view that holds the area and its named districts, and what it was before."""
    known = lies.districts or {}
    points = [(point.lat, point.lon) for name in area.outcodes if (point := known.get(name))]
    for polygons in (area.polygons, before.polygons if before else ()):
        points += [(lat, lon) for rings in polygons if rings for lon, lat in rings[0]]
    return around(points, least_m=_LEAST_M, room=_ROOM)


def view_to_begin(group: str, area: Area, lies: Around) -> View:
    """Where somebody begins to draw: their area, else their neighbours', else the country as it is known."""
    shapes = [g.shape.bounds for g in lies.groups if g.id != group and not g.shape.is_empty]
    corners = [corner for west, south, east, north in shapes for corner in ((south, west), (north, east))]
    districts = [(point.lat, point.lon) for point in (lies.districts or {}).values()]
    found = view_of_area(area, lies) or around(corners or districts, least_m=_LEAST_M, room=_ROOM)
    found = found or View(54.5, -3.0, _MOST_M)
    return View(found.lat, found.lon, min(found.side_m, _MOST_M))


def _wanted(
    view: View, area: Area, others: Iterable[GroupArea], borders: Iterable[str], lies: Around
) -> Iterator[Wanted]:
    """Names, the most telling first: neighbours, districts (the own ones before), boroughs, places."""
    for other in others:
        yield Wanted(other.name, "theirs", _middle(view, other.drawn))
    known = lies.districts or {}
    for name in sorted(known, key=lambda name: (name not in area.outcodes, name)):
        x, y = view.xy(known[name].lat, known[name].lon)
        if 0 <= x <= SIZE and 0 <= y <= SIZE:
            yield Wanted(
                name, "district own-one" if name in area.outcodes else "district", [(x, y)], size=9.0
            )
    for name in borders:
        yield Wanted(name, "border-name", _middle(view, (lies.borders or {})[name]), size=9.0)
    for place in lies.places:
        beside = place.kind in {"station", "landmark"}
        kind = place.kind if beside or place.kind == "street" else "town"
        yield Wanted(place.name, kind, [view.xy(place.lat, place.lon)], size=10.0, beside=beside)


def _middle(view: View, shape: BaseGeometry) -> list[tuple[float, float]]:
    """A point of what is seen of the shape, well inside of it; none where nothing is seen."""
    seen = part_seen(view, shape)
    if seen.is_empty:
        return []
    point = seen.representative_point()
    return [view.xy(point.y, point.x)]

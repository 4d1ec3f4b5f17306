"""A group's area drawn by ourselves: outlines, neighbours, district names, a bar of kilometres. Pure.

No map is loaded from anywhere, so nobody learns whose area it is. North is up, and a kilometre is as long in
every direction.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from services.console.decide.draft import Document
from services.console.decide.group.facts import Districts, area_in
from shared.areas import Polygons
from shared.contracts.groups import Area

SIZE: Final = 320
_DEGREE_KM: Final = 111.32
_BARS_KM: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_LEAST_KM: Final = 1.0
_AROUND: Final = 1.25
_BEYOND: Final = SIZE
_MOST_NAMES: Final = 24
_LETTERS: Final = 22
"""Two names nearer to each other than this would lie on top of each other."""


@dataclass(frozen=True, slots=True)
class Name:
    """A word in the picture."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Outline:
    """The shapes, ready for SVG: path data and names."""

    own: str
    before: str
    """As it was, where it is about to change."""
    neighbours: tuple[str, ...]
    names: tuple[Name, ...]
    """Of districts: those that are named as own first."""
    marks: tuple[Name, ...]
    """Of neighbours, in the middle of what is seen of them."""
    bar_km: str
    bar: float


@dataclass(frozen=True, slots=True)
class _View:
    lat: float
    lon: float
    side_km: float

    def xy(self, lat: float, lon: float) -> tuple[float, float]:
        scale = SIZE / self.side_km
        narrower = math.cos(math.radians(self.lat))
        x = SIZE / 2 + (lon - self.lon) * _DEGREE_KM * narrower * scale
        return x, SIZE / 2 - (lat - self.lat) * _DEGREE_KM * scale


def outline_of(
    group: str, area: Area, groups: Iterable[Document], districts: Districts, before: Area | None = None
) -> Outline | None:
    """The picture of an area among its neighbours; None where there is nothing to draw."""
    named = [districts[name] for name in area.outcodes if name in districts]
    view = _view([*_points(area), *named, *(_points(before) if before else ())])
    if view is None:
        return None
    others = [(g, area_in(g)) for g in groups if g["id"] != group]
    bar_km = max((km for km in _BARS_KM if km <= view.side_km / 3), default=_BARS_KM[0])
    return Outline(
        own=_path(view, area.polygons),
        before=_path(view, before.polygons) if before else "",
        neighbours=tuple(path for _, theirs in others if (path := _path(view, theirs.polygons))),
        names=_names(view, area, districts),
        marks=tuple(m for g, theirs in others if (m := _mark(view, g["definition"]["name"], theirs))),
        bar_km=f"{bar_km:g}",
        bar=round(bar_km * SIZE / view.side_km, 1),
    )


def _view(points: Sequence[tuple[float, float]]) -> _View | None:
    if not points:
        return None
    south, north = min(p[0] for p in points), max(p[0] for p in points)
    west, east = min(p[1] for p in points), max(p[1] for p in points)
    lat, lon = (south + north) / 2, (west + east) / 2
    wide = (east - west) * _DEGREE_KM * math.cos(math.radians(lat))
    return _View(lat, lon, max(wide, (north - south) * _DEGREE_KM, _LEAST_KM) * _AROUND)


def _points(area: Area) -> list[tuple[float, float]]:
    return [(lat, lon) for rings in area.polygons if rings for lon, lat in rings[0]]


def _path(view: _View, polygons: Polygons) -> str:
    """Path data; a ring that lies wholly outside the picture is left out."""
    return " ".join(part for rings in polygons for ring in rings if (part := _ring(view, ring)))


def _ring(view: _View, ring: Sequence[tuple[float, float]]) -> str:
    corners: list[tuple[float, float]] = []
    for lon, lat in ring:
        x, y = view.xy(lat, lon)
        corner = _near(x), _near(y)
        if corner not in corners[-1:]:
            corners.append(corner)
    seen = any(_inside(x, y) for x, y in corners) or _around(corners)
    return "M" + " ".join(f"{x:g},{y:g}" for x, y in corners) + "Z" if len(corners) > 2 and seen else ""  # noqa: PLR2004 - a triangle


def _near(value: float) -> float:
    """What lies far outside is drawn in."""
    return round(min(SIZE + _BEYOND, max(-_BEYOND, value)), 1)


def _inside(x: float, y: float) -> bool:
    return 0 <= x <= SIZE and 0 <= y <= SIZE


def _around(corners: Sequence[tuple[float, float]]) -> bool:
    """Whether a ring without a corner in the picture may still cross it."""
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return bool(xs) and min(xs) <= SIZE and max(xs) >= 0 and min(ys) <= SIZE and max(ys) >= 0


def _names(view: _View, area: Area, districts: Districts) -> tuple[Name, ...]:
    """District names in the picture, the group's own first, none on top of another."""
    placed: list[Name] = []
    wanted = sorted(districts, key=lambda name: (name not in area.outcodes, name))
    for name in wanted:
        x, y = (round(c, 1) for c in view.xy(*districts[name]))
        free = all(abs(p.x - x) > _LETTERS or abs(p.y - y) > _LETTERS / 2 for p in placed)
        if _inside(x, y) and free and len(placed) < _MOST_NAMES:
            placed.append(Name(x, y, name))
    return tuple(placed)


def _mark(view: _View, name: str, area: Area) -> Name | None:
    """A neighbour's name in the middle of those of its corners that are in the picture."""
    corners = [view.xy(lat, lon) for lat, lon in _points(area)]
    seen = [(x, y) for x, y in corners if _inside(x, y)]
    if not seen:
        return None
    x = sum(x for x, _ in seen) / len(seen)
    y = sum(y for _, y in seen) / len(seen)
    return Name(round(x, 1), round(y, 1), name)

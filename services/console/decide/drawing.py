"""A map without a map server: the groups' own areas, the incident's disc and the reports, as shapes. Pure.

Nobody outside learns where a group looks, because nothing is asked of anybody. North is up, a metre is as
long in every direction, and a bar says how long it is; a click on the picture is a place again.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.console.decide.draft import Document

DEGREE_M: Final = 111_320.0
SIZE: Final = 320
"""Units of the picture's side; shown as many pixels where it is clicked."""
_NEAREST_M, _FARTHEST_M = 800.0, 60_000.0
_AROUND: Final = 6.0
"""The disc's radius fits so often into the picture's side."""
_LEAST_R: Final = 7.0
_BARS_M: Final = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
_MARGIN: Final = SIZE
_MOST_DOTS: Final = 150

Ring = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class View:
    """What of the world the picture shows: its middle, and the metres of its side."""

    lat: float
    lon: float
    side_m: float

    def xy(self, lat: float, lon: float) -> tuple[float, float]:
        """Where a point lies in the picture."""
        scale = SIZE / self.side_m
        x = SIZE / 2 + (lon - self.lon) * DEGREE_M * self._narrower * scale
        y = SIZE / 2 - (lat - self.lat) * DEGREE_M * scale
        return round(x, 1), round(y, 1)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Which point of the world lies there."""
        metres = self.side_m / SIZE
        lat = self.lat - (y - SIZE / 2) * metres / DEGREE_M
        lon = self.lon + (x - SIZE / 2) * metres / (DEGREE_M * self._narrower)
        return round(max(-90.0, min(90.0, lat)), 6), round(max(-180.0, min(180.0, lon)), 6)

    @property
    def _narrower(self) -> float:
        """A degree eastwards is shorter away from the equator."""
        return max(0.01, math.cos(math.radians(self.lat)))


@dataclass(frozen=True, slots=True)
class Disc:
    """A place with its uncertainty."""

    x: float
    y: float
    r: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """The shapes, ready for SVG."""

    view: View
    areas: tuple[str, ...]
    """Path data, one a group."""
    disc: Disc | None
    dots: tuple[tuple[float, float], ...]
    """Where reports say they are."""
    bar_m: int
    bar: float
    """The bar's length in units."""


def view_of(place: Document | None, groups: Iterable[Document]) -> View | None:
    """The picture around a place; without one, all of the groups' areas; None: there is nothing to show."""
    if place is not None:
        side = min(_FARTHEST_M, max(_NEAREST_M, place.get("radius_m", 0.0) * _AROUND))
        return View(place["lat"], place["lon"], side)
    points = [p for group in groups for ring in _rings(group) for p in ring]
    if not points:
        return None
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    middle = View((south + north) / 2, (west + east) / 2, 1.0)
    wide = (east - west) * DEGREE_M * math.cos(math.radians(middle.lat))
    side = max(wide, (north - south) * DEGREE_M, _NEAREST_M) * 1.15
    return View(middle.lat, middle.lon, side)


def drawing(
    view: View, place: Document | None, groups: Iterable[Document], reports: Iterable[Document]
) -> Drawing:
    """Everything in that view."""
    bar_m = max((m for m in _BARS_M if m <= view.side_m / 3), default=_BARS_M[0])
    return Drawing(
        view=view,
        areas=tuple(path for group in groups if (path := _path(view, group))),
        disc=_disc(view, place) if place else None,
        dots=_dots(view, reports),
        bar_m=bar_m,
        bar=round(bar_m * SIZE / view.side_m, 1),
    )


def _disc(view: View, place: Document) -> Disc:
    x, y = view.xy(place["lat"], place["lon"])
    return Disc(x, y, max(_LEAST_R, round(place.get("radius_m", 0.0) * SIZE / view.side_m, 1)))


def _dots(view: View, reports: Iterable[Document]) -> tuple[tuple[float, float], ...]:
    where = (r.get("position") for r in reports)
    found = {view.xy(p["lat"], p["lon"]) for p in where if p}
    return tuple(sorted(xy for xy in found if all(0 <= c <= SIZE for c in xy)))[:_MOST_DOTS]


def _rings(group: Document) -> list[Ring]:
    area: dict[str, Any] = group.get("definition", {}).get("area", {})
    return [ring for polygon in area.get("polygons", ()) for ring in polygon]


def _path(view: View, group: Document) -> str:
    return " ".join(part for ring in _rings(group) if (part := _ring(view, ring)))


def _ring(view: View, ring: Ring) -> str:
    """The ring with what lies far outside drawn in to the margin, and points that fall together left out."""
    corners: list[tuple[int, int]] = []
    for lon, lat, *_ in ring:
        x, y = (int(min(SIZE + _MARGIN, max(-_MARGIN, c))) for c in view.xy(lat, lon))
        if (x, y) not in corners[-1:]:
            corners.append((x, y))
    return "M" + " ".join(f"{x},{y}" for x, y in corners) + "Z" if len(corners) > 2 else ""  # noqa: PLR2004 - a triangle

"""An area that is being drawn: points in their order, each a place, until they make a sound outline. Pure.

Guarantees: whatever a form carries is read as points or left out, some hundreds at most; an outline comes out
only if it is sound, as if it had been uploaded.
"""

import math
import re
from collections.abc import Sequence
from typing import Final

from services.console.decide.group.upload import area_of
from services.console.decide.map.view import SIZE, View
from shared.areas import AreaError, Polygons, polygon

Points = tuple[tuple[float, float], ...]
"""(lat, lon) of each corner."""

MOST_POINTS: Final = 200
LEAST_POINTS: Final = 3
_LONGEST: Final = MOST_POINTS * 32
_NUMBER: Final = r"(-?\d{1,3}(?:\.\d{1,8})?)"
_POINT: Final = re.compile(rf"(@?){_NUMBER},{_NUMBER}")


def points_in(text: str, view: View | None) -> Points:
    """The points that a form carried: `lat,lon`, or `@x,y` for one that was set in this view's picture."""
    found = (_point(word, view) for word in text[:_LONGEST].split())
    return tuple(point for point in found if point)[:MOST_POINTS]


def _point(word: str, view: View | None) -> tuple[float, float] | None:
    match = _POINT.fullmatch(word)
    if match is None:
        return None
    one, other = float(match[2]), float(match[3])
    if match[1]:
        return view.at(one, other) if view and 0 <= one <= SIZE and 0 <= other <= SIZE else None
    return (one, other) if abs(one) <= 90 and abs(other) <= 180 else None  # noqa: PLR2004 - the globe


def as_text(points: Points) -> str:
    """The points as a form carries them."""
    return " ".join(f"{lat:.6f},{lon:.6f}" for lat, lon in points)


def with_point(points: Points, point: tuple[float, float]) -> Points:
    """With one more; the same point twice is a finger that slipped. Raises `AreaError` for too many."""
    if points and math.isclose(points[-1][0], point[0]) and math.isclose(points[-1][1], point[1]):
        return points
    if len(points) >= MOST_POINTS:
        raise AreaError("too_many_drawn", "That is more points than can be drawn.")
    return (*points, point)


def outlined(points: Points) -> Polygons:
    """The outline that the points make. Raises `AreaError` if they make none."""
    if len(set(points)) < LEAST_POINTS:
        raise AreaError("too_few_drawn", "An area needs three points.")
    ring: Sequence[tuple[float, float]] = [(lon, lat) for lat, lon in (*points, points[0])]
    return area_of([polygon(ring)])

"""From degrees to the paper of one small map: a flat projection, true to a thousandth at a town's size."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot
from typing import Final

from shared.geo import DEGREE_M, lon_scale

WIDTH: Final = 360.0
HEIGHT: Final = 270.0
_MARGIN: Final = 28.0
_EDGE: Final = 14.0
_LEAST_M: Final = 300.0
_BAR: Final = 0.3
"""The scale bar is at most this part of the width."""

LatLon = tuple[float, float]
Spot = tuple[float, float, float]
"""Latitude, longitude, and how many metres around it should be seen too."""


@dataclass(frozen=True, slots=True)
class Projection:
    """The middle of a map and how many metres a unit of its paper is."""

    lat: float
    lon: float
    metres: float

    def xy(self, lat: float, lon: float) -> tuple[float, float]:
        """Where a point is on the paper, or beyond it."""
        x = WIDTH / 2 + (lon - self.lon) * DEGREE_M * lon_scale(self.lat) / self.metres
        y = HEIGHT / 2 - (lat - self.lat) * DEGREE_M / self.metres
        return round(x, 1), round(y, 1)

    def length(self, metres: float) -> float:
        """A distance on the paper."""
        return round(metres / self.metres, 1)

    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north of the paper, in degrees."""
        tall = HEIGHT / 2 * self.metres / DEGREE_M
        wide = WIDTH / 2 * self.metres / DEGREE_M / lon_scale(self.lat)
        return self.lon - wide, self.lat - tall, self.lon + wide, self.lat + tall

    def scale_bar(self) -> tuple[float, str]:
        """Its length on the paper and what it is on the ground: the longest of 1, 2, 5, 10 … that fits."""
        most = WIDTH * _BAR * self.metres
        fitting = [n * 10**e for e in range(1, 7) for n in (1, 2, 5) if n * 10**e <= most]
        length = max(fitting, default=10)
        return self.length(length), f"{length} m" if length < 1000 else f"{length // 1000} km"  # noqa: PLR2004 - a kilometre


def projection_of(spots: Iterable[Spot]) -> Projection:
    """The map on which all these are seen, with a margin."""
    shown = list(spots)
    souths, norths = zip(*((s[0] - s[2] / DEGREE_M, s[0] + s[2] / DEGREE_M) for s in shown), strict=True)
    lat = (min(souths) + max(norths)) / 2
    degree = DEGREE_M * lon_scale(lat)
    wests, easts = zip(*((s[1] - s[2] / degree, s[1] + s[2] / degree) for s in shown), strict=True)
    wide = max((max(easts) - min(wests)) * degree, _LEAST_M)
    tall = max((max(norths) - min(souths)) * DEGREE_M, _LEAST_M)
    metres = max(wide / (WIDTH - 2 * _MARGIN), tall / (HEIGHT - 2 * _MARGIN))
    return Projection(lat, (min(wests) + max(easts)) / 2, metres)


def inside(x: float, y: float) -> bool:
    """Whether a point is on the paper."""
    return 0 <= x <= WIDTH and 0 <= y <= HEIGHT


def at_edge(x: float, y: float) -> tuple[float, float]:
    """The place at the edge of the paper in whose direction a point beyond it lies."""
    dx, dy = x - WIDTH / 2, y - HEIGHT / 2
    reach = max(abs(dx) / (WIDTH / 2 - _EDGE), abs(dy) / (HEIGHT / 2 - _EDGE), hypot(dx, dy) / WIDTH)
    return round(WIDTH / 2 + dx / reach, 1), round(HEIGHT / 2 + dy / reach, 1)

"""Which part of the world a picture shows, in the projection of map tiles (Web Mercator). Pure.

Guarantees: north is up; a metre is as long in every direction; a tile of a map is a square of the picture; a
point of the picture is a place again, and the same one.
"""

import math
from dataclasses import dataclass
from typing import Final

from shared.geo import EARTH_M

SIZE: Final = 320
"""Units of the picture's side; shown as many pixels where it is tapped."""
MOST_LAT: Final = 85.0
"""Farther north and south there are no tiles."""
_BARS_M: Final = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
_BAR_SHARE: Final = 3
_STEP: Final = 0.25
"""Of the picture's side: so far an arrow goes."""
_ZOOM: Final = 2.0
_LEAST_M, _MOST_M = 100.0, 100_000.0
_LOOKS: Final = {
    "north": (0.0, -_STEP, 1.0), "south": (0.0, _STEP, 1.0), "east": (_STEP, 0.0, 1.0),
    "west": (-_STEP, 0.0, 1.0), "in": (0.0, 0.0, 1 / _ZOOM), "out": (0.0, 0.0, _ZOOM),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """The picture's middle, and the metres of its side (there)."""

    lat: float
    lon: float
    side_m: float

    def xy(self, lat: float, lon: float) -> tuple[float, float]:
        """Where a point lies in the picture."""
        x = SIZE / 2 + math.radians(lon - self.lon) * self._radian
        y = SIZE / 2 - (up(lat) - up(self.lat)) * self._radian
        return round(x, 1), round(y, 1)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Which point of the world lies there."""
        lat = down(up(self.lat) + (SIZE / 2 - y) / self._radian)
        lon = self.lon + math.degrees((x - SIZE / 2) / self._radian)
        return round(lat, 6), round(max(-180.0, min(180.0, lon)), 6)

    def units(self, metres: float) -> float:
        """How long so many metres are in the picture."""
        return metres * SIZE / self.side_m

    def box(self, margin: float = 0.0) -> tuple[float, float, float, float]:
        """West, south, east and north of the picture, with so many units more on each side."""
        north, west = self.at(-margin, -margin)
        south, east = self.at(SIZE + margin, SIZE + margin)
        return west, south, east, north

    @property
    def world(self) -> float:
        """Units of the whole world's width."""
        return math.tau * self._radian

    @property
    def _radian(self) -> float:
        return SIZE * EARTH_M * max(0.01, math.cos(math.radians(self.lat))) / self.side_m


@dataclass(frozen=True, slots=True)
class Bar:
    """A round length to measure by, and how many units it is."""

    metres: int
    units: float

    @property
    def text(self) -> str:
        """What stands at it."""
        return f"{self.metres} m" if self.metres < 1_000 else f"{self.metres // 1_000} km"  # noqa: PLR2004 - m in a km


def bar_of(view: View) -> Bar:
    """The longest round length that fits into a third of the picture."""
    metres = max((m for m in _BARS_M if m <= view.side_m / _BAR_SHARE), default=_BARS_M[0])
    return Bar(metres, round(view.units(metres), 1))


def looked(view: View, look: str) -> View:
    """The view after a press on an arrow or on nearer and farther; any other word changes nothing."""
    if look not in _LOOKS:
        return view
    east, south, zoom = _LOOKS[look]
    lat, lon = view.at(SIZE * (0.5 + east), SIZE * (0.5 + south))
    return View(lat, lon, min(_MOST_M, max(_LEAST_M, view.side_m * zoom)))


def view_in(lat: str, lon: str, side_m: str) -> View | None:
    """The view that a form carried; None: it carried none, or none of this world."""
    try:
        found = View(float(lat), float(lon), float(side_m))
    except ValueError:
        return None
    sound = abs(found.lat) <= MOST_LAT and abs(found.lon) <= 180 and 50 <= found.side_m <= 200_000  # noqa: PLR2004 - the globe, a map
    return found if sound else None


def clicked(view: View, x: str, y: str) -> tuple[float, float] | None:
    """The place that was tapped; a keyboard "taps" the corner of a picture, and means nothing by it."""
    if not (x.isascii() and x.isdigit() and y.isascii() and y.isdigit()) or len(x + y) > 2 * len(str(SIZE)):
        return None
    if (int(x), int(y)) == (0, 0) or max(int(x), int(y)) > SIZE:
        return None
    return view.at(int(x), int(y))


def up(lat: float) -> float:
    """Mercator's height of a latitude, in radians of the equator."""
    return math.asinh(math.tan(math.radians(max(-MOST_LAT, min(MOST_LAT, lat)))))


def down(height: float) -> float:
    """The latitude of that height."""
    return max(-MOST_LAT, min(MOST_LAT, math.degrees(math.atan(math.sinh(height)))))

"""Which tiles of a map lie under a picture, and where exactly. Pure."""

import math
from dataclasses import dataclass
from typing import Final

from services.console.decide.map.view import SIZE, View, up

_LEAST_UNITS: Final = 226.0
"""A tile is drawn 226 to 452 units wide: at most nine are asked for, most often four."""
_TOO_COARSE: Final = 4
"""A tile that is shown so many times as large again says nothing any more."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a file of tiles holds: its zooms, and west, south, east and north."""

    min_zoom: int
    max_zoom: int
    box: tuple[float, float, float, float]

    def meets(self, box: tuple[float, float, float, float]) -> bool:
        """Whether it holds anything of that box."""
        west, south, east, north = self.box
        return box[0] < east and west < box[2] and box[1] < north and south < box[3]


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile's number, and its square in the picture."""

    z: int
    x: int
    y: int
    left: float
    top: float
    size: float


def tiles_of(view: View, covered: Coverage) -> tuple[Tile, ...]:
    """The tiles under the picture; none where the file does not reach, or is too coarse or too fine."""
    if not covered.meets(view.box()):
        return ()
    wished = math.floor(math.log2(view.world / _LEAST_UNITS))
    zoom = min(wished, covered.max_zoom)
    if zoom < covered.min_zoom or wished - zoom > math.log2(_TOO_COARSE):
        return ()
    size = view.world / 2**zoom
    east = (math.radians(view.lon) / math.tau + 0.5) * 2**zoom
    south = (0.5 - up(view.lat) / math.tau) * 2**zoom
    return tuple(
        Tile(zoom, x, y, _edge(x, east, size), _edge(y, south, size), round(size, 2))
        for y in _under(south, size, 2**zoom)
        for x in _under(east, size, 2**zoom)
        if covered.meets(box_of(zoom, x, y))
    )


def _edge(number: int, middle: float, size: float) -> float:
    """Where a tile begins; `middle` is the picture's, in tiles."""
    return round(SIZE / 2 + (number - middle) * size, 2)


def _under(at: float, size: float, many: int) -> range:
    """The numbers of the tiles that lie under the picture's side; `at` is its middle, in tiles."""
    half = SIZE / 2 / size
    return range(max(0, math.floor(at - half)), min(many, math.floor(at + half) + 1))


def box_of(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """West, south, east and north of a tile."""
    many = 2**z

    def lat(row: int) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / many))))

    return x / many * 360 - 180, lat(y + 1), (x + 1) / many * 360 - 180, lat(y)


def tile_at(zoom: int, lat: float, lon: float) -> tuple[int, int, int]:
    """The number of the tile in which a point lies."""
    many = 2**zoom
    x, y = (lon / 360 + 0.5) * many, (0.5 - up(lat) / math.tau) * many
    column, row = (min(many - 1, max(0, math.floor(n))) for n in (x, y))
    return zoom, column, row

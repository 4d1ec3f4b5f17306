"""What lies around a place: a few names that people know, how far they are and in which direction. Pure."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from services.console.decide.map.view import View
from shared.gazetteer.keys import name_key
from shared.gazetteer.port import Gazetteer, NamedPlace
from shared.geo import distance_m

_REACH: Final = 0.75
"""Of the picture's side: what is farther away is not in it."""
_FARTHEST_M: Final = 3_000.0
_WIDE_M: Final = 5_000.0
"""In a picture of more than this, streets are too many to name."""
_MOST, _MOST_WIDE = 40, 200
_MOST_AREAS: Final = 6
_SAME_M: Final = 150.0
_MOST_NEAREST: Final = 3
_VAGUE_M: Final = 1_000.0
"""Of a place that is known less well than this, nothing is the nearest."""
_HERE_M: Final = 25.0
_DIRECTIONS: Final = (
    "north",
    "north_east",
    "east",
    "south_east",
    "south",
    "south_west",
    "west",
    "north_west",
)


@dataclass(frozen=True, slots=True)
class Near:
    """A name, its distance, and the direction as a word of the catalog ("" where it is the very place)."""

    name: str
    metres: float
    direction: str


@lru_cache(maxsize=256)
def surroundings(known: Gazetteer, view: View) -> tuple[NamedPlace, ...]:
    """What could be named in this picture, the nearest to its middle first; districts of the town last."""
    wide = view.side_m > _WIDE_M
    reach, most = min(_FARTHEST_M, view.side_m * _REACH), _MOST_WIDE if wide else _MOST
    found = _once(known.around(view.lat, view.lon, reach, most))
    areas = _areas(known, view, found)
    if wide:
        found = tuple(place for place in found if place.kind == "station")
    return (*found, *areas)


def _once(places: Sequence[NamedPlace]) -> tuple[NamedPlace, ...]:
    """Without "X Station" beside X, and the like."""
    return tuple(p for p in places if not any(_is_longer(p, other) for other in places))


def _is_longer(one: NamedPlace, other: NamedPlace) -> bool:
    longer = one.kind == other.kind and one.name.startswith(f"{other.name} ")
    return longer and distance_m(one.lat, one.lon, other.lat, other.lon) < _SAME_M


def _areas(known: Gazetteer, view: View, around: Iterable[NamedPlace]) -> tuple[NamedPlace, ...]:
    """The parts of the town that these places say they lie in."""
    names = dict.fromkeys(place.area for place in around if place.area)
    found = (_nearest(view, known.named(name_key(name))) for name in [*names][:_MOST_AREAS])
    return tuple(place for place in found if place)


def _nearest(view: View, places: Iterable[NamedPlace]) -> NamedPlace | None:
    areas = (p for p in places if p.kind in {"area", "borough"})
    return min(areas, key=lambda p: distance_m(view.lat, view.lon, p.lat, p.lon), default=None)


def nearest(
    lat: float, lon: float, radius_m: float, label: str, places: Iterable[NamedPlace]
) -> tuple[Near, ...]:
    """The few names to say beside a place's own, with distance and direction; a station among them."""
    if radius_m >= _VAGUE_M:
        return ()
    own = label.casefold()
    near = sorted(_measured(lat, lon, places, own), key=lambda pair: pair[0])
    chosen = near[:_MOST_NEAREST]
    station = next((pair for pair in near if pair[1].kind == "station"), None)
    if station and station not in chosen:
        chosen = [*chosen[:-1], station]
    return tuple(
        Near(place.name, metres, direction(lat, lon, place.lat, place.lon) if metres >= _HERE_M else "")
        for metres, place in chosen
    )


def _measured(
    lat: float, lon: float, places: Iterable[NamedPlace], own: str
) -> Iterator[tuple[float, NamedPlace]]:
    for place in places:
        if place.kind not in {"area", "borough", "city"} and place.name.casefold() not in own:
            yield distance_m(lat, lon, place.lat, place.lon), place


def direction(lat: float, lon: float, to_lat: float, to_lon: float) -> str:
    """In which of eight directions it lies."""
    east = (to_lon - lon) * math.cos(math.radians(lat))
    turn = math.degrees(math.atan2(east, to_lat - lat)) % 360
    return _DIRECTIONS[round(turn / 45) % len(_DIRECTIONS)]

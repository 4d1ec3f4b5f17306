"""Where somebody wants to hear of: a postcode or the name of a place, and which groups' area that is. Pure.

A name that could be several places is asked after: nobody is signed up for another town's news by a guess.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal

import shapely

from shared.areas import as_shape
from shared.contracts.base import GroupId
from shared.contracts.groups import Area, GroupDefinition
from shared.contracts.subscribers import FollowedArea
from shared.gazetteer.keys import name_key
from shared.gazetteer.port import Gazetteer, NamedPlace, Point
from shared.geo import distance_m

LEAST_M: Final = 1_500.0
"""How far around a point somebody hears of things at the least: a few minutes' walk beyond the street."""
MOST_M: Final = 8_000.0
_SAME_M: Final = 2_000.0
"""Places of one name that are nearer than this are one."""
_MOST_GROUPS: Final = 3
_POSTCODE: Final = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)\s?(\d[A-Z]{2})?")

Placed = FollowedArea | Literal["where", "which"]


def place(text: str, gazetteer: Gazetteer) -> Placed:
    """The area around what these words name; else what to ask."""
    words = " ".join(text.split())
    if found := _POSTCODE.fullmatch(words.upper()):
        return _postcode(found[1], found[2], gazetteer)
    return _named(gazetteer.named(name_key(words)))


def _postcode(outcode: str, inward: str | None, gazetteer: Gazetteer) -> Placed:
    point: Point | None = gazetteer.postcode(f"{outcode} {inward}") if inward else None
    label = f"{outcode} {inward}" if point else outcode
    point = point or gazetteer.outcode(outcode)
    return _area(point.lat, point.lon, point.radius_m, label) if point else "where"


def _named(places: Sequence[NamedPlace]) -> Placed:
    if not places:
        return "where"
    first = places[0]
    if any(distance_m(first.lat, first.lon, p.lat, p.lon) > _SAME_M for p in places[1:]):
        return "which"
    return _area(first.lat, first.lon, first.radius_m, first.name)


def _area(lat: float, lon: float, radius_m: float, label: str) -> FollowedArea:
    reach = min(MOST_M, max(LEAST_M, radius_m))
    return FollowedArea(lat=lat, lon=lon, radius_m=reach, label=label[:80])


def groups_at(area: FollowedArea, groups: Mapping[GroupId, GroupDefinition]) -> tuple[GroupId, ...]:
    """The groups whose own area the place lies in; without polygons, those that name its district."""
    found = [group for group, definition in groups.items() if lies_in(area, definition)]
    return tuple(sorted(found)[:_MOST_GROUPS])


def lies_in(area: FollowedArea, definition: GroupDefinition) -> bool:
    """Whether the place lies in the group's area."""
    named = area.label.upper().partition(" ")[0]
    if named in (outcode.upper() for outcode in definition.area.outcodes):
        return True
    return _covers(definition.area)(area.lat, area.lon)


@lru_cache(maxsize=20_000)
def _covers(area: Area) -> Callable[[float, float], bool]:
    shape = as_shape(area.polygons)
    shapely.prepare(shape)
    return lambda lat, lon: bool(shapely.intersects_xy(shape, lon, lat))

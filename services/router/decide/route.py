"""Which groups an incident concerns: those whose area meets its uncertainty disc, with the share.

Both sides of a border are concerned. A place known only by its postcode district concerns the
groups that name the district, and those that hold at least a tenth of its addresses. In
nobody's area it is the nearest fallback group's; where there is none, nobody's: never a random group's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, TypeAlias

import shapely
from rpds import HashTrieMap
from shapely import ops
from shapely.geometry.base import BaseGeometry

from services.router.decide.latest import Latest
from services.router.decide.limits import MOST_GROUPS
from services.router.decide.state import Group
from shared.contracts.base import GroupId, Place
from shared.contracts.groups import Area
from shared.contracts.incidents import GroupShare
from shared.gazetteer.country import NEAR_M
from shared.gazetteer.port import Gazetteer
from shared.geo import DEGREE_M, distance_m, lon_scale

_LEAST_SHARE: Final = 0.02
_LEAST_SHARE_VAGUE: Final = 0.1
_VAGUE_M: Final = 1_000.0
_LEAST_DISC_M: Final = 30.0
_FALLBACK_REACH_M: Final = 100_000.0
_KEPT: Final = 8_192
"""Answers kept of each kind, by position: some megabytes."""

Groups: TypeAlias = "HashTrieMap[GroupId, Group]"


@dataclass(frozen=True, slots=True)
class AreaIndex:
    """All groups' polygons in one tree, the districts they name, and the fallback groups."""

    groups: Groups
    ids: tuple[GroupId, ...]
    shapes: tuple[BaseGeometry, ...]
    tree: shapely.STRtree
    by_outcode: dict[str, tuple[GroupId, ...]]
    fallbacks: tuple[GroupId, ...]
    covers: Callable[[float, float], bool]
    """Whether a point lies in some group's area. The latest answers are kept: the same streets are named."""
    shares: Callable[[Place], Mapping[GroupId, float]]
    """How much of a place lies in which groups' areas; the latest answers are kept, too."""

    def reaches(self, lat: float, lon: float, within_m: float) -> bool:
        """Whether some group's area is as near as that."""
        around = disc(Place(lat=lat, lon=lon, radius_m=within_m, how="area", label=""))
        return bool(self.tree.query(around, predicate="intersects").size)


@Latest
def area_index(groups: Groups) -> AreaIndex:
    """The index for exactly these groups; built anew only when a definition has changed."""
    ordered = sorted(groups.items())
    by_outcode: dict[str, tuple[GroupId, ...]] = {}
    for group, known in ordered:
        for outcode in known.definition.area.outcodes:
            key = outcode.upper()
            by_outcode[key] = (*by_outcode.get(key, ()), group)
    shaped = [(g, shape) for g, k in ordered if (shape := _shape(k.definition.area)) is not None]
    shapes = tuple(shape for _, shape in shaped)
    ids, tree = tuple(g for g, _ in shaped), shapely.STRtree(shapes)
    covers = lru_cache(_KEPT)(partial(_covered, tree))
    shares = lru_cache(_KEPT)(partial(_by_area, ids, shapes, tree))
    fallbacks = tuple(group for group, known in ordered if known.definition.fallback)
    return AreaIndex(groups, ids, shapes, tree, by_outcode, fallbacks, covers, shares)


def _covered(tree: shapely.STRtree, lat: float, lon: float) -> bool:
    return bool(tree.query(shapely.Point(lon, lat), predicate="intersects").size)


@lru_cache(maxsize=20_000)
def _shape(area: Area) -> BaseGeometry | None:
    """The area's polygons as one sound geometry; None where it has none."""
    if not area.polygons:
        return None
    try:
        parts = [shapely.Polygon(p[0], p[1:]) for p in area.polygons if p]
        union = shapely.union_all([shapely.make_valid(part) for part in parts])
    except (ValueError, shapely.errors.ShapelyError):
        return None
    shapely.prepare(union)
    return None if union.is_empty else union


_CIRCLE: Final = shapely.get_coordinates(shapely.Point(0, 0).buffer(1, quad_segs=6))


def disc(place: Place) -> BaseGeometry:
    """The uncertainty disc in degrees (an ellipse there); areas in it compare truly."""
    radius = max(place.radius_m, _LEAST_DISC_M) / DEGREE_M
    ring = _CIRCLE * (radius / lon_scale(place.lat), radius) + (place.lon, place.lat)
    return shapely.Polygon(ring)


def outside(place: Place, groups: Groups, gazetteer: Gazetteer) -> bool:
    """Whether a place is surely outside the country served: far from every district and every group."""
    lat, lon = place.lat, place.lon
    return gazetteer.abroad(lat, lon) and not area_index(groups).reaches(lat, lon, NEAR_M + place.radius_m)


def concerned(place: Place, groups: Groups, gazetteer: Gazetteer) -> tuple[GroupShare, ...]:
    """The groups concerned, greatest share first; the fallback group's where it is nobody's."""
    index = area_index(groups)
    shares = _by_addresses(place, index, gazetteer) if place.how == "outcode" else {}
    shares = shares or dict(index.shares(place))
    for group in _by_name(place, index):
        shares[group] = 1.0
    ordered = sorted(shares, key=lambda g: (-shares[g], g))[:MOST_GROUPS]
    found = tuple(_share(groups, g, shares[g]) for g in ordered)
    return found or _fallback(place, index)


def _share(groups: Groups, group: GroupId, share: float) -> GroupShare:
    return GroupShare(group=group, version=groups[group].version, share=round(min(1.0, share), 3))


def _by_area(
    ids: Sequence[GroupId], shapes: Sequence[BaseGeometry], tree: shapely.STRtree, place: Place
) -> dict[GroupId, float]:
    circle = disc(place)
    least = _LEAST_SHARE_VAGUE if place.radius_m > _VAGUE_M else _LEAST_SHARE
    shares: dict[GroupId, float] = {}
    for n in tree.query(circle, predicate="intersects").tolist():
        shape = shapes[n]
        share = 1.0 if shape.contains(circle) else circle.intersection(shape).area / circle.area
        if share >= least:
            shares[ids[n]] = share
    return shares


def _by_addresses(place: Place, index: AreaIndex, gazetteer: Gazetteer) -> dict[GroupId, float]:
    points = gazetteer.outcode_points(place.outcode or "")
    if not points:
        return {}
    found = index.tree.query(shapely.points([(lon, lat) for lat, lon in points]), predicate="intersects")
    counts: dict[GroupId, int] = {}
    for n in found[1].tolist():
        counts[index.ids[n]] = counts.get(index.ids[n], 0) + 1
    shares = {group: count / len(points) for group, count in counts.items()}
    return {group: share for group, share in shares.items() if share >= _LEAST_SHARE_VAGUE}


def _by_name(place: Place, index: AreaIndex) -> list[GroupId]:
    """Groups that name the district: all where nothing finer is known, else those without polygons."""
    named = index.by_outcode.get((place.outcode or "").upper(), ())
    if place.how == "outcode":
        return list(named)
    return [g for g in named if not index.groups[g].definition.area.polygons]


def _fallback(place: Place, index: AreaIndex) -> tuple[GroupShare, ...]:
    """The nearest fallback group within 100 km; one without an area of its own takes what no other does."""
    near: list[tuple[float, GroupId]] = []
    for group in index.fallbacks:
        shape = _shape(index.groups[group].definition.area)
        apart = _FALLBACK_REACH_M if shape is None else _apart(place, shape)
        if apart <= _FALLBACK_REACH_M:
            near.append((apart, group))
    return (
        (GroupShare(group=(g := min(near)[1]), version=index.groups[g].version, share=0.0),) if near else ()
    )


def fallback_group(place: Place, groups: Groups) -> GroupId | None:
    """Whose the place is if it is nobody's."""
    found = _fallback(place, area_index(groups))
    return found[0].group if found else None


def neighbours(place: Place, groups: Groups, within_m: float) -> list[GroupId]:
    """The groups whose areas come as near as that, the nearest first."""
    index = area_index(groups)
    around = disc(place.model_copy(update={"radius_m": within_m}))
    near = index.tree.query(around, predicate="intersects").tolist()
    return [group for _, group in sorted((_metres(place, index.shapes[n]), index.ids[n]) for n in near)]


def _metres(place: Place, shape: BaseGeometry) -> float:
    nearest, _ = ops.nearest_points(shape, shapely.Point(place.lon, place.lat))
    return distance_m(place.lat, place.lon, nearest.y, nearest.x)


def _apart(place: Place, shape: BaseGeometry) -> float:
    return float(shape.distance(shapely.Point(place.lon, place.lat))) * DEGREE_M

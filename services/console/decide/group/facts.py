"""What an area means before it is saved: its size, what it overlaps, which districts are in it. Pure."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import shapely
from shapely.geometry import MultiPolygon

from services.console.decide.draft import Document
from shared.areas import AreaError, as_shape, outcode_of
from shared.contracts.groups import Area
from shared.gazetteer.port import Point

Districts = Mapping[str, Point]
"""Postcode district → its middle."""

MOST_DISTRICTS: Final = 200
_DEGREE_KM: Final = 111.32
_LEAST_SHARE: Final = 0.005
"""Less than half a percent is the width of a border, and no overlap."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """What an area shares with one neighbour's."""

    group: str
    name: str
    of_ours: float
    """Of our outline, as a share."""
    of_theirs: float
    districts: tuple[str, ...]
    """Postcode districts that both name."""


@dataclass(frozen=True, slots=True)
class AreaFacts:
    """What a person is told of an area."""

    km2: float
    parts: int
    outcodes: tuple[str, ...]
    within: tuple[str, ...]
    """Postcode districts that the hub knows and whose middle lies in the outline."""
    unknown: tuple[str, ...]
    """Named districts that the hub does not know where to draw."""
    overlaps: tuple[Overlap, ...]


def districts_in(text: str) -> tuple[str, ...]:
    """The postcode districts that somebody typed, however they are parted; raises `AreaError` naming one."""
    found: list[str] = []
    for word in re.split(r"[\s,;]+", text.strip()):
        if not word:
            continue
        try:
            found.append(outcode_of(word))
        except AreaError as error:
            raise AreaError(error.code, word[:12]) from None
    if len(found) > MOST_DISTRICTS:
        raise AreaError("too_many_districts", str(len(found)))
    return tuple(sorted(set(found)))


def facts_of(group: str, area: Area, groups: Iterable[Document], districts: Districts) -> AreaFacts:
    """Everything about an area; `groups` are all groups in force."""
    shape = as_shape(area.polygons)
    return AreaFacts(
        km2=km2(shape),
        parts=len(area.polygons),
        outcodes=area.outcodes,
        within=_within(shape, districts),
        unknown=tuple(n for n in area.outcodes if n not in districts),
        overlaps=_overlaps(group, area, shape, groups),
    )


def km2(shape: MultiPolygon) -> float:
    """Its size in square kilometres, true to a percent at a group's size."""
    if shape.is_empty:
        return 0.0
    narrower = math.cos(math.radians(shape.centroid.y))
    return float(shape.area) * _DEGREE_KM**2 * narrower


def area_in(document: Document) -> Area:
    """The area of a group's document."""
    return Area.model_validate(document["definition"].get("area", {}))


def _within(shape: MultiPolygon, districts: Districts) -> tuple[str, ...]:
    return tuple(sorted(n for n, at in districts.items() if shapely.contains_xy(shape, at.lon, at.lat)))


def _overlaps(group: str, area: Area, shape: MultiPolygon, groups: Iterable[Document]) -> tuple[Overlap, ...]:
    others = (g for g in groups if g["id"] != group)
    found = [overlap for g in others if (overlap := _overlap(area, shape, g))]
    return tuple(sorted(found, key=lambda o: (-o.of_ours, o.name)))


def _overlap(area: Area, shape: MultiPolygon, other: Document) -> Overlap | None:
    theirs = area_in(other)
    shape_of_theirs = as_shape(theirs.polygons)
    shared = float(shape.intersection(shape_of_theirs).area)
    both = tuple(sorted(set(area.outcodes) & set(theirs.outcodes)))
    ours_share, theirs_share = _share(shared, shape), _share(shared, shape_of_theirs)
    if max(ours_share, theirs_share) < _LEAST_SHARE and not both:
        return None
    return Overlap(other["id"], other["definition"]["name"], ours_share, theirs_share, both)


def _share(part: float, whole: Any) -> float:
    return min(1.0, part / float(whole.area)) if whole.area else 0.0

"""A map without a map server: areas, the incident's disc, reports and names, as shapes ready for SVG. Pure.

Nobody outside learns where a group looks, because nothing is asked of anybody. What the picture shows is held
in words too, for those who do not see it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import shapely

from services.console.decide.draft import Document
from services.console.decide.map.areas import GroupArea, around_all, part_seen, path_of
from services.console.decide.map.labels import Box, Label, Wanted, placed, width_of
from services.console.decide.map.marks import Mark, marks_of
from services.console.decide.map.surroundings import Near, nearest
from services.console.decide.map.tiles import Coverage, Tile, tiles_of
from services.console.decide.map.view import SIZE, Bar, View, bar_of
from shared.gazetteer.port import NamedPlace

_NEAREST_M, _FARTHEST_M = 800.0, 60_000.0
_AROUND: Final = 6.0
"""The disc's radius fits so often into the picture's side."""
_LEAST_R: Final = 7.0
_MOST_LABELS: Final = 12
_CROSS: Final = 17.0
_ASIDE: Final = (-28.0, 28.0, -44.0, 44.0)
"""Above or below its cross a place is named."""
_RANK: Final = {"station": 0, "landmark": 1, "area": 2, "borough": 2, "city": 2, "street": 3}
_COLUMNS: Final = (64, 112, 160, 208, 256)
_ROWS: Final = (14, 34, 58, 262, 238, 90, 212, 126, 180)
_EXACT: Final = ((0, 0),)
_ABOUT: Final = ((0, 0), (0, -14), (0, 14), (34, 0), (-34, 0), (0, 28), (0, -28))
"""A road or a part of the town is longer than its name: it may stand a little aside."""
_CORNERS: Final = (Box(SIZE - 28, 0, SIZE, 34), Box(0, SIZE - 34, 130, SIZE))
"""Where north and the bar stand."""


@dataclass(frozen=True, slots=True)
class Disc:
    """A place with its uncertainty."""

    x: float
    y: float
    r: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """The shapes, ready for SVG, and what they say."""

    view: View
    tiles: tuple[Tile, ...]
    own: tuple[str, ...]
    """Path data of the areas of the groups concerned."""
    others: tuple[str, ...]
    """Path data of their neighbours'."""
    disc: Disc | None
    marks: tuple[Mark, ...]
    labels: tuple[Label, ...]
    bar: Bar
    nearest: tuple[Near, ...]
    in_areas: tuple[str, ...]
    """Names of the groups in whose area the middle of the place lies."""
    beside: tuple[str, ...]
    """Names of the other groups that the picture shows."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of the surroundings beside the incident itself."""

    areas: tuple[GroupArea, ...] = ()
    places: tuple[NamedPlace, ...] = ()
    coverage: Coverage | None = None
    """Of the map tiles that the hub holds itself, if any."""


def view_of(place: Document | None, areas: Iterable[GroupArea]) -> View | None:
    """The picture around a place; without one, all of these areas; None: there is nothing to show."""
    if place is not None:
        side = min(_FARTHEST_M, max(_NEAREST_M, place.get("radius_m", 0.0) * _AROUND))
        return View(place["lat"], place["lon"], side)
    return around_all(areas, least_m=_NEAREST_M)


def drawing(
    view: View, place: Document | None, own: frozenset[str], ground: Ground, reports: Iterable[Document] = ()
) -> Drawing:
    """Everything in that view; `own` are the groups whose incident it is."""
    disc, marks = _disc(view, place) if place else None, marks_of(view, reports)
    seen = [area for area in ground.areas if not part_seen(view, area.drawn).is_empty]
    ordered = sorted(seen, key=lambda area: (area.id not in own, area.name))
    held = _holding(place, ground.areas) if place else ()
    return Drawing(
        view=view,
        tiles=tiles_of(view, ground.coverage) if ground.coverage else (),
        own=tuple(path for area in ordered if area.id in own and (path := path_of(view, area.drawn))),
        others=tuple(path for area in ordered if area.id not in own and (path := path_of(view, area.drawn))),
        disc=disc,
        marks=marks,
        labels=placed(
            _wanted(view, place, disc, ordered, own, ground.places),
            [*_CORNERS, *_taken(disc, marks)],
            most=_MOST_LABELS,
        ),
        bar=bar_of(view),
        nearest=_nearest(place, ground.places) if place else (),
        in_areas=held,
        beside=tuple(area.name for area in ordered if area.name not in held),
    )


def _disc(view: View, place: Document) -> Disc:
    x, y = view.xy(place["lat"], place["lon"])
    return Disc(x, y, max(_LEAST_R, round(view.units(place.get("radius_m", 0.0)), 1)))


def _holding(place: Document, areas: Iterable[GroupArea]) -> tuple[str, ...]:
    outcode = place.get("outcode") or ""
    return tuple(area.name for area in areas if area.holds(place["lat"], place["lon"], outcode))


def _nearest(place: Document, places: Iterable[NamedPlace]) -> tuple[Near, ...]:
    radius, label = place.get("radius_m", 0.0), place.get("label", "")
    return nearest(place["lat"], place["lon"], radius, label, places)


def _wanted(  # noqa: PLR0913, PLR0917 - what may be named
    view: View,
    place: Document | None,
    disc: Disc | None,
    areas: Sequence[GroupArea],
    own: frozenset[str],
    places: Iterable[NamedPlace],
) -> Iterator[Wanted]:
    """The names, the most telling first: whose area it is, stations, the place itself, then the rest."""
    yield from _area_names(view, areas, own)
    others = [*_place_names(view, place, places)]
    yield from (one for one in others if one.kind == "station")
    if disc and place and place.get("label"):
        spots = [(disc.x, disc.y + shift) for shift in _ASIDE]
        yield Wanted(place["label"], "own", spots, size=13.0)
    yield from (one for one in others if one.kind != "station")


def _area_names(view: View, areas: Sequence[GroupArea], own: frozenset[str]) -> Iterator[Wanted]:
    for area in areas:
        kind, size = ("mine", 12.0) if area.id in own else ("theirs", 11.0)
        yield Wanted(area.name, kind, _inside(view, area, width_of(area.name, size) / 2), size=size)


def _inside(view: View, area: GroupArea, half: float) -> list[tuple[float, float]]:
    """Points at which the name lies wholly in the area; else those where its middle does."""
    spots = [(x, y) for y in _ROWS for x in _COLUMNS]
    middle = _held(view, area, spots)
    whole = middle & _held(view, area, spots, -half) & _held(view, area, spots, half)
    return [spots[n] for n in sorted(whole) or sorted(middle)]


def _held(view: View, area: GroupArea, spots: Sequence[tuple[float, float]], shift: float = 0.0) -> set[int]:
    points = [view.at(x + shift, y) for x, y in spots]
    found = shapely.contains_xy(area.drawn, [p[1] for p in points], [p[0] for p in points])
    return {n for n, hit in enumerate(found) if hit}


def _place_names(view: View, place: Document | None, places: Iterable[NamedPlace]) -> Iterator[Wanted]:
    own = (place or {}).get("label", "").casefold()
    for named in sorted(places, key=lambda p: _RANK[p.kind]):
        x, y = view.xy(named.lat, named.lon)
        if 0 <= x <= SIZE and 0 <= y <= SIZE and named.name.casefold() not in own:
            beside = named.kind in {"station", "landmark"}
            kind = "town" if _RANK[named.kind] == _RANK["area"] else named.kind
            near = _EXACT if beside else _ABOUT
            yield Wanted(named.name, kind, [(x + dx, y + dy) for dx, dy in near], beside=beside)


def _taken(disc: Disc | None, marks: Iterable[Mark]) -> Iterator[Box]:
    if disc:
        yield Box(disc.x - _CROSS, disc.y - _CROSS, disc.x + _CROSS, disc.y + _CROSS)
    for mark in marks:
        right = 8 + (width_of(f"×{mark.count}", 11.0) if mark.count > 1 else 0)
        yield Box(mark.x - 8, mark.y - 8, mark.x + right, mark.y + 8)

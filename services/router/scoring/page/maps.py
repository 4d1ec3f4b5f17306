"""The maps of a scenario: what is true as crosses, what was predicted as circles, phones as dots. Pure.

A scenario in two towns has two maps. What lies far from everything true stands at the edge with its distance,
so that one wrong place does not shrink the rest to a dot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import shapely
from shapely.geometry import MultiPolygon, box
from shapely.geometry.base import BaseGeometry

from services.router.scoring.events import Event, error_m
from services.router.scoring.mistakes import FAR_M, metres
from services.router.scoring.page.project import (
    WIDTH,
    LatLon,
    Projection,
    Spot,
    at_edge,
    inside,
    projection_of,
)
from services.router.scoring.page.story import Predicted, Story
from services.router.scoring.truth import Judged
from shared.contracts.groups import GroupDefinition
from shared.geo import distance_m

_APART_M: Final = 12_000.0
"""Places farther apart than this, with nothing between, have maps of their own."""

_NEAR_M: Final = 3_000.0
"""A phone or a wrong place farther off than this stands at the edge."""

_SHOWN_M: Final = 700.0
"""As much of an uncertainty's circle is always seen."""

_NAMED: Final = 0.06
"""An area that covers less of the map than this goes without its name."""

_ALL: Final = 0.9
_LABELS_APART: Final = 34.0


@dataclass(frozen=True, slots=True)
class Cross:
    """A true event."""

    x: float
    y: float
    radius: float
    name: str
    below: bool = False
    """Whether its name stands below it, because another stands above."""


@dataclass(frozen=True, slots=True)
class Disc:
    """A predicted incident, with the line to its event; at the edge it has a distance instead of a circle."""

    x: float
    y: float
    radius: float
    letter: str
    colour: int
    title: str
    to: tuple[float, float] | None = None
    wrong: bool = False
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A phone."""

    x: float
    y: float
    colour: int | None
    title: str


@dataclass(frozen=True, slots=True)
class Outline:
    """A group's border as far as it is on the map, and where its name stands."""

    path: str
    name: str
    named: bool
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Map:
    """Everything on one map, in units of its paper."""

    crosses: Sequence[Cross]
    discs: Sequence[Disc]
    dots: Sequence[Dot]
    outlines: Sequence[Outline]
    bar: float
    bar_name: str
    phones_beyond: int

    @property
    def title(self) -> str:
        """For those who cannot see it."""
        return (
            f"Map: {len(self.crosses)} true incidents, {len(self.discs)} predicted, {len(self.dots)} phones"
        )


Areas = Sequence[tuple[str, BaseGeometry]]
"""Names, which two groups may share, with polygons."""


def areas_of(definitions: Iterable[GroupDefinition]) -> Areas:
    """The groups' polygons, made once."""
    return [(d.name, _polygons(d.area.polygons)) for d in definitions if d.area.polygons]


def _polygons(polygons: Iterable[Sequence[Any]]) -> BaseGeometry:
    return shapely.make_valid(MultiPolygon([(rings[0], rings[1:]) for rings in polygons]))


def maps_of(story: Story, areas: Areas) -> list[Map]:
    """The maps of a scenario; none if nothing in it has a place."""
    towns = _towns(_anchors(story))
    return [_map(story, town, towns, areas) for town in towns]


def _anchors(story: Story) -> list[LatLon]:
    """What a map is about: true events, and predicted incidents that are of none of them."""
    true = [at for event in story.events if (at := _true_place(event)) is not None]
    known = {event.id for event in story.events}
    others = [_place(p.first) for p in story.predicted.values() if p.home not in known]
    return true + [at for at in others if at is not None]


def _true_place(event: Event) -> LatLon | None:
    truth = event.messages[0].truth
    return None if truth.lat is None or truth.lon is None else (truth.lat, truth.lon)


def _place(message: Judged) -> LatLon | None:
    return None if message.lat is None or message.lon is None else (message.lat, message.lon)


def _towns(anchors: Iterable[LatLon]) -> list[list[LatLon]]:
    """Anchors that belong on one map."""
    towns: list[list[LatLon]] = []
    for anchor in anchors:
        near = [town for town in towns if _apart(anchor, town) <= _APART_M]
        towns = [town for town in towns if town not in near] + [
            [anchor, *(at for town in near for at in town)]
        ]
    return towns


def _apart(at: LatLon, town: Sequence[LatLon]) -> float:
    return min(distance_m(*at, *other) for other in town)


def _map(story: Story, town: Sequence[LatLon], towns: Sequence[Sequence[LatLon]], areas: Areas) -> Map:
    def here(at: LatLon | None) -> bool:
        return at is not None and min(towns, key=lambda other: _apart(at, other)) is town

    events = [e for e in story.events if here(_true_place(e))]
    predicted = [p for p in story.predicted.values() if here(_place(p.first))]
    phones = [m for m in story.messages if here(_phone(m))]
    paper = projection_of(_spots(town, events, predicted, phones))
    dots = [dot for m in phones if (dot := _dot(paper, m, story)) is not None]
    bar, bar_name = paper.scale_bar()
    return Map(
        crosses=_crosses(paper, events, story.name),
        discs=[_disc(paper, p, events) for p in predicted],
        dots=dots,
        outlines=_outlines(paper, areas),
        bar=bar,
        bar_name=bar_name,
        phones_beyond=len(phones) - len(dots),
    )


def _phone(message: Judged) -> LatLon | None:
    line = message.line
    return None if line.lat is None or line.lon is None else (line.lat, line.lon)


def _spots(
    town: Sequence[LatLon], events: Sequence[Event], predicted: Sequence[Predicted], phones: Sequence[Judged]
) -> Iterable[Spot]:
    """What must be seen. `town` is never empty, so neither is this."""
    yield from ((*at, 0.0) for at in town)
    for event in events:
        truth = event.messages[0].truth
        yield truth.lat or 0.0, truth.lon or 0.0, truth.radius_m or 0.0
    for found in predicted:
        at = _place(found.first)
        if at is not None and _apart(at, town) <= _NEAR_M:
            yield (*at, min(found.first.radius_m or 0.0, _SHOWN_M))
    for message in phones:
        phone = _phone(message)
        if phone is not None and _apart(phone, town) <= _NEAR_M:
            yield (*phone, 0.0)


def _crosses(paper: Projection, events: Sequence[Event], scenario: str) -> list[Cross]:
    found: list[Cross] = []
    for event in events:
        truth = event.messages[0].truth
        x, y = paper.xy(truth.lat or 0.0, truth.lon or 0.0)
        near = [c for c in found if abs(c.x - x) < _LABELS_APART and abs(c.y - y) < _LABELS_APART / 2]
        below = bool(near) and not near[-1].below
        name = event.id.removeprefix(f"{scenario}-")
        found.append(Cross(x, y, paper.length(truth.radius_m or 0.0), name, below))
    return found


def _disc(paper: Projection, found: Predicted, events: Sequence[Event]) -> Disc:
    first = found.first
    x, y = paper.xy(first.lat or 0.0, first.lon or 0.0)
    home = next((e for e in events if e.id == found.home), None)
    place = _true_place(home) if home else None
    off = error_m(first) if found.opened else None
    by = "opened by" if found.opened else "named by"
    title = f"{found.letter}: {by} {first.id}, ± {first.radius_m or 0:.0f} m"
    disc = Disc(
        x=x,
        y=y,
        radius=paper.length(first.radius_m or 0.0),
        letter=found.letter,
        colour=found.colour,
        title=title if off is None else f"{title}, {metres(off)} off",
        to=paper.xy(*place) if place and found.opened else None,
        wrong=found.opened and (home is None or (off is not None and off > FAR_M)),
    )
    return disc if inside(x, y) else _beyond(disc, first, place)


def _beyond(disc: Disc, first: Judged, place: LatLon | None) -> Disc:
    x, y = at_edge(disc.x, disc.y)
    away = metres(distance_m(first.lat or 0.0, first.lon or 0.0, *place)) if place else "off the map"
    return Disc(x, y, 0.0, disc.letter, disc.colour, disc.title, disc.to, disc.wrong, away)


def _dot(paper: Projection, message: Judged, story: Story) -> Dot | None:
    x, y = paper.xy(message.line.lat or 0.0, message.line.lon or 0.0)
    if not inside(x, y):
        return None
    found = story.predicted.get(message.incident or "")
    return Dot(x, y, found.colour if found else None, f"phone of {message.id}")


def _outlines(paper: Projection, areas: Areas) -> list[Outline]:
    """Groups' borders, cut to the paper."""
    view = box(*paper.bounds())
    found = []
    for name, area in areas:
        if area.intersects(view):
            cut = area.intersection(view)
            share = cut.area / view.area
            found.append(Outline(_path(paper, cut), name, share >= _NAMED, *_name_at(paper, cut, share)))
    return found


def _name_at(paper: Projection, cut: BaseGeometry, share: float) -> tuple[float, float]:
    """Within its part of the map; at the top if that is nearly all, for in the middle stands what matters."""
    within = cut.representative_point()
    return (WIDTH / 2, 18.0) if share >= _ALL else paper.xy(within.y, within.x)


def _path(paper: Projection, cut: BaseGeometry) -> str:
    rings = [p.exterior for p in getattr(cut, "geoms", [cut]) if p.geom_type == "Polygon"]
    return " ".join(_ring(paper, ring.coords) for ring in rings)


def _ring(paper: Projection, points: Iterable[Sequence[float]]) -> str:
    steps = [paper.xy(point[1], point[0]) for point in points]
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in dict.fromkeys(steps)) + "Z"

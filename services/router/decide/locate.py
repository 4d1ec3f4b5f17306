"""Where a report is: a point, an uncertainty radius, and how it was found.

Sources in order of trust: a point or full postcode in the words, two streets that meet, a street or
landmark, the phone's position, district and area. Words beat a distant phone, because people
report what happens elsewhere. A name that may mean several places is settled by what else is
known, or stays ambiguous: a wrong place is worse than a vague one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from services.router.decide.geo import distance_m
from services.router.decide.mentions import Mention, Mentions, find_mentions
from services.router.decide.places import at, label_of, meeting, road
from services.router.decide.reasons import AMBIGUOUS_PLACE, NO_PLACE
from services.router.gazetteer.port import PRECISE, Gazetteer, NamedPlace
from shared.contracts.base import Place, Position
from shared.contracts.reports import ReportContent

PRECISE_M: Final = 1_200.0
"""Streets and points known better than this are precise; areas and districts never are."""

_PHONE_M: Final = 100.0
_PHONE_LEAST_M: Final = 30.0
_POINT_M: Final = 50.0
_ONE_ROAD_M: Final = 1_300.0
_MOST_ROWS_OF_A_ROAD: Final = 100
_PHONE_REACH_M: Final = 5_000.0
_AREA_LEAST_M: Final = 3_000.0

Disc = tuple[float, float, float]
"""Latitude, longitude, radius in metres."""

Covered = Callable[[float, float], bool]
"""Whether a point lies in some group's area."""


def precise(place: Place | None) -> bool:
    """Whether a place is a point or street rather than an area: good enough to open an incident at once."""
    return place is not None and place.radius_m <= PRECISE_M and place.how not in {"area", "outcode"}


@dataclass(frozen=True, slots=True)
class Hints:
    """What else is known where words alone are ambiguous."""

    covered: Covered
    thread: Place | None = None
    """The place of the incident that the same sender wrote about before."""


@dataclass(frozen=True, slots=True)
class Located:
    """The place, or the reason why there is none."""

    place: Place | None
    reason: str


def locate(content: ReportContent, gazetteer: Gazetteer, hints: Hints) -> Located:
    """Find the report's place; see the module's order of trust."""
    text = f"{content.text} \n {content.postcode}" if content.postcode else content.text
    mentions = find_mentions(text, gazetteer)
    said = _exact(mentions, gazetteer) or _named(mentions, content.position, gazetteer, hints)
    if content.position is None:
        return said if isinstance(said, Located) else Located(said, "found" if said else NO_PLACE)
    place = said.place if isinstance(said, Located) else said
    return Located(_with_phone(place, content.position, gazetteer), "found")


def _exact(mentions: Mentions, gazetteer: Gazetteer) -> Place | None:
    if mentions.point:
        lat, lon = mentions.point
        return at(
            lat, lon, _POINT_M, "coordinates", _nearby(lat, lon, gazetteer), gazetteer.outcode_at(lat, lon)
        )
    for postcode in mentions.postcodes:
        if point := gazetteer.postcode(postcode):
            streets = [m.name for m in mentions.names if m.precise]
            label = ", ".join([*streets[:1], postcode])
            return at(point.lat, point.lon, point.radius_m, "postcode", label, postcode.split(" ")[0])
    return None


def _nearby(lat: float, lon: float, gazetteer: Gazetteer) -> str:
    outcode = gazetteer.outcode_at(lat, lon)
    return f"near {lat:.4f}, {lon:.4f}" + (f", {outcode}" if outcode else "")


def _named(mentions: Mentions, phone: Position | None, gazetteer: Gazetteer, hints: Hints) -> Located:
    area = _area(mentions, phone, gazetteer, hints)
    exact = [m for m in mentions.names if m.precise]
    anchors = _believed(_anchors(mentions, gazetteer), exact, phone, hints)
    found = _precise(exact, anchors, phone, hints)
    if found is not None:
        return Located(found, "found")
    if area is not None:
        return Located(area, "found")
    return Located(None, AMBIGUOUS_PLACE if mentions.names else NO_PLACE)


def _anchors(mentions: Mentions, gazetteer: Gazetteer) -> list[Disc]:
    """Discs that the text itself names as the surroundings: districts, areas, boroughs."""
    points = [
        gazetteer.outcode(o) for o in (*mentions.outcodes, *(p.split(" ")[0] for p in mentions.postcodes))
    ]
    discs = [(p.lat, p.lon, p.radius_m) for p in points if p]
    wide = (c for m in mentions.names for c in m.candidates if c.kind not in PRECISE)
    return [*discs, *((c.lat, c.lon, c.radius_m) for c in wide)]


def _believed(
    anchors: list[Disc], exact: Sequence[Mention], phone: Position | None, hints: Hints
) -> list[Disc]:
    """The surroundings that may speak against a street: not a far-off village called like a word.

    Where no street named lies in any of them, they count only against the phone's silence, and
    only those in some group's area.
    """
    streets = [c for m in exact for c in m.candidates if c.kind in PRECISE]
    if any(_within(street, anchors) for street in streets):
        return anchors
    if streets and _near_phone(streets, phone):
        return []
    return [disc for disc in anchors if hints.covered(disc[0], disc[1])]


def _within(place: NamedPlace, anchors: Sequence[Disc]) -> bool:
    return any(
        distance_m(place.lat, place.lon, lat, lon) <= max(_AREA_LEAST_M, 1.3 * radius)
        for lat, lon, radius in anchors
    )


def _precise(
    names: Sequence[Mention],
    anchors: Sequence[Disc],
    phone: Position | None,
    hints: Hints,
) -> Place | None:
    """Streets and landmarks: two that meet, else the one that the clues settle."""
    options = [
        [c for c in m.candidates if c.kind in PRECISE and (not anchors or _within(c, anchors))] for m in names
    ]
    options = [found for found in options if found]
    met = meeting([_settled(found, phone, hints) or found for found in options])
    if met is not None:
        return met
    for found in options:
        settled = _settled(found, phone, hints)
        if settled:
            return road(settled)
    return None


def _settled(found: list[NamedPlace], phone: Position | None, hints: Hints) -> list[NamedPlace]:
    """The rows that are one place (a long road has several), or nothing where they stay ambiguous."""
    for narrower in (
        _best_ranked(found),
        _near_phone(found, phone),
        _near_thread(found, hints),
        _covered(found, hints),
    ):
        if narrower and _one_place(narrower):
            return narrower
    return []


def _best_ranked(found: Sequence[NamedPlace]) -> list[NamedPlace]:
    best = max(place.rank for place in found)
    return [place for place in found if place.rank == best]


def _near_phone(found: Sequence[NamedPlace], phone: Position | None) -> list[NamedPlace]:
    if phone is None:
        return []
    reach = _PHONE_REACH_M + (phone.accuracy_m or 0)
    return _nearest(found, phone.lat, phone.lon, reach)


def _near_thread(found: Sequence[NamedPlace], hints: Hints) -> list[NamedPlace]:
    return _nearest(found, hints.thread.lat, hints.thread.lon, _PHONE_REACH_M) if hints.thread else []


def _nearest(found: Sequence[NamedPlace], lat: float, lon: float, reach: float) -> list[NamedPlace]:
    """The nearest within reach, with the rows beside it that are the same road."""
    by_distance = sorted(found, key=lambda p: distance_m(lat, lon, p.lat, p.lon))
    first = by_distance[0]
    if distance_m(lat, lon, first.lat, first.lon) > reach:
        return []
    return [p for p in by_distance if distance_m(first.lat, first.lon, p.lat, p.lon) <= _ONE_ROAD_M]


def _covered(found: Sequence[NamedPlace], hints: Hints) -> list[NamedPlace]:
    return [place for place in found if hints.covered(place.lat, place.lon)]


def _one_place(found: Sequence[NamedPlace]) -> bool:
    """Whether all rows hang together, each within a stone's throw of road from another."""
    if len(found) > _MOST_ROWS_OF_A_ROAD:
        return False
    waiting, reached = list(found[1:]), [found[0]]
    while reached and waiting:
        here = reached.pop()
        near = [p for p in waiting if distance_m(here.lat, here.lon, p.lat, p.lon) <= _ONE_ROAD_M]
        waiting = [p for p in waiting if p not in near]
        reached += near
    return not waiting


def _area(mentions: Mentions, phone: Position | None, gazetteer: Gazetteer, hints: Hints) -> Place | None:
    """The smallest of the named districts and areas, as far as each is one place."""
    outcodes = (*mentions.outcodes, *(p.split(" ")[0] for p in mentions.postcodes))
    districts = [(o, point) for o in outcodes if (point := gazetteer.outcode(o))]
    places = [at(p.lat, p.lon, p.radius_m, "outcode", o, o) for o, p in districts]
    for mention in mentions.names:
        wide = [c for c in mention.candidates if c.kind not in PRECISE]
        near = [c for c in wide if places and _within(c, [(p.lat, p.lon, p.radius_m) for p in places])]
        if found := _settled_area(near or wide, phone, hints):
            places.append(
                at(found.lat, found.lon, found.radius_m, "area", label_of(found), found.outcode or None)
            )
    return min(places, key=lambda p: p.radius_m, default=None)


def _settled_area(found: Sequence[NamedPlace], phone: Position | None, hints: Hints) -> NamedPlace | None:
    """The area meant: the widest of those that hang together, for the name alone promises no more."""
    for narrower in _narrowed_areas(found, phone, hints):
        if narrower and _one_area(narrower):
            return max(narrower, key=lambda p: p.radius_m)
    return None


def _narrowed_areas(
    found: Sequence[NamedPlace], phone: Position | None, hints: Hints
) -> Iterable[list[NamedPlace]]:
    if found:
        yield list(found)
        yield _best_ranked(found)
        yield _near_phone(found, phone)
        yield _near_thread(found, hints)
        yield _covered(found, hints)


def _one_area(found: Sequence[NamedPlace]) -> bool:
    first = max(found, key=lambda p: p.radius_m)
    return all(
        distance_m(first.lat, first.lon, p.lat, p.lon) <= first.radius_m + _AREA_LEAST_M for p in found
    )


def _with_phone(said: Place | None, phone: Position, gazetteer: Gazetteer) -> Place:
    """Words and phone together: the phone refines what it agrees with, and yields where it does not."""
    accuracy = max(_PHONE_M if phone.accuracy_m is None else phone.accuracy_m, _PHONE_LEAST_M)
    if said is None:
        outcode = gazetteer.outcode_at(phone.lat, phone.lon)
        return at(
            phone.lat, phone.lon, accuracy, "coordinates", _nearby(phone.lat, phone.lon, gazetteer), outcode
        )
    apart = distance_m(said.lat, said.lon, phone.lat, phone.lon)
    agrees = apart <= said.radius_m + accuracy and accuracy < said.radius_m
    if said.how in {"postcode", "coordinates"} or not agrees:
        return said
    return at(phone.lat, phone.lon, accuracy, "coordinates", said.label, said.outcode)

"""What else is known where words alone are ambiguous: districts and areas named, the phone, the thread."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.router.decide.codes import Codes
from services.router.decide.mentions import Mention, Mentions
from shared.contracts.base import Place, Position
from shared.gazetteer.port import PRECISE, Gazetteer, NamedPlace
from shared.geo import distance_m

PRECISE_M: Final = 1_200.0
"""Streets and points known better than this are precise; areas and districts never are."""


PHONE_M: Final = 100.0
PHONE_IN_AREA_M: Final = 150.0
"""Who names no street may stand on a bus: their phone is not quite where it happens."""


ONE_ROAD_M: Final = 1_300.0


AREA_LEAST_M: Final = 2_000.0


OTHER_CITY_M: Final = 40_000.0
_ENOUGH_AROUND: Final = 20


_GUESSED: Final = frozenset({"bare", "shortened", "similar"})


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
    hearsay: bool = False
    """Whether the sender is not there: then the phone says little."""
    witness: bool = False
    """Whether the sender is there: then the phone says more than an area named in passing."""
    languages: tuple[str, ...] = ("en",)
    moved: bool = False
    """Whether the words say that it moved: then the last place named is where it is."""
    leaves: bool = False
    """Whether the words say that they left: then what they went towards is not where it was."""
    live: tuple[Place, ...] = ()
    """Where something is going on, if that is at few places."""
    home: tuple[Disc, ...] = ()
    """Where the chat is at home that it was written in."""


@dataclass(frozen=True, slots=True)
class Clues:
    """Everything that may settle a name."""

    codes: tuple[Disc, ...]
    """Postcode districts and sectors in the text."""
    discs: tuple[Disc, ...]
    """All surroundings that the text names: districts, sectors, areas, boroughs."""
    bound: tuple[tuple[int, int, tuple[Disc, ...]], ...]
    """Areas with the words they take, for binding to a street beside them."""
    sure: tuple[tuple[int, int, tuple[Disc, ...]], ...]
    """Those of them that are surely meant, not "the green" or half a name: they may speak against a place."""
    boroughs: frozenset[str]
    phone: Position | None
    typed: Disc | None
    """The postcode of the form's own field."""
    hints: Hints
    unlisted: bool = False
    """Whether the phone is where no street is listed: one of the name named may well be there."""
    small: tuple[Disc, ...] = field(default=())
    """The surroundings small enough to choose a stretch of a road by."""


def clues_of(
    mentions: Mentions, phone: Position | None, typed: Codes | None, gazetteer: Gazetteer, hints: Hints
) -> Clues:
    """Everything beside the names themselves that may settle them."""
    wide = [(m, [c for c in m.candidates if c.kind not in PRECISE]) for m in mentions.names if not m.denied]
    wide = [(m, found) for m, found in wide if found]
    codes = code_discs(mentions.codes, gazetteer)
    named = [(m.start, m.end, tuple((c.lat, c.lon, c.radius_m) for c in found)) for m, found in wide]
    discs = (*codes, *(disc for _, _, found in named for disc in found))
    return Clues(
        codes=tuple(codes),
        discs=discs,
        bound=tuple(named),
        sure=tuple(
            n
            for n, (m, _) in zip(named, wide, strict=True)
            if (m.may_be_area or m.capital) and _speaks_against(m, _around(phone, n[2]), hints)
        ),
        boroughs=frozenset(
            c.borough or c.name for _, found in wide for c in found if c.kind in {"borough", "city"}
        ),
        phone=phone,
        typed=next(iter(code_discs(typed, gazetteer)), None) if typed else None,
        hints=hints,
        unlisted=phone is not None and _unlisted(phone, mentions, gazetteer),
        small=tuple(d for d in discs if d[2] <= ONE_ROAD_M),
    )


def _speaks_against(area: Mention, around_phone: bool, hints: Hints) -> bool:  # noqa: FBT001 - what is known
    """Whether an area is surely meant, and said of where it happens.

    Half a name is, where somebody stands in it ("by the market fulham"); where somebody is who tells what
    they heard is not: "I am in Birmingham".
    """
    if around_phone:
        return not hints.hearsay
    return area.how not in _GUESSED


def _around(phone: Position | None, named: Sequence[Disc]) -> bool:
    """Whether the phone lies in one of these."""
    return phone is not None and any(
        distance_m(phone.lat, phone.lon, lat, lon) <= max(radius, AREA_LEAST_M) for lat, lon, radius in named
    )


def _unlisted(phone: Position, mentions: Mentions, gazetteer: Gazetteer) -> bool:
    """Whether some name means a place in another city than the phone's, whose own streets are not listed."""
    afar = any(
        c.kind in PRECISE and distance_m(phone.lat, phone.lon, c.lat, c.lon) > OTHER_CITY_M
        for mention in mentions.names
        for c in mention.candidates
    )
    if not afar or gazetteer.abroad(phone.lat, phone.lon):
        return False
    around = gazetteer.around(phone.lat, phone.lon, AREA_LEAST_M, _ENOUGH_AROUND)
    return all(place.kind != "street" for place in around)


def code_discs(codes: Codes, gazetteer: Gazetteer) -> list[Disc]:
    """The discs of all postcodes, sectors and districts."""
    points = [
        *(gazetteer.postcode(p) for p in codes.postcodes),
        *(gazetteer.sector(s) for s in codes.sectors),
        *(
            gazetteer.outcode(o)
            for o in (*codes.outcodes, *(p.split(" ")[0] for p in (*codes.postcodes, *codes.sectors)))
        ),
    ]
    return [(p.lat, p.lon, p.radius_m) for p in points if p]


def within(place: NamedPlace, discs: Iterable[Disc]) -> bool:
    """Whether a place lies in or beside one of the discs."""
    return any(
        distance_m(place.lat, place.lon, lat, lon) <= max(AREA_LEAST_M, 1.2 * radius)
        for lat, lon, radius in discs
    )


def nearness(place: NamedPlace, disc: Disc) -> float:
    """3 in the middle of a disc, 2 at its edge, 0 at twice its reach and beyond."""
    lat, lon, radius = disc
    reach = max(AREA_LEAST_M, 1.2 * radius)
    apart = distance_m(place.lat, place.lon, lat, lon) / reach
    return 3.0 - apart if apart <= 1 else max(0.0, 4.0 - 2 * apart)


def phone_disc(clues: Clues) -> Disc | None:
    """Where the phone is, if it says so."""
    phone = clues.phone
    return None if phone is None else (phone.lat, phone.lon, phone.accuracy_m or PHONE_M)

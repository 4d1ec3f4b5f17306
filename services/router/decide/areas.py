"""Districts and areas: the smallest of those named, as far as each is one place."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from services.router.decide.clues import ONE_ROAD_M, OTHER_CITY_M, Clues, Disc, phone_disc, within
from services.router.decide.codes import Codes
from services.router.decide.mentions import Mention, Mentions
from services.router.decide.places import at, label_of
from services.router.decide.weigh import COVERED, MARGIN, RANK, Cluster, by_phone, by_point, by_thread
from shared.contracts.base import Place
from shared.gazetteer.port import PRECISE, Gazetteer, NamedPlace
from shared.geo import distance_m

_TOO_WIDE_M: Final = 12_000.0
"""An area wider than this says nothing: "London"."""


ONE_AREA_M: Final = 3_000.0


_SHORT_NAME: Final = 5


_NAMESAKES: Final = 3


_A_TOWN: Final = 3


_ONE_TOWN_M: Final = 6_000.0


_APPROXIMATE_M: Final = 1_500.0
"""How far a place may lie from the centre of its district."""


_FOR_A_ROW: Final = 0.4


_MOST_FOR_ROWS: Final = 1.6
"""A town has many districts and so many rows of its name; a hamlet has one."""


def area_place(mentions: Mentions, clues: Clues, gazetteer: Gazetteer) -> Place | None:
    """The smallest of the named districts and areas, as far as each is one place."""
    places = [p for p in (district(mentions.codes, gazetteer),) if p]
    districts = [(p.lat, p.lon, p.radius_m) for p in places]
    for mention in mentions.names:
        wide = [c for c in mention.candidates if c.kind not in PRECISE]
        if mention.denied or not mention.may_be_area:
            continue
        if not wide:
            places += _around(mention)
            continue
        if not _believable(mention, wide, clues):
            continue
        near = [c for c in wide if districts and within(c, districts)]
        if near and len(wide) >= _A_TOWN:  # the district named is smaller than the town
            continue
        if (found := _settled_area(near or wide, mentions, clues)) and not (near and found.approximate):
            radius = min(found.radius_m, _APPROXIMATE_M) if found.approximate else found.radius_m
            places.append(at(found.lat, found.lon, radius, "area", label_of(found), found.outcode or None))
    places = [p for p in places if p.radius_m <= _TOO_WIDE_M]
    return min(places, key=lambda p: (_by_the_phone(p, clues), p.radius_m), default=None)


def _around(mention: Mention) -> Iterator[Place]:
    """Where many things are called after an area that has no row of its own: "Goodmayes"."""
    rows = mention.candidates
    if mention.how != "shortened" or len(rows) < _NAMESAKES:
        return
    lat, lon = sum(p.lat for p in rows) / len(rows), sum(p.lon for p in rows) / len(rows)
    reach = max(distance_m(lat, lon, p.lat, p.lon) for p in rows)
    if reach <= ONE_AREA_M:
        label = f"{_common_start([p.name for p in rows])}, {rows[0].area or rows[0].borough}"
        yield at(lat, lon, max(reach, _APPROXIMATE_M), "area", label, rows[0].outcode or None)


def _common_start(names: Sequence[str]) -> str:
    """The words that all names begin with."""
    words = [name.split() for name in names]
    shared = [column[0] for column in zip(*words, strict=False) if len(set(column)) == 1]
    return " ".join(shared) or names[0]


def _by_the_phone(place: Place, clues: Clues) -> int:
    """Of several areas the one around the phone comes first; if its owner is not there, last."""
    if clues.phone is None:
        return 1
    near = distance_m(place.lat, place.lon, clues.phone.lat, clues.phone.lon) <= place.radius_m + ONE_ROAD_M
    return 1 if not near else 2 if clues.hints.hearsay else 0


def _believable(mention: Mention, wide: Sequence[NamedPlace], clues: Clues) -> bool:
    """A far village called like a word, or spelt otherwise, is believed only near a group or the phone."""
    spelt = mention.how in {"exact", "translated"} and len(mention.name) >= _SHORT_NAME
    if spelt and (len(wide) >= _A_TOWN or not all(c.approximate for c in wide)):
        return True
    if mention.how == "similar" and _elsewhere_named(wide, clues):
        return False
    phone = phone_disc(clues)
    return any(clues.hints.covered(c.lat, c.lon) for c in wide) or (
        phone is not None and any(distance_m(c.lat, c.lon, phone[0], phone[1]) <= ONE_AREA_M for c in wide)
    )


def _elsewhere_named(wide: Sequence[NamedPlace], clues: Clues) -> bool:
    """Whether the words surely name an area far from all of these: "Sharrow, Sheffield" is not Harrow."""
    named = [disc for _, _, discs in clues.sure for disc in discs]
    return bool(named) and not any(
        distance_m(c.lat, c.lon, lat, lon) <= OTHER_CITY_M for c in wide for lat, lon, _ in named
    )


def district(codes: Codes, gazetteer: Gazetteer) -> Place | None:
    """A sector or outcode as a place."""
    for sector in codes.sectors:
        if point := gazetteer.sector(sector):
            return at(point.lat, point.lon, point.radius_m, "sector", sector, sector.split(" ")[0])
    for outcode in (*codes.outcodes, *(p.split(" ")[0] for p in (*codes.postcodes, *codes.sectors))):
        if point := gazetteer.outcode(outcode):
            return at(point.lat, point.lon, point.radius_m, "outcode", outcode, outcode)
    return None


def _settled_area(found: Sequence[NamedPlace], mentions: Mentions, clues: Clues) -> NamedPlace | None:
    """The area meant: of several of that name the one that the clues lead to."""
    groups: list[list[NamedPlace]] = []
    for place in found:
        home = next(
            (
                g
                for g in groups
                if distance_m(g[0].lat, g[0].lon, place.lat, place.lon) <= g[0].radius_m + ONE_AREA_M
            ),
            None,
        )
        if home is None:
            groups.append([place])
        else:
            home.append(place)
    others = [
        d
        for m in mentions.names
        if not m.denied
        for c in m.candidates
        if c not in found and c.kind not in PRECISE
        for d in ((c.lat, c.lon, c.radius_m),)
    ]
    weighed = sorted(
        ((_area_points(g, others, clues), n) for n, g in enumerate(groups)), key=lambda e: (-e[0], e[1])
    )
    if len(weighed) > 1 and weighed[0][0] - weighed[1][0] < MARGIN:
        return _town_of([groups[n] for points, n in weighed if weighed[0][0] - points < MARGIN])
    group = groups[weighed[0][1]]
    return min(group, key=lambda p: (-p.rank, p.radius_m))


def _town_of(groups: Sequence[Sequence[NamedPlace]]) -> NamedPlace | None:
    """Namesakes so close that they are parts of one town: somewhere in it."""
    rows = [place for group in groups for place in group]
    lat, lon = sum(p.lat for p in rows) / len(rows), sum(p.lon for p in rows) / len(rows)
    reach = max(distance_m(lat, lon, p.lat, p.lon) + p.radius_m for p in rows)
    return replace(rows[0], lat=lat, lon=lon, radius_m=reach) if reach <= _ONE_TOWN_M else None


def _area_points(group: Sequence[NamedPlace], others: Sequence[Disc], clues: Clues) -> float:
    cluster = Cluster(Mention(group[0].name, tuple(group), 0, 0), tuple(group))
    wide = any(
        within(place, [d]) or distance_m(place.lat, place.lon, d[0], d[1]) <= d[2] + place.radius_m
        for place in group
        for d in others
    )
    return (
        (2.0 if wide else 0.0)
        + by_phone(cluster, clues)
        + by_point(cluster, clues.typed)
        + by_thread(cluster, clues.hints)
        + RANK * max(place.rank for place in group)
        + min(_MOST_FOR_ROWS, _FOR_A_ROW * (len(group) - 1))
        + (COVERED if any(clues.hints.covered(place.lat, place.lon) for place in group[:3]) else 0.0)
    )

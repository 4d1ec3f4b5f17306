"""Where a report is: a point, an uncertainty radius, and how it was found.

Every name in the words is weighed by what else is known: districts and areas named beside it, another
name close by, the phone, the sender's thread, whose area it is. Words beat a distant phone, because
people report what happens elsewhere. A name that may mean several places is settled by such clues or
stays ambiguous: a wrong place is worse than a vague one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.router.decide.codes import Codes, find_codes
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
_WITNESS_M: Final = 500.0
_PHONE_ALONE_M: Final = 120.0
_PHONE_IN_AREA_M: Final = 150.0
"""Who names no street may stand on a bus: their phone is not quite where it happens."""

_TYPED_REACH_M: Final = 1_000.0
_TOO_WIDE_M: Final = 12_000.0
"""An area wider than this says nothing: "London"."""

_POINT_M: Final = 50.0
_ONE_ROAD_M: Final = 1_300.0
_ALONG_M: Final = 800.0
_ONE_AREA_M: Final = 3_000.0
_SHORT_NAME: Final = 5
_A_TOWN: Final = 3
_APPROXIMATE_M: Final = 1_500.0
"""How far a place may lie from the centre of its district."""

_MOST_ROWS_OF_A_ROAD: Final = 100
_AREA_LEAST_M: Final = 2_000.0
_BESIDE: Final = 12
"""Words at most between a name and an area that is likely said of it."""

_FARTHER: Final = 0.5
"""What an area counts that stands farther from the name than another one."""

_BOUND: Final = 3
"""Words at most between a street and the area that it is said to be in: "Park Road in Leeds"."""

_RANK: Final = 0.01
_GENERIC: Final = 1.0
_CHAIN: Final = 5
"""A name of so many places is a chain's or everybody's: "Sainsbury's", "St Mary's Church"."""

_COVERED: Final = 1.5
"""For lying in some group's area: people write to those who are near."""

_FOR_A_ROW: Final = 0.4
_MOST_FOR_ROWS: Final = 1.6
"""A town has many districts and so many rows of its name; a hamlet has one."""
_MARGIN: Final = 0.9
"""By how much the likeliest of several places must lead to be taken."""

_NEEDED: Final = {"exact": 0.0, "bare": 1.5, "translated": 0.0, "inflected": 0.0, "shortened": 2.5, "similar": 1.5}
_NEEDED_GENERIC: Final = 2.5
"""Points that a name needs which is no proof by itself: shortened, misspelt, or made of everyday words."""

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


@dataclass(frozen=True, slots=True)
class Located:
    """The place, or the reason why there is none; and what was considered."""

    place: Place | None
    reason: str
    considered: tuple[tuple[str, float], ...] = ()
    """Names of the places weighed, with their points, the best first."""
    said: bool = False
    """Whether the words name the place, rather than the phone alone."""


@dataclass(frozen=True, slots=True)
class _Cluster:
    """Rows of one name that are one place: a long road has several."""

    mention: Mention
    rows: tuple[NamedPlace, ...]
    points: float = 0.0


@dataclass(frozen=True, slots=True)
class _Clues:
    """Everything that may settle a name."""

    codes: tuple[Disc, ...]
    """Postcode districts and sectors in the text."""
    discs: tuple[Disc, ...]
    """All surroundings that the text names: districts, sectors, areas, boroughs."""
    bound: tuple[tuple[int, int, tuple[Disc, ...]], ...]
    """Areas with the words they take, for binding to a street beside them."""
    boroughs: frozenset[str]
    phone: Position | None
    typed: Disc | None
    """The postcode of the form's own field."""
    hints: Hints
    small: tuple[Disc, ...] = field(default=())
    """The surroundings small enough to choose a stretch of a road by."""


def locate(content: ReportContent, gazetteer: Gazetteer, hints: Hints) -> Located:
    """Find the report's place; see the module's docstring."""
    mentions = find_mentions(content.text, hints.languages, gazetteer)
    typed = find_codes(content.postcode, gazetteer) if content.postcode else None
    clues = _clues(mentions, content.position, typed, gazetteer, hints)
    said = _exact(mentions.codes, mentions, gazetteer)
    if said is None:
        return _weighed(mentions, typed, clues, gazetteer)
    return Located(_with_phone(said, clues, gazetteer), "found", said=True)


def _weighed(mentions: Mentions, typed: Codes | None, clues: _Clues, gazetteer: Gazetteer) -> Located:
    """A place of the names in the text; else of a field or the phone; else of the area named."""
    found, considered = _named(mentions, clues)
    by_field = _exact(typed, mentions, gazetteer) if typed else None
    if found is not None:
        return Located(_with_phone(_with_field(found, by_field), clues, gazetteer), "found", considered, said=True)
    area = _area(mentions, clues, gazetteer)
    if by_field is not None and (area is None or _inside(by_field, area)) and not _elsewhere(by_field, clues):
        return Located(by_field, "found", considered, said=True)
    if area is None and typed is not None:
        area = _district(typed, gazetteer)
    if area is None and clues.phone is None:
        return Located(None, AMBIGUOUS_PLACE if mentions.names else NO_PLACE, considered)
    return Located(_with_phone(area, clues, gazetteer), "found", considered, said=area is not None)


def _elsewhere(by_field: Place, clues: _Clues) -> bool:
    """Whether a witness's phone is far from the postcode they typed: it may be that of their home."""
    if clues.phone is None or clues.hints.hearsay:
        return False
    return distance_m(by_field.lat, by_field.lon, clues.phone.lat, clues.phone.lon) > _TYPED_REACH_M


def _exact(codes: Codes, mentions: Mentions, gazetteer: Gazetteer) -> Place | None:
    """A point, a full postcode or a sector."""
    if codes.point:
        lat, lon = codes.point
        outcode = gazetteer.outcode_at(lat, lon)
        return at(lat, lon, _POINT_M, "coordinates", bare_label(lat, lon, gazetteer), outcode)
    streets = [m.name for m in mentions.names if m.precise and not m.denied]
    for postcode in codes.postcodes:
        if point := gazetteer.postcode(postcode):
            label = ", ".join([*streets[:1], postcode])
            return at(point.lat, point.lon, point.radius_m, "postcode", label, postcode.split(" ")[0])
    return None


def bare_label(lat: float, lon: float, gazetteer: Gazetteer) -> str:
    """What to call a bare point: "near 51.5470, -0.0748, E8"."""
    outcode = gazetteer.outcode_at(lat, lon)
    return f"near {lat:.4f}, {lon:.4f}" + (f", {outcode}" if outcode else "")


# --- clues ---------------------------------------------------------------------------------------


def _clues(
    mentions: Mentions, phone: Position | None, typed: Codes | None, gazetteer: Gazetteer, hints: Hints
) -> _Clues:
    wide = [(m, [c for c in m.candidates if c.kind not in PRECISE]) for m in mentions.names if not m.denied]
    wide = [(m, found) for m, found in wide if found]
    codes = _code_discs(mentions.codes, gazetteer)
    named = [(m.start, m.end, tuple((c.lat, c.lon, c.radius_m) for c in found)) for m, found in wide]
    discs = (*codes, *(disc for _, _, found in named for disc in found))
    return _Clues(
        codes=tuple(codes),
        discs=discs,
        bound=tuple(named),
        boroughs=frozenset(c.borough or c.name for _, found in wide for c in found if c.kind in {"borough", "city"}),
        phone=phone,
        typed=next(iter(_code_discs(typed, gazetteer)), None) if typed else None,
        hints=hints,
        small=tuple(d for d in discs if d[2] <= _ONE_ROAD_M),
    )


def _code_discs(codes: Codes, gazetteer: Gazetteer) -> list[Disc]:
    points = [
        *(gazetteer.postcode(p) for p in codes.postcodes),
        *(gazetteer.sector(s) for s in codes.sectors),
        *(gazetteer.outcode(o) for o in (*codes.outcodes, *(p.split(" ")[0] for p in (*codes.postcodes, *codes.sectors)))),
    ]
    return [(p.lat, p.lon, p.radius_m) for p in points if p]


def _within(place: NamedPlace, discs: Iterable[Disc]) -> bool:
    return any(
        distance_m(place.lat, place.lon, lat, lon) <= max(_AREA_LEAST_M, 1.2 * radius) for lat, lon, radius in discs
    )


# --- names weighed -------------------------------------------------------------------------------


def _named(mentions: Mentions, clues: _Clues) -> tuple[Place | None, tuple[tuple[str, float], ...]]:
    """The likeliest street, landmark, station or junction, if it is clear enough; and what was weighed."""
    names = [m for m in mentions.names if not m.denied and any(c.kind in PRECISE for c in m.candidates)]
    options = [_clusters(m) for m in names]
    weighed = [[_weigh(c, clues, options) for c in clusters] for clusters in options]
    settled = [best for clusters in weighed if (best := _settled(clusters)) is not None]
    listed = sorted(((label_of(c.rows[0]), round(c.points, 1)) for cs in weighed for c in cs), key=lambda e: (-e[1], e[0]))
    return _chosen(settled, clues), tuple(dict(listed[::-1]).items())[::-1][:5]


def _clusters(mention: Mention) -> list[_Cluster]:
    """The rows of a name, those together that hang together."""
    waiting = [c for c in mention.candidates if c.kind in PRECISE][:_MOST_ROWS_OF_A_ROAD]
    found: list[_Cluster] = []
    while waiting:
        reached, rows = [waiting.pop(0)], []
        while reached:
            here = reached.pop()
            rows.append(here)
            near = [p for p in waiting if p.name == here.name and distance_m(here.lat, here.lon, p.lat, p.lon) <= _ONE_ROAD_M]
            waiting = [p for p in waiting if p not in near]
            reached += near
        found.append(_Cluster(mention, tuple(rows)))
    return found


def _weigh(cluster: _Cluster, clues: _Clues, options: Sequence[Sequence[_Cluster]]) -> _Cluster:
    """The cluster with its points: each clue that agrees adds, an area said beside it that does not takes away."""
    points = (
        _by_area(cluster, clues)
        + _by_phone(cluster, clues)
        + _by_point(cluster, clues.typed)
        + _by_thread(cluster, clues.hints)
        + _by_company(cluster, options)
        + _RANK * max(row.rank for row in cluster.rows)
        - (_GENERIC if cluster.mention.generic else 0.0)
        + (_COVERED if any(clues.hints.covered(row.lat, row.lon) for row in cluster.rows[:3]) else 0.0)
    )
    return _Cluster(cluster.mention, cluster.rows, points)


def _by_area(cluster: _Cluster, clues: _Clues) -> float:
    """Surroundings named that it lies in: the closer to their middle and to its own words, the better."""
    mention = cluster.mention
    inside = max((_nearness(row, disc) for row in cluster.rows for disc in clues.codes), default=0.0)
    closest = min((_words_between(mention, start, end) for start, end, _ in clues.bound), default=0)
    for start, end, discs in clues.bound:
        near = 1.0 if _words_between(mention, start, end) == closest else _FARTHER
        inside = max(inside, max((near * _nearness(row, disc) for row in cluster.rows for disc in discs), default=0.0))
    if inside:
        return inside
    if any(row.borough in clues.boroughs for row in cluster.rows):
        return 2.0
    if clues.bound and closest <= _BOUND:
        return -3.0
    return -2.0 if clues.bound and closest <= _BESIDE else -0.5 if clues.discs else 0.0


def _words_between(mention: Mention, start: int, end: int) -> int:
    return max(0, start - mention.end, mention.start - end)


def _nearness(place: NamedPlace, disc: Disc) -> float:
    """3 in the middle of a disc, 2 at its edge, 0 beyond."""
    lat, lon, radius = disc
    reach = max(_AREA_LEAST_M, 1.2 * radius)
    apart = distance_m(place.lat, place.lon, lat, lon)
    return 3.0 - apart / reach if apart <= reach else 0.0


def _phone_disc(clues: _Clues) -> Disc | None:
    phone = clues.phone
    return None if phone is None else (phone.lat, phone.lon, phone.accuracy_m or _PHONE_M)


def _by_phone(cluster: _Cluster, clues: _Clues) -> float:
    """The phone of somebody who is not there says little."""
    return _by_point(cluster, _phone_disc(clues)) * (0.3 if clues.hints.hearsay else 1.0)


def _by_point(cluster: _Cluster, disc: Disc | None) -> float:
    if disc is None:
        return 0.0
    lat, lon, radius = disc
    apart = min(distance_m(lat, lon, row.lat, row.lon) for row in cluster.rows) - radius
    return 2.5 if apart <= 1_000 else 1.8 if apart <= 3_000 else 1.0 if apart <= 8_000 else 0.4 if apart <= 20_000 else 0.0  # noqa: PLR2004 - the scale


def _by_thread(cluster: _Cluster, hints: Hints) -> float:
    if hints.thread is None:
        return 0.0
    apart = min(distance_m(hints.thread.lat, hints.thread.lon, row.lat, row.lon) for row in cluster.rows)
    return 2.0 if apart <= 1_500 else 1.0 if apart <= 5_000 else 0.0  # noqa: PLR2004 - the scale


def _by_company(cluster: _Cluster, options: Sequence[Sequence[_Cluster]]) -> float:
    """Another name of the text close by."""
    apart = min(
        (
            distance_m(a.lat, a.lon, b.lat, b.lon)
            for clusters in options
            for other in clusters
            if other.mention.name != cluster.mention.name
            for a in cluster.rows[:30]
            for b in other.rows[:30]
        ),
        default=None,
    )
    if apart is None:
        return 0.0
    return 2.5 if apart <= 500 else 1.0 if apart <= 1_500 else 0.0  # noqa: PLR2004 - the scale


def _settled(clusters: Sequence[_Cluster]) -> _Cluster | None:
    """The leading cluster, if it leads clearly and has the points that its kind of name needs."""
    if not clusters:
        return None
    best, *others = sorted(clusters, key=lambda c: -c.points)
    if others and best.points - others[0].points < _MARGIN:
        return None
    mention = best.mention
    needed = _NEEDED[mention.how]
    if (mention.generic and (others or not mention.capital)) or len(clusters) >= _CHAIN:
        needed = _NEEDED_GENERIC
    if mention.how == "similar" and mention.score < 90:  # noqa: PLR2004 - below it a name is only a guess
        needed = 3.5
    if mention.how in {"similar", "shortened"} and mention.generic:
        return None
    return best if best.points >= needed else None


def _chosen(settled: Sequence[_Cluster], clues: _Clues) -> Place | None:
    """Where two names meet, else the place with the most points (of a move: the last one named)."""
    if not settled:
        return None
    best = max(settled, key=lambda c: (c.mention.start if clues.hints.moved else 0, c.points))
    near = [c for c in settled if c is best or c.points >= best.points - 3.0]
    met = meeting([c.rows for c in near]) if best in near else None
    if met is not None and not clues.hints.moved:
        return met
    return _as_far_as_its_area(road(_stretch(best, clues)), clues)


def _as_far_as_its_area(place: Place, clues: _Clues) -> Place:
    """A street named with a small area whose known point is not in its middle: it may be anywhere between."""
    apart = min((distance_m(place.lat, place.lon, lat, lon) for lat, lon, _ in clues.small), default=0.0)
    if place.how != "street" or apart <= place.radius_m or apart > _ONE_ROAD_M:
        return place
    return place.model_copy(update={"radius_m": round(min(apart, _ALONG_M))})


def _stretch(cluster: _Cluster, clues: _Clues) -> Sequence[NamedPlace]:
    """The rows of a long road that the clues point at; all of them where none does."""
    if len(cluster.rows) == 1:
        return cluster.rows
    small = [row for row in cluster.rows if any(distance_m(row.lat, row.lon, d[0], d[1]) <= d[2] for d in clues.small)]
    rows = small or cluster.rows
    disc = clues.typed or (None if clues.hints.hearsay else _phone_disc(clues))
    if disc is not None:
        nearest = min(rows, key=lambda row: distance_m(row.lat, row.lon, disc[0], disc[1]))
        if distance_m(nearest.lat, nearest.lon, disc[0], disc[1]) <= _ONE_ROAD_M:
            return [nearest]
    return rows


# --- areas ---------------------------------------------------------------------------------------


def _area(mentions: Mentions, clues: _Clues, gazetteer: Gazetteer) -> Place | None:
    """The smallest of the named districts and areas, as far as each is one place."""
    places = [p for p in (_district(mentions.codes, gazetteer),) if p]
    districts = [(p.lat, p.lon, p.radius_m) for p in places]
    for mention in mentions.names:
        wide = [c for c in mention.candidates if c.kind not in PRECISE]
        if mention.denied or not wide or mention.generic or not _believable(mention, wide, clues):
            continue
        near = [c for c in wide if districts and _within(c, districts)]
        if found := _settled_area(near or wide, mentions, clues):
            radius = min(found.radius_m, _APPROXIMATE_M) if found.approximate else found.radius_m
            places.append(at(found.lat, found.lon, radius, "area", label_of(found), found.outcode or None))
    places = [p for p in places if p.radius_m <= _TOO_WIDE_M]
    return min(places, key=lambda p: (_by_the_phone(p, clues), p.radius_m), default=None)


def _by_the_phone(place: Place, clues: _Clues) -> int:
    """Of several areas the one around the phone comes first; around that of somebody who is not there, last."""
    if clues.phone is None:
        return 1
    near = distance_m(place.lat, place.lon, clues.phone.lat, clues.phone.lon) <= place.radius_m + _ONE_ROAD_M
    return 1 if not near else 2 if clues.hints.hearsay else 0


def _believable(mention: Mention, wide: Sequence[NamedPlace], clues: _Clues) -> bool:
    """A far village called like a word, or spelt otherwise, is believed only where a group or the phone is."""
    if mention.how in {"exact", "translated"} and len(mention.name) >= _SHORT_NAME:
        if len(wide) >= _A_TOWN or not all(c.approximate for c in wide):
            return True
    phone = _phone_disc(clues)
    return any(clues.hints.covered(c.lat, c.lon) for c in wide) or (
        phone is not None and any(distance_m(c.lat, c.lon, phone[0], phone[1]) <= _ONE_AREA_M for c in wide)
    )


def _district(codes: Codes, gazetteer: Gazetteer) -> Place | None:
    """A sector or outcode as a place."""
    for sector in codes.sectors:
        if point := gazetteer.sector(sector):
            return at(point.lat, point.lon, point.radius_m, "sector", sector, sector.split(" ")[0])
    for outcode in (*codes.outcodes, *(p.split(" ")[0] for p in (*codes.postcodes, *codes.sectors))):
        if point := gazetteer.outcode(outcode):
            return at(point.lat, point.lon, point.radius_m, "outcode", outcode, outcode)
    return None


def _settled_area(found: Sequence[NamedPlace], mentions: Mentions, clues: _Clues) -> NamedPlace | None:
    """The area meant: of several of that name the one that the clues lead to."""
    groups: list[list[NamedPlace]] = []
    for place in found:
        home = next((g for g in groups if distance_m(g[0].lat, g[0].lon, place.lat, place.lon) <= g[0].radius_m + _ONE_AREA_M), None)
        if home is None:
            groups.append([place])
        else:
            home.append(place)
    others = [d for m in mentions.names if not m.denied for c in m.candidates if c not in found and c.kind not in PRECISE for d in ((c.lat, c.lon, c.radius_m),)]
    weighed = sorted(((_area_points(g, others, clues), n) for n, g in enumerate(groups)), key=lambda e: (-e[0], e[1]))
    if len(weighed) > 1 and weighed[0][0] - weighed[1][0] < _MARGIN:
        return None
    group = groups[weighed[0][1]]
    return min(group, key=lambda p: (-p.rank, p.radius_m))


def _area_points(group: Sequence[NamedPlace], others: Sequence[Disc], clues: _Clues) -> float:
    cluster = _Cluster(Mention(group[0].name, tuple(group), 0, 0), tuple(group))
    wide = any(_within(place, [d]) or distance_m(place.lat, place.lon, d[0], d[1]) <= d[2] + place.radius_m for place in group for d in others)
    return (
        (2.0 if wide else 0.0)
        + _by_phone(cluster, clues)
        + _by_point(cluster, clues.typed)
        + _by_thread(cluster, clues.hints)
        + _RANK * max(place.rank for place in group)
        + min(_MOST_FOR_ROWS, _FOR_A_ROW * (len(group) - 1))
        + (_COVERED if any(clues.hints.covered(place.lat, place.lon) for place in group[:3]) else 0.0)
    )


# --- words, field and phone ----------------------------------------------------------------------


def _inside(one: Place, other: Place) -> bool:
    return distance_m(one.lat, one.lon, other.lat, other.lon) <= other.radius_m + one.radius_m + _AREA_LEAST_M


def _with_field(said: Place, by_field: Place | None) -> Place:
    """The form's postcode refines the street it agrees with, and yields where it does not."""
    if by_field is None or by_field.radius_m >= said.radius_m:
        return said
    apart = distance_m(said.lat, said.lon, by_field.lat, by_field.lon)
    if apart > said.radius_m + 300:  # noqa: PLR2004 - a postcode beside its street
        return said
    return at(by_field.lat, by_field.lon, by_field.radius_m, said.how, said.label, by_field.outcode)


def _with_phone(said: Place | None, clues: _Clues, gazetteer: Gazetteer) -> Place | None:
    """Words and phone together: the phone refines what it agrees with, and yields where it does not."""
    phone = clues.phone
    if phone is None:
        return said
    accuracy = max(_PHONE_M if phone.accuracy_m is None else phone.accuracy_m, _PHONE_LEAST_M)
    if said is None:
        outcode = gazetteer.outcode_at(phone.lat, phone.lon)
        radius = max(accuracy, 2_000.0) if clues.hints.hearsay else max(accuracy, _PHONE_ALONE_M)
        how = "area" if clues.hints.hearsay else "coordinates"
        return at(phone.lat, phone.lon, radius, how, bare_label(phone.lat, phone.lon, gazetteer), outcode)
    apart = distance_m(said.lat, said.lon, phone.lat, phone.lon)
    if clues.hints.witness and said.how == "area" and accuracy <= _WITNESS_M:
        label = said.label if apart <= said.radius_m + _ONE_AREA_M else bare_label(phone.lat, phone.lon, gazetteer)
        return at(phone.lat, phone.lon, max(accuracy, _PHONE_IN_AREA_M), "coordinates", label, gazetteer.outcode_at(phone.lat, phone.lon))
    reach = {"street": 1_200.0, "area": 0.0, "outcode": 0.0}.get(said.how, 500.0)
    agrees = apart <= said.radius_m + accuracy + reach and accuracy < max(said.radius_m, reach) and not clues.hints.hearsay
    if said.how in {"postcode", "coordinates"} or not agrees:
        return said
    if not precise(said):
        accuracy = max(accuracy, _PHONE_IN_AREA_M)
    return at(phone.lat, phone.lon, accuracy, "coordinates", said.label, said.outcode)

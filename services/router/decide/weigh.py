"""Streets, landmarks, stations and junctions: every one that a name may mean, weighed by the clues."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.router.decide.clues import (
    ONE_ROAD_M,
    OTHER_CITY_M,
    Clues,
    Disc,
    Hints,
    nearness,
    phone_disc,
    within,
)
from services.router.decide.mentions import Mention, Mentions
from services.router.decide.places import label_of, meeting, road
from shared.contracts.base import Place
from shared.gazetteer.port import PRECISE, NamedPlace
from shared.geo import distance_m

_ALONG_M: Final = 800.0


_ONE_SPOT_M: Final = 150.0
"""Closer than this, two spellings are one place: a station, with and without the word."""


_MOST_ROWS_OF_A_ROAD: Final = 100


_BESIDE: Final = 12
"""Words at most between a name and an area that is likely said of it."""


_FARTHER: Final = 0.5
"""What an area counts that stands farther from the name than another one."""


_BOUND: Final = 3
"""Words at most between a street and the area that it is said to be in: "Park Road in Leeds"."""


RANK: Final = 0.01


_GENERIC: Final = 1.0


_CHAIN: Final = 5
"""A name of so many places is a chain's or everybody's: "Sainsbury's", "St Mary's Church"."""


COVERED: Final = 1.5
"""For lying in some group's area: people write to those who are near."""


HOME: Final = 1.5
"""For lying where the chat is at home that it was written in: its people write of their own streets."""


LIVE: Final = 1.0
"""For lying where something is going on: of two streets of one name, likelier meant than the quiet one."""
_LIVE_M: Final = 500.0


OTHER_CITY: Final = -3.0
"""For lying in another city than the phone, if the streets around that are not listed: many bear one name."""
_ELSEWHERE_M: Final = 4_000.0


MARGIN: Final = 0.9
"""By how much the likeliest of several places must lead to be taken."""


_NEEDED: Final = {
    "exact": 0.0,
    "bare": 1.5,
    "translated": 0.0,
    "sounded": 1.5,
    "inflected": 0.0,
    "shortened": 2.5,
    "similar": 1.5,
}


_BY_POINT: Final = ((400, 3.0), (1_000, 2.5), (3_000, 1.8), (8_000, 1.0), (20_000, 0.4))
_BY_THREAD: Final = ((1_500, 2.0), (5_000, 1.0))
_BY_COMPANY: Final = ((500, 2.5), (1_500, 1.0))
"""(metres, points): what nearness to a point, to the sender's thread, to another name counts."""

_NEEDED_GENERIC: Final = 3.0
"""Points that a name needs which is no proof by itself: shortened, misspelt, or made of everyday words."""


_FAR_FROM_TYPED: Final = 3.0
_TYPED_FAR_M: Final = 3_000.0
"""What it costs to lie so many metres beyond the district that was typed into the form."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Rows of one name that are one place: a long road has several."""

    mention: Mention
    rows: tuple[NamedPlace, ...]
    points: float = 0.0


def named_place(mentions: Mentions, clues: Clues) -> tuple[Place | None, tuple[tuple[str, float], ...]]:
    """The likeliest street, landmark, station or junction, if it is clear enough; and what was weighed."""
    names = [m for m in mentions.names if not m.denied and any(c.kind in PRECISE for c in m.candidates)]
    options = [_clusters(m) for m in names]
    weighed = [[_weigh(c, clues, options) for c in clusters] for clusters in options]
    settled = [best for clusters in weighed if (best := _settled(clusters)) is not None]
    listed = sorted(
        ((label_of(c.rows[0]), round(c.points, 1)) for cs in weighed for c in cs), key=lambda e: (-e[1], e[0])
    )
    return _chosen(settled, clues), tuple(dict(listed[::-1]).items())[::-1][:5]


def _clusters(mention: Mention) -> list[Cluster]:
    """The rows of a name, those together that hang together."""
    waiting = [c for c in mention.candidates if c.kind in PRECISE][:_MOST_ROWS_OF_A_ROAD]
    found: list[Cluster] = []
    while waiting:
        reached, rows = [waiting.pop(0)], []
        while reached:
            here = reached.pop()
            rows.append(here)
            near = [
                p
                for p in waiting
                if distance_m(here.lat, here.lon, p.lat, p.lon)
                <= (ONE_ROAD_M if p.name == here.name else _ONE_SPOT_M)
            ]
            waiting = [p for p in waiting if p not in near]
            reached += near
        found.append(Cluster(mention, tuple(rows)))
    return found


def _weigh(cluster: Cluster, clues: Clues, options: Sequence[Sequence[Cluster]]) -> Cluster:
    """The cluster with its points: clues that agree add, an area said beside it that does not takes away."""
    points = (
        _by_area(cluster, clues)
        + by_phone(cluster, clues)
        + by_point(cluster, clues.typed)
        - _by_typed_far(cluster, clues.typed)
        + by_thread(cluster, clues.hints)
        + by_home(cluster, clues.hints)
        + by_live(cluster, clues.hints)
        + _by_company(cluster, options)
        + RANK * max(row.rank for row in cluster.rows)
        - (_GENERIC if cluster.mention.generic else 0.0)
        + (
            COVERED
            if cluster.mention.how != "similar"
            and any(clues.hints.covered(row.lat, row.lon) for row in cluster.rows[:3])
            else 0.0
        )
    )
    return Cluster(cluster.mention, cluster.rows, points)


def _by_area(cluster: Cluster, clues: Clues) -> float:
    """Surroundings named that it lies in: the closer to their middle and to its own words, the better."""
    mention = cluster.mention
    inside = max((nearness(row, disc) for row in cluster.rows for disc in clues.codes), default=0.0)
    itself = (mention.start, mention.end) if cluster.rows[0].kind == "street" else None
    others = [b for b in clues.bound if (b[0], b[1]) != itself]
    closest = min((_words_between(mention, start, end) for start, end, _ in others), default=0)
    for start, end, discs in others:
        near = 1.0 if _words_between(mention, start, end) == closest else _FARTHER
        inside = max(
            inside, max((near * nearness(row, disc) for row in cluster.rows for disc in discs), default=0.0)
        )
    if inside:
        return inside
    if any(row.borough in clues.boroughs for row in cluster.rows):
        return 2.0
    against = [b for b in clues.sure if (b[0], b[1]) != itself]
    closest = min((_words_between(mention, start, end) for start, end, _ in against), default=_BESIDE + 1)
    if clues.codes or closest <= _BOUND:
        return -3.0
    if closest <= _BESIDE and (
        len(_clusters(mention)) > 1
        or _far_from(cluster, [disc for _, _, discs in clues.sure for disc in discs])
    ):
        return -2.0
    return -0.5 if clues.discs else 0.0


def _far_from(cluster: Cluster, named: Sequence[Disc]) -> bool:
    """Whether it lies in another part of the country than every area that the words name."""
    return bool(named) and all(
        distance_m(row.lat, row.lon, lat, lon) > _ELSEWHERE_M + radius
        for lat, lon, radius in named
        for row in cluster.rows[:3]
    )


def _words_between(mention: Mention, start: int, end: int) -> int:
    return max(0, start - mention.end, mention.start - end)


def by_phone(cluster: Cluster, clues: Clues) -> float:
    """The phone of somebody who is not there says little; of a city not listed, that it is meant."""
    disc = phone_disc(clues)
    if clues.hints.hearsay or disc is None:
        return by_point(cluster, disc) * 0.3
    apart = _apart_m(cluster, disc[0], disc[1])
    return OTHER_CITY if apart > OTHER_CITY_M and clues.unlisted else by_point(cluster, disc)


def _apart_m(cluster: Cluster, lat: float, lon: float) -> float:
    """Metres from a point to the nearest of its rows."""
    return min(distance_m(lat, lon, row.lat, row.lon) for row in cluster.rows)


def by_point(cluster: Cluster, disc: Disc | None) -> float:
    """Points for lying near a point, less the farther."""
    if disc is None:
        return 0.0
    apart = _apart_m(cluster, disc[0], disc[1]) - disc[2]
    return next((points for reach, points in _BY_POINT if apart <= reach), 0.0)


def _by_typed_far(cluster: Cluster, typed: Disc | None) -> float:
    """What it costs to lie far from the postcode of the form's own field."""
    if typed is None:
        return 0.0
    apart = _apart_m(cluster, typed[0], typed[1]) - typed[2]
    return _FAR_FROM_TYPED if apart > _TYPED_FAR_M else 0.0


def by_thread(cluster: Cluster, hints: Hints) -> float:
    """Points for lying near what the same sender reported before."""
    if hints.thread is None:
        return 0.0
    apart = _apart_m(cluster, hints.thread.lat, hints.thread.lon)
    return next((points for reach, points in _BY_THREAD if apart <= reach), 0.0)


def by_home(cluster: Cluster, hints: Hints) -> float:
    """Points for lying where its chat is at home."""
    return HOME if any(within(row, hints.home) for row in cluster.rows[:3]) else 0.0


def by_live(cluster: Cluster, hints: Hints) -> float:
    """Points for lying where something is going on already."""
    near = any(
        distance_m(place.lat, place.lon, row.lat, row.lon) <= _LIVE_M
        for place in hints.live
        for row in cluster.rows
    )
    return LIVE if near else 0.0


def _by_company(cluster: Cluster, options: Sequence[Sequence[Cluster]]) -> float:
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
    return next((points for reach, points in _BY_COMPANY if apart <= reach), 0.0)


def _settled(clusters: Sequence[Cluster]) -> Cluster | None:
    """The leading cluster, if it leads clearly and has the points that its kind of name needs."""
    if not clusters:
        return None
    best, *others = sorted(clusters, key=lambda c: -c.points)
    if others and best.points - others[0].points < MARGIN:
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


def _chosen(settled: Sequence[Cluster], clues: Clues) -> Place | None:
    """Where two names meet, else the place with the most points (of a move: the last one named)."""
    if not settled:
        return None
    best = max(settled, key=lambda c: (c.mention.start if clues.hints.moved else 0, c.points))
    near = [c for c in settled if c is best or c.points >= best.points - 3.0]
    met = meeting([c.rows for c in near]) if best in near else None
    if met is not None and not clues.hints.moved:
        return met
    return _as_far_as_its_area(road(_stretch(best, clues)), clues)


def _as_far_as_its_area(place: Place, clues: Clues) -> Place:
    """A street named with a small area whose known point is not in its middle: it may be anywhere between."""
    apart = min((distance_m(place.lat, place.lon, lat, lon) for lat, lon, _ in clues.small), default=0.0)
    if place.how != "street" or apart <= place.radius_m or apart > ONE_ROAD_M:
        return place
    return place.model_copy(update={"radius_m": round(min(apart, _ALONG_M))})


def _stretch(cluster: Cluster, clues: Clues) -> Sequence[NamedPlace]:
    """The rows of a long road that the clues point at; all of them where none does."""
    if len(cluster.rows) == 1:
        return cluster.rows
    small = [
        row
        for row in cluster.rows
        if any(distance_m(row.lat, row.lon, d[0], d[1]) <= d[2] for d in clues.small)
    ]
    rows = small or cluster.rows
    disc = clues.typed or (None if clues.hints.hearsay else phone_disc(clues))
    if disc is not None:
        nearest = min(rows, key=lambda row: distance_m(row.lat, row.lon, disc[0], disc[1]))
        if distance_m(nearest.lat, nearest.lon, disc[0], disc[1]) <= ONE_ROAD_M:
            return [nearest]
    return rows

"""Where a chat is at home, by the name it bears: "E17 mums", "southall-watch".

A weak clue, and only ever beside others: it settles which Falcon Road is meant, and which of the raids
going on its people talk of when they name no place. It never places a report by itself.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from services.router.decide.clues import AREA_LEAST_M, Covered, Disc
from services.router.decide.codes import find_codes
from services.router.decide.lexicon import common_words
from shared.contracts.base import Place
from shared.gazetteer.keys import canonical
from shared.gazetteer.port import PRECISE, Gazetteer, NamedPlace
from shared.geo import distance_m
from shared.text import tokens

_WIDEST_M: Final = 12_000.0
"""What is wider says nothing: a chat of all London."""
_SHORTEST: Final = 4
_AROUND: Final = 1.2

Home = tuple[Disc, ...]


@lru_cache(maxsize=4_096)
def home_of(chat: str | None, gazetteer: Gazetteer, covered: Covered) -> Home:
    """The districts and areas in a chat's name, those in some group's area if any are; empty: unknown."""
    if not chat:
        return ()
    words = tokens(chat.replace("-", " ").replace("_", " "))
    codes = find_codes(" ".join(words).upper(), gazetteer).outcodes
    points = [p for code in codes if (p := gazetteer.outcode(code)) is not None]
    districts = [(p.lat, p.lon, p.radius_m) for p in points]
    named = [(c.lat, c.lon, c.radius_m) for c in _areas(words, gazetteer)]
    found = [d for d in (*districts, *named) if d[2] <= _WIDEST_M]
    near = [d for d in found if covered(d[0], d[1])]
    return tuple(near or found)


def _areas(words: tuple[str, ...], gazetteer: Gazetteer) -> Iterator[NamedPlace]:
    """Areas, boroughs and cities that are named, the longest name at each word."""
    at = 0
    while at < len(words):
        longest = canonical(words[at : at + gazetteer.longest_name])
        for length in range(len(longest), 0, -1):
            found = [p for p in gazetteer.named(" ".join(longest[:length])) if p.kind not in PRECISE]
            if found and _a_name(longest[:length]):
                yield from found if all(p.radius_m <= _WIDEST_M for p in found) else ()
                at += length - 1
                break
        at += 1


def _a_name(words: tuple[str, ...] | list[str]) -> bool:
    return len(words) > 1 or (len(words[0]) >= _SHORTEST and words[0] not in common_words())


def at_home(home: Home, place: Place) -> bool:
    """Whether a place lies in or beside one of a chat's surroundings."""
    return any(
        distance_m(place.lat, place.lon, lat, lon)
        <= max(AREA_LEAST_M, _AROUND * radius) + min(place.radius_m, AREA_LEAST_M)
        for lat, lon, radius in home
    )

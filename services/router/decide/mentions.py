"""What a text says about places, unresolved: points, postcodes, districts and names with their candidates."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from services.router.decide.lexicon import common_words, lexicon
from services.router.decide.text import tokens
from services.router.gazetteer.keys import canonical
from services.router.gazetteer.port import PRECISE, Gazetteer, NamedPlace

_POINT = re.compile(r"(?<![\d.])(-?\d{1,2}\.\d{3,10})\s*[, ]\s*(-?\d{1,3}\.\d{3,10})(?![\d.])")
_POSTCODE = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)\s?(\d[A-Z]{2})\b", re.IGNORECASE)
_OUTCODE = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)\b", re.IGNORECASE)
_SUFFIX = re.compile(r"(?<=\w)['’](?!s\b)\w{1,4}\b", re.IGNORECASE)
"""Endings that some languages hang on names: "Rye Lane'de"."""
_CHAT_WORDS = frozenset({"B4", "M8", "W8", "L8", "H8", "K9", "M25"})
"""Short words and roads that look like districts; only written in capitals and alone they count."""


MOST_NAMES: Final = 8
"""Names of one text that are looked at: nobody in need writes a list of streets, an attacker may."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One name in the text: as the gazetteer writes it, and all places it may mean."""

    name: str
    candidates: tuple[NamedPlace, ...]

    @property
    def precise(self) -> bool:
        """Whether its likeliest places are streets, buildings or stations, not an area of that name."""
        best = max(place.rank for place in self.candidates)
        return all(place.kind in PRECISE for place in self.candidates if place.rank == best)


@dataclass(frozen=True, slots=True)
class Mentions:
    """Everything in the text that may be a place."""

    point: tuple[float, float] | None
    postcodes: tuple[str, ...]
    outcodes: tuple[str, ...]
    names: tuple[Mention, ...]


@lru_cache(maxsize=4_096)
def find_mentions(text: str, gazetteer: Gazetteer) -> Mentions:
    """Read a text; longest names first, none inside another."""
    point = _POINT.search(text)
    postcodes = tuple(f"{a}{' '}{b}".upper() for a, b in _POSTCODE.findall(text))
    return Mentions(
        point=_sound(point) if point else None,
        postcodes=tuple(dict.fromkeys(postcodes)),
        outcodes=tuple(dict.fromkeys(_outcodes(_POSTCODE.sub(" ", text), gazetteer))),
        names=tuple(islice(_distinct(_names(text, gazetteer)), MOST_NAMES)),
    )


def _distinct(mentions: Iterator[Mention]) -> Iterator[Mention]:
    seen: set[str] = set()
    for mention in mentions:
        if mention.name not in seen:
            seen.add(mention.name)
            yield mention


def _sound(match: re.Match[str]) -> tuple[float, float] | None:
    lat, lon = float(match[1]), float(match[2])
    return (lat, lon) if -90 <= lat <= 90 and -180 <= lon <= 180 else None  # noqa: PLR2004 - the globe


def _outcodes(text: str, gazetteer: Gazetteer) -> Iterator[str]:
    for found in _OUTCODE.findall(text):
        outcode = found.upper()
        slang = outcode in _CHAT_WORDS and found != outcode
        if not slang and gazetteer.outcode(outcode):
            yield outcode


def _names(text: str, gazetteer: Gazetteer) -> Iterator[Mention]:
    text = _SUFFIX.sub(" ", text)
    words = tokens(text)
    capitals = _capitalised(text)
    start = 0
    while start < len(words):
        length, places = _longest(words, start, gazetteer)
        if places and (length > 1 or _may_stand_alone(words, start, capitals)):
            yield Mention(places[0].name, tuple(places))
            start += length
        else:
            start += 1


def _longest(words: Sequence[str], start: int, gazetteer: Gazetteer) -> tuple[int, Sequence[NamedPlace]]:
    longest = min(gazetteer.longest_name, len(words) - start)
    written = canonical(words[start : start + longest])
    for length in range(longest, 0, -1):
        places = gazetteer.named(" ".join(written[:length]))
        if places:
            return length, places
    return 0, ()


_SHORTEST_ALONE = 4


def _may_stand_alone(words: Sequence[str], at: int, capitals: frozenset[str] | None) -> bool:
    word = words[at]
    if len(word) < _SHORTEST_ALONE or word.isdigit():
        return False
    after_preposition = at > 0 and "near" in lexicon().phrases.get(words[at - 1], frozenset())
    capital = capitals is None or word in capitals
    known_word = word in common_words() or bool(lexicon().phrases.get(word))
    if known_word:
        return after_preposition and capitals is not None and capital
    return after_preposition or capital or len(words) <= _SHORTEST_ALONE


def _capitalised(text: str) -> frozenset[str] | None:
    """The words written with a capital; None where the text's case says nothing."""
    if text.isupper() or text.islower():
        return frozenset() if text.islower() else None
    return frozenset(
        word for raw in text.split() if raw[:1].isupper() or raw[1:2].isupper() for word in tokens(raw)
    )

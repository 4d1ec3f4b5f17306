"""Small questions about the words around a name: denied, introduced, translated, capitalised."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from services.router.decide.lexicon import common_words, known_words, lexicon, negations, prepositions
from shared.gazetteer.port import NamedPlace
from shared.gazetteer.skeleton import skeleton
from shared.text import tokens

_WRITTEN: Final = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’]*|[^\W\dA-Za-zÀ-ɏ]+")
"""A word of Latin letters, or of others: "路过Catford中心" has three."""


ROAD_WORDS: Final = frozenset(
    {
        "road", "street", "lane", "avenue", "close", "gardens", "grove", "way", "hill", "square", "terrace",
        "place", "court", "crescent", "drive", "station", "market", "park", "estate", "broadway", "parade",
        "mews", "walk", "green", "bridge", "circus", "row", "rise", "vale", "common", "house", "hospital",
        "library", "church", "school", "mosque", "centre",
    }
)  # fmt: skip


STREETS: Final = frozenset(
    {
        "road", "street", "lane", "avenue", "close", "gardens", "grove", "hill", "terrace", "crescent",
        "drive", "way", "walk", "row", "mews",
    }
)  # fmt: skip


ENDINGS: Final = {
    language: tuple(endings.split())
    for language, endings in {
        "tr": "deki daki teki taki den dan ten tan nin nun de da te ta ye ya e a",
        "pl": "iem owi ie em u a y",
        "ro": "ului ul",
        "sq": "it in un s i",
        "uk": "і у ом а",
    }.items()
}
"""Endings that languages hang on names, the longest first."""


_CLITICS: Final = "بلوفكበየከለ"


_CHINESE_ROADS: Final = {
    "路": ("road",),
    "街": ("street",),
    "道": ("road", "avenue"),
    "巷": ("lane",),
    "里": ("lane",),
}
_STREET_SOUNDS: Final = frozenset(map(skeleton, STREETS | {"court", "market"} - {"hill", "way", "row"}))
_ROAD_SOUNDS: Final = frozenset(map(skeleton, ROAD_WORDS)) - {""}
_LIKE_A_STREET: Final = 44.0
_LIKE_A_ROAD: Final = 50.0
_LIKE_A_NAME: Final = 66.0
_LIKE_A_NAME_INTRODUCED: Final = 58.0
_LONG_BONES: Final = 6
_AS_ALIKE: Final = 8.0

_HUNG: Final = ("ের", "এর", "তে", "টা", "র", "ом")
"""Endings that add consonants to a name spelt by ear, where the language hangs them on."""

_HANGING: Final = 4
_LEAST: Final = 2


_CHECKED_BEFORE: Final = 3
_ARTICLE: Final = 3
"""Letters of the words that may stand between a negation and the name: "not at the Mare Street"."""


@lru_cache(maxsize=16_384)
def known(word: str) -> bool:
    """Whether the word is an everyday one or a sign of something."""
    return word in common_words() or word in lexicon().common or word in known_words()


def is_preposition(word: str) -> bool:
    """Whether the word may stand before a place."""
    return word in prepositions()


def denied(words: Sequence[str], at: int) -> bool:
    """Whether a negation stands just before: "not Mare Street", "no en Rye Lane"."""
    before = words[max(0, at - _CHECKED_BEFORE) : at]
    found = [n for n, word in enumerate(before) if word in negations()]
    if not found:
        return False
    between = before[found[-1] + 1 :]
    return all(is_preposition(w) or len(w) <= _ARTICLE for w in between)


def denied_after(words: Sequence[str], at: int) -> bool:
    """Whether a negation of the languages that put it last follows: "Goldhawk Road না"."""
    return at < len(words) and "not_after" in known_words().get(words[at], ())


def is_phonetic(word: str) -> bool:
    """Whether its script writes sounds, so that English names are spelt by ear in it."""
    return "\u0370" <= word[0] <= "\u139f"


def spellings(run: Sequence[str]) -> Iterator[str]:
    """A run of words as it stands, and without what a language hangs on its first or last word."""
    yield " ".join(run)
    first, last = run[0], run[-1]
    if first[0] in _CLITICS and len(first) > _LEAST + 1:
        yield " ".join((first[1:], *run[1:]))
    for ending in _HUNG:
        if last.endswith(ending) and len(last) - len(ending) >= _LEAST:
            yield " ".join((*run[:-1], last.removesuffix(ending)))


def roads_meant(words: Sequence[str], at: int) -> tuple[str, ...]:
    """The English road words that a word of another script may stand for: "路", "روڈ"."""
    word = words[at] if at < len(words) else ""
    if word in _CHINESE_ROADS:
        return _CHINESE_ROADS[word]
    if not word or word.isascii() or not is_phonetic(word):
        return ()
    return tuple(road for road in sorted(STREETS) if skeleton(road) == skeleton(word))


def surely_heard(
    spelt: str, found: Sequence[tuple[float, NamedPlace]], *, introduced: bool = False
) -> Sequence[NamedPlace]:
    """Of the places that some words sound like those that are likely meant.

    That is where the last word sounds like a road's ("ستريت"), or where there are so many consonants
    that no other words have them; `introduced` by "in" or "at" the vowels matter less.
    """
    if not found:
        return ()
    best, bones = found[0][0], skeleton(spelt)
    last = skeleton(spelt.rsplit(" ", 1)[-1])
    least = _LIKE_A_STREET if last in _STREET_SOUNDS else _LIKE_A_ROAD
    road = " " in spelt and last in _ROAD_SOUNDS and len(bones) > len(last) + 1
    like = _LIKE_A_NAME_INTRODUCED if introduced else _LIKE_A_NAME
    if not (road and best >= least) and not (len(bones) >= _LONG_BONES and best >= like):
        return ()
    return [place for score, place in found if score >= best - _AS_ALIKE]


def translations(words: Sequence[str], at: int) -> Iterator[tuple[int, str]]:
    """(words taken, English name) for what begins here, with an article before or an ending behind."""
    table = lexicon().places_by_first
    first = words[at]
    options = [first]
    if not first.isascii():
        options = [
            first,
            *([first[1:]] if first[0] in _CLITICS else []),
            *(first[:-n] for n in range(1, _HANGING + 1) if len(first) - n >= _LEAST),
        ]
    for option in options:
        for spelt, english in table.get(option, ()):
            if at + len(spelt) <= len(words) and all(
                _same(w, s) for w, s in zip(words[at + 1 :], spelt[1:], strict=False)
            ):
                yield len(spelt), english


def _same(word: str, spelt: str) -> bool:
    return word == spelt or (
        not word.isascii() and word.startswith(spelt) and len(word) - len(spelt) <= _HANGING
    )


def capitalised(text: str) -> frozenset[str] | None:
    """The words written with a capital; None where the text's case says nothing."""
    letters = [*filter(str.isalpha, text)]
    if sum(map(str.isupper, letters)) > 0.8 * len(letters):
        return None
    written = [raw for raw in _WRITTEN.findall(text) if raw[:1].isupper() or raw[1:2].isupper()]
    return frozenset(word for raw in written for word in tokens(raw))

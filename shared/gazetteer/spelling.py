"""Which names a misspelt one may be: at most two words wrong, two run together, or one torn apart.

Names one slip a word away are looked for first, and only if there is none, those two away. The
vocabulary gives the words that each word may stand for; their combinations are asked of the
filter of names, which costs less than a microsecond each. So the work grows with the words of the
question and not with the gazetteer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final

from rapidfuzz import fuzz

from shared.gazetteer.marks import MOST_SLIPS

LEAST: Final = 85.0
"""The lowest score at which a name is a misspelling rather than another name."""

_MOST_WORDS: Final = 8
_MOST_LETTERS: Final = 80
_DOUBLE: Final = 12
_HALF: Final = 3
_SHORT: Final = 3


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What is asked of a gazetteer's words."""

    known: Callable[[str], bool]
    """Whether a word occurs in some name."""
    near: Callable[[str, int], Sequence[str]]
    """The words within so many slips of it, nearest and then commonest first."""
    is_name: Callable[[str], bool]
    """Whether a key is (very likely) a name's."""


def misspelt(key: str, vocabulary: Vocabulary) -> list[tuple[float, str]]:
    """(score, key) of the names that this may be meant for, best first; never the key itself."""
    words = key.split(" ")
    if not key or len(words) > _MOST_WORDS or len(key) > _MOST_LETTERS:
        return []
    for slips in range(1, MOST_SLIPS + 1):
        found = {tried for tried in _tried(words, slips, vocabulary) if vocabulary.is_name(tried)} - {key}
        scored = [(fuzz.ratio(key, other), other) for other in found]
        if good := [s for s in scored if s[0] >= LEAST]:
            return sorted(good, key=lambda s: (-s[0], s[1]))
    return []


def _tried(words: Sequence[str], slips: int, vocabulary: Vocabulary) -> Iterator[str]:
    options = [vocabulary.near(word, slips) for word in words]
    unknown = {n for n, word in enumerate(words) if not vocabulary.known(word)}
    yield from _one_wrong(words, options, unknown)
    yield from _two_wrong(words, options, unknown)
    yield from _torn(words, slips, vocabulary)
    yield from _run_together(words)


def _one_wrong(words: Sequence[str], options: Sequence[Sequence[str]], unknown: set[int]) -> Iterator[str]:
    for n, found in enumerate(options):
        if unknown <= {n}:
            for word in found:
                yield _with(words, {n: word})


def _two_wrong(words: Sequence[str], options: Sequence[Sequence[str]], unknown: set[int]) -> Iterator[str]:
    for a, b in combinations(range(len(words)), 2):
        if unknown and unknown <= {a, b}:
            for one, other in product(options[a][:_DOUBLE], options[b][:_DOUBLE]):
                yield _with(words, {a: one, b: other})


def _with(words: Sequence[str], others: dict[int, str]) -> str:
    return " ".join(others.get(n, word) for n, word in enumerate(words))


def _torn(words: Sequence[str], slips: int, vocabulary: Vocabulary) -> Iterator[str]:
    """Two words that are one: "kings land road". If a part is no word, the whole may be misspelt too."""
    for n in range(len(words) - 1):
        one, other = words[n], words[n + 1]
        whole = [one + other]
        if min(len(one), len(other)) <= _SHORT or not (vocabulary.known(one) and vocabulary.known(other)):
            whole += vocabulary.near(one + other, slips)[:_DOUBLE]
        for word in whole:
            yield " ".join((*words[:n], word, *words[n + 2 :]))


def _run_together(words: Sequence[str]) -> Iterator[str]:
    """One word that is two: "ashwinstreet"."""
    for n, word in enumerate(words):
        for at in range(_HALF, len(word) - _HALF + 1):
            yield " ".join((*words[:n], word[:at], word[at:], *words[n + 1 :]))

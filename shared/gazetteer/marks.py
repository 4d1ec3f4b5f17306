"""What a word has in common with its misspellings: its marks, by which a vocabulary is searched.

A word's marks are what remains of it when one or two letters are left out (so two words one slip
apart share a mark whatever the slip was), and its sound. Only the beginning of long words counts,
and words of three letters or less have none: they are like everything.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Final
from zlib import crc32

MOST_SLIPS: Final = 2

_SHORTEST: Final = 4
_LONGEST: Final = 24
_LONG: Final = 7
"""From so many letters on, two slips are forgiven; and so many letters make the marks."""


def slips_of(word: str) -> int:
    """How many slips a word of this length may hold."""
    if len(word) < _SHORTEST or len(word) > _LONGEST or word.isdigit():
        return 0
    return 1 if len(word) < _LONG else MOST_SLIPS


def marks(word: str) -> Iterator[int]:
    """The marks under which a word is written down."""
    slips = slips_of(word)
    if slips:
        yield heard(word)
        yield from map(_mark, _within(word, 1))
    if slips == MOST_SLIPS:
        yield from (_mark(f"={rest}") for rest in _without(word[:_LONG], MOST_SLIPS))


def asked(word: str, slips: int) -> set[int]:
    """The marks under which to look for words so many slips away, apart from its sound."""
    slips = min(slips, slips_of(word))
    if slips < MOST_SLIPS:
        return set(map(_mark, _within(word, slips))) if slips else set()
    rests = {*_within(word, 1), *_without(word[:_LONG], MOST_SLIPS)}
    return {_mark(f"{sign}{rest}") for rest in rests for sign in ("", "=")}


def heard(word: str) -> int:
    """The mark of a word's sound."""
    return _mark(f"~{sound(word)}")


def _mark(text: str) -> int:
    return crc32(text.encode("utf-8", "replace"))


def _within(word: str, letters: int) -> Iterable[str]:
    start = word[:_LONG]
    return {start, *_without(start, letters)}


def _without(word: str, letters: int) -> set[str]:
    return {"".join(kept) for kept in combinations(word, len(word) - letters)}


_SOUNDS: Final = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        ("^(kn|gn)", "n"), ("^wr", "r"), ("^wh", "w"), ("^x", "s"), ("ph", "f"), ("gh(?=t)", ""),
        ("(?<=[aeiou])gh", ""), ("ck|q|c(?![eiyh])", "k"), ("c(?=[eiy])", "s"), ("sch|sh|ch|tch", "x"),
        ("dge|g(?=e)", "j"), ("z", "s"), ("(?<=.)[hwy]", ""), ("(?<=.)[aeiou]+", ""), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip


def sound(word: str) -> str:
    """Roughly how an English ear writes the word: "mayor" and "mare" are both "mr"."""
    for pattern, to in _SOUNDS:
        word = pattern.sub(to, word)
    return word

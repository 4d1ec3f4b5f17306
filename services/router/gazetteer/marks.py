"""What a word has in common with its misspellings: its marks, by which a vocabulary is searched.

A word's marks are what remains of it when one or two letters are left out (so two words one slip
apart share a mark whatever the slip was), and its sound. Only the beginning of long words counts,
and words of three letters or less have none: they are like everything.
"""

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Final
from zlib import crc32

SHORTEST: Final = 4
LONGEST: Final = 24
_LONG: Final = 7
"""From so many letters on, two slips are forgiven; and so many letters make the marks."""


def slips_of(word: str) -> int:
    """How many slips a word of this length may hold."""
    if len(word) < SHORTEST or len(word) > LONGEST or word.isdigit():
        return 0
    return 1 if len(word) < _LONG else 2


def marks(word: str) -> set[int]:
    """The marks of a word; words that share none are no misspellings of each other."""
    slips = slips_of(word)
    if not slips:
        return set()
    start = word[:_LONG]
    found = {start, f"~{sound(word)}"}
    for left_out in range(1, slips + 1):
        found.update(_without(start, left_out))
    return {crc32(mark.encode("utf-8", "replace")) for mark in found}


def _without(word: str, letters: int) -> Iterator[str]:
    for kept in combinations(word, len(word) - letters):
        yield "".join(kept)


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

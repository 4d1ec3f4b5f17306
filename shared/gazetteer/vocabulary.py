"""The words of all names: what a name may begin with, and which words another may be a slip for."""

import sqlite3
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby, islice
from typing import Final

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from shared.gazetteer.marks import asked, heard, marks, slips_of

_MOST_NEAR: Final = 64
_MOST_MARKED: Final = 100
"""Words kept for one mark, the commonest: a mark that is everybody's tells nothing."""
_MARKED: Final = "SELECT mark, words FROM slip WHERE mark IN ({})"
_LIKE: Final = 50.0
"""How alike, in per cent, words must be besides."""
_BITS: Final = 32


def learn(db: sqlite3.Connection, keys: Iterable[str]) -> set[str]:
    """Write down the words of these keys, the commonest first; returns those that begin a name."""
    uses, first = Counter[str](), set[str]()
    for key in keys:
        words = key.split(" ")
        first.add(words[0])
        uses.update(words)
    ordered = sorted(uses, key=lambda word: (-uses[word], word))
    db.executemany("INSERT INTO word VALUES (?, ?)", ((word, word in first) for word in sorted(ordered)))
    db.executemany("INSERT INTO slip VALUES (?, ?)", _marked(ordered))
    return first


def _marked(words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Every mark with its words, marks in order, and of each the commonest words first."""
    for mark, pairs in groupby(_pairs(words), key=lambda pair: pair >> _BITS):
        yield mark, " ".join(words[pair % (1 << _BITS)] for pair in islice(pairs, _MOST_MARKED))


def _pairs(words: Sequence[str]) -> Iterator[int]:
    """Mark and word's number as one integer, in order: some millions are sorted so in a second."""
    pairs = array("Q")
    for number, word in enumerate(words):
        pairs.extend(mark << _BITS | number for mark in marks(word))
    for part in np.array_split(np.unique(np.frombuffer(pairs, dtype=np.uint64)), 1 + len(pairs) // 100_000):
        yield from part.tolist()


class Words:
    """Reads what `learn` wrote."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._found: Callable[[str], tuple[bool, bool]] = lru_cache(8_192)(self._read)
        self.near: Callable[[str, int], Sequence[str]] = lru_cache(1_024)(self._near)
        """Other words within so many slips or of the same sound, at most 64: nearest, then likest first."""

    def known(self, word: str) -> bool:
        """Whether some name holds it."""
        return self._found(word)[0]

    def begins(self, word: str) -> bool:
        """Whether some name begins with it."""
        return self._found(word)[1]

    def _near(self, word: str, slips: int) -> Sequence[str]:
        slips = min(slips, slips_of(word))
        if not slips:
            return ()
        sounds, found = heard(word), set[tuple[int, float, str]]()
        for mark, others in self._marked({sounds, *asked(word, slips)}):
            for other in others.split(" "):
                apart = OSA.distance(word, other, score_cutoff=slips)
                like = fuzz.ratio(word, other) if apart <= slips or mark == sounds else 0.0
                if apart and like >= _LIKE:
                    found.add((apart, -like, other))
        return tuple(other for _, _, other in sorted(found)[:_MOST_NEAR])

    def _marked(self, wanted: Collection[int]) -> list[tuple[int, str]]:
        return self._db.execute(_MARKED.format(",".join("?" * len(wanted))), sorted(wanted)).fetchall()

    def _read(self, word: str) -> tuple[bool, bool]:
        try:
            row = self._db.execute("SELECT begins FROM word WHERE word = ?", (word,)).fetchone()
        except UnicodeEncodeError:  # a lone surrogate
            return False, False
        return row is not None, bool(row and row[0])

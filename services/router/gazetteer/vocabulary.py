"""The words of all names: what a name may begin with, and which words another may be a slip for."""

import sqlite3
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from services.router.gazetteer.marks import asked, heard, marks, slips_of

_MOST_NEAR: Final = 400
_MARKED: Final = (
    "SELECT DISTINCT w.id, w.word, s.mark = ?1 FROM slip AS s CROSS JOIN word AS w ON w.id = s.word "
    "WHERE s.mark IN (?1{}) ORDER BY w.id LIMIT ?2"
)
_SAME_SOUND: Final = 50.0
"""How alike, in per cent, words of one sound must be besides."""
_BITS: Final = 32


def learn(db: sqlite3.Connection, keys: Iterable[str]) -> set[str]:
    """Write down the words of these keys, the commonest first; returns those that begin a name."""
    uses, first = Counter[str](), set[str]()
    for key in keys:
        words = key.split(" ")
        first.add(words[0])
        uses.update(words)
    ordered = sorted(uses, key=lambda word: (-uses[word], word))
    db.executemany("INSERT INTO word VALUES (?, ?, ?)", ((n, w, w in first) for n, w in enumerate(ordered)))
    slips = _marked(ordered)
    db.executemany("INSERT INTO slip VALUES (?, ?)", ((s >> _BITS, s % (1 << _BITS)) for s in slips))
    return first


def _marked(words: Sequence[str]) -> Iterable[int]:
    """Every mark with its word's number, in one integer each, in order: some millions are sorted so."""
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

    def known(self, word: str) -> bool:
        """Whether some name holds it."""
        return self._found(word)[0]

    def begins(self, word: str) -> bool:
        """Whether some name begins with it."""
        return self._found(word)[1]

    def near(self, word: str, slips: int) -> list[str]:
        """Other words within so many slips or of the same sound: nearest, then commonest first."""
        slips = min(slips, slips_of(word))
        wanted = asked(word, slips)
        if not wanted:
            return []
        found = []
        for number, other, sounds in self._marked(heard(word), sorted(wanted)):
            apart = OSA.distance(word, other, score_cutoff=slips)
            if apart <= slips or (sounds and fuzz.ratio(word, other) >= _SAME_SOUND):
                found.append((apart, number, other))
        return [other for apart, _, other in sorted(found) if apart]

    def _marked(self, sounds: int, wanted: Sequence[int]) -> list[tuple[int, str, int]]:
        holes = "".join(f", ?{n + 3}" for n in range(len(wanted)))
        return self._db.execute(_MARKED.format(holes), (sounds, _MOST_NEAR, *wanted)).fetchall()

    def _read(self, word: str) -> tuple[bool, bool]:
        try:
            row = self._db.execute("SELECT begins FROM word WHERE word = ?", (word,)).fetchone()
        except UnicodeEncodeError:  # a lone surrogate
            return False, False
        return row is not None, bool(row and row[0])

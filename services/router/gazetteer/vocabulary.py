"""The words of all names: what a name may begin with, and which words another may be a slip for."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from services.router.gazetteer.marks import marks, slips_of, sound

_MOST_NEAR: Final = 400
_MARKED: Final = (
    "SELECT DISTINCT w.id, w.word FROM slip AS s JOIN word AS w ON w.id = s.word "
    "WHERE s.mark IN ({}) ORDER BY w.id LIMIT ?"
)
_SAME_SOUND: Final = 50.0
"""How alike, in per cent, words of one sound must be besides."""


def learn(db: sqlite3.Connection, keys: Iterable[str]) -> set[str]:
    """Write down the words of these keys, the commonest first; returns those that begin a name."""
    uses, first = Counter[str](), set[str]()
    for key in keys:
        words = key.split(" ")
        first.add(words[0])
        uses.update(words)
    ordered = sorted(uses, key=lambda word: (-uses[word], word))
    db.executemany("INSERT INTO word VALUES (?, ?, ?)", ((n, w, w in first) for n, w in enumerate(ordered)))
    db.executemany("INSERT INTO loading.slip VALUES (?, ?)", _marked(ordered))
    db.execute("INSERT INTO slip SELECT mark, word FROM loading.slip ORDER BY mark, word")
    return first


def _marked(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    for number, word in enumerate(words):
        for mark in marks(word):
            yield mark, number


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

    def near(self, word: str) -> list[str]:
        """The words that it may be a slip for or that sound like it: nearest, then commonest first."""
        asked = sorted(marks(word))
        if not asked:
            return []
        slips, heard = slips_of(word), sound(word)
        found = []
        for number, other in self._marked(asked):
            apart = OSA.distance(word, other, score_cutoff=slips)
            if apart <= slips or (sound(other) == heard and fuzz.ratio(word, other) >= _SAME_SOUND):
                found.append((apart, number, other))
        return [other for apart, _, other in sorted(found) if apart]

    def _marked(self, asked: Sequence[int]) -> list[tuple[int, str]]:
        holes = ",".join("?" * len(asked))
        return self._db.execute(_MARKED.format(holes), (*asked, _MOST_NEAR)).fetchall()

    def _read(self, word: str) -> tuple[bool, bool]:
        try:
            row = self._db.execute("SELECT begins FROM word WHERE word = ?", (word,)).fetchone()
        except UnicodeEncodeError:  # a lone surrogate
            return False, False
        return row is not None, bool(row and row[0])

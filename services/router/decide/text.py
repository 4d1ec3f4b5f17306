"""What is asked of a message's words as a whole: its clauses, and a sketch by which copies are known.

One message is asked for its words, clauses and sketch several times, and copies of it ask again: the
latest answers are kept, as many as some minutes of a storm bring, so that memory stays bounded.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from shared.text import tokens

_CLAUSE: Final = re.compile(r"[!?¿\n;؟،。，！？।…۔|።፣፤፧፨]+|[.,](?!\d)|\s[-–—]+\s|(?<=[\w)]):(?=\s)")
_SHINGLE: Final = 3
SKETCH_SIZE: Final = 8
"""Hashes kept of a text: the smallest ones of its word triples (a bottom-k sketch)."""


@dataclass(frozen=True, slots=True)
class Clause:
    """Tokens of one clause, and whether it ends as a question."""

    tokens: tuple[str, ...]
    asks: bool


@lru_cache(maxsize=1_024)
def clauses(text: str) -> tuple[Clause, ...]:
    """The clauses of a text, without the empty ones; a question mark makes only its own clause ask."""
    found, start = [], 0
    for stop in [*_CLAUSE.finditer(text), None]:
        end, mark = (stop.start(), stop.group()) if stop else (len(text), "")
        words = tokens(text[start:end])
        if words:
            opened = text[max(0, start - 1) : start] == "¿"
            found.append(Clause(words, asks=opened or any(c in "?؟？፧" for c in mark)))
        start = stop.end() if stop else end
    return tuple(found)


@lru_cache(maxsize=8_192)
def sketch(text: str) -> tuple[int, ...]:
    """Up to eight numbers that near-duplicates share; empty for texts too short to compare.

    Deterministic over processes (CRC-32), because the log is replayed elsewhere.
    """
    words = [w for w in tokens(text) if w not in _FORWARDING]
    if len(words) < _SHINGLE + 1:
        return ()
    triples = {" ".join(words[i : i + _SHINGLE]) for i in range(len(words) - _SHINGLE + 1)}
    return tuple(sorted(zlib.crc32(t.encode()) for t in triples)[:SKETCH_SIZE])


_FORWARDING: Final = frozenset({"rt", "fwd", "fw", "forwarded", "via", "pls", "please", "share", "urgent"})


def alike(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two sketches are of (nearly) the same text: at least half of the smaller is shared."""
    smaller = min(len(one), len(other))
    return smaller > 0 and 2 * len(set(one) & set(other)) >= smaller

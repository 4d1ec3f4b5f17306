"""Words of a message in a form in which they can be compared: tokens, n-grams, sketches.

Phrases of the lexicon, names of the gazetteer and messages go through the same `tokens`, so
what is equal to a reader (case, accents, apostrophes, width of letters) is equal here.
"""

import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_DROPPED = {ord(c): None for c in "'’‘`´ʼʹ＇"}
_IDEOGRAPH = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
_CLAUSE = re.compile(r"[.,!?\n;؟،。，！？।…]+")
_SHINGLE = 3
SKETCH_SIZE = 8
"""Hashes kept of a text: the smallest ones of its word triples (a bottom-k sketch)."""


@dataclass(frozen=True, slots=True)
class Clause:
    """Tokens of one clause, and whether it ends as a question."""

    tokens: tuple[str, ...]
    asks: bool


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Case, accents, marks and apostrophes away; width made equal."""
    text = text.translate(_DROPPED)
    if not text.isascii():
        marked = unicodedata.normalize("NFKD", text.replace("ı", "i").replace("ł", "l").replace("Ł", "L"))
        text = "".join(c for c in marked if unicodedata.category(c)[0] != "M")
        text = _IDEOGRAPH.sub(r" \1 ", text)
    return text.casefold()


def tokens(text: str) -> tuple[str, ...]:
    """The words of a text, folded; each ideograph is a word of its own."""
    return tuple(_WORD.findall(fold(text)))


def clauses(text: str) -> list[Clause]:
    """The clauses of a text, without the empty ones; a question mark makes only its own clause ask."""
    found, start = [], 0
    for stop in [*_CLAUSE.finditer(text), None]:
        end, mark = (stop.start(), stop.group()) if stop else (len(text), "")
        words = tokens(text[start:end])
        if words:
            found.append(Clause(words, asks=any(c in "?؟？" for c in mark)))
        start = stop.end() if stop else end
    return found


def grams(words: Sequence[str], longest: int) -> Iterator[str]:
    """Every run of 1 to `longest` words, joined by blanks."""
    for start in range(len(words)):
        for end in range(start + 1, min(start + longest, len(words)) + 1):
            yield " ".join(words[start:end])


@lru_cache(maxsize=4096)
def sketch(text: str) -> tuple[int, ...]:
    """Up to eight numbers that near-duplicates share; empty for texts too short to compare.

    Deterministic over processes (CRC-32), because the log is replayed elsewhere.
    """
    words = [w for w in tokens(text) if w not in _FORWARDING]
    if len(words) < _SHINGLE + 1:
        return ()
    triples = {" ".join(words[i : i + _SHINGLE]) for i in range(len(words) - _SHINGLE + 1)}
    return tuple(sorted(zlib.crc32(t.encode()) for t in triples)[:SKETCH_SIZE])


_FORWARDING = frozenset({"rt", "fwd", "fw", "forwarded", "via", "pls", "please", "share", "urgent"})


def alike(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two sketches are of (nearly) the same text: at least half of the smaller is shared."""
    smaller = min(len(one), len(other))
    return smaller > 0 and 2 * len(set(one) & set(other)) >= smaller

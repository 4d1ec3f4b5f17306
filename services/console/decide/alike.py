"""Reports folded by likeness: copies lie under the first of them, so sixty messages read as three. Pure.

What was folded is never gone: the page keeps every original behind the first. Words decide, not senders,
because the same words from many people are what a storm looks like.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from rapidfuzz import fuzz, process

from services.console.decide.draft import Document

_ALIKE: Final = 88.0
"""Of 100: above this two texts are copies of each other, one perhaps with a line more before it."""
_SHORT: Final = 12
"""Letters below which only the very same words are copies."""
_NO_WORD: Final = re.compile(r"[^\w]+")
_MOST_COMPARED: Final = 60
"""Firsts that a text is compared with: beyond this a storm is no longer copies of one text."""


@dataclass(slots=True)
class Fold:
    """A report and the later ones that say the same."""

    first: Document
    copies: list[Document] = field(default_factory=list)

    @property
    def first_hand(self) -> int:
        """How many of them saw it themselves."""
        return sum(1 for report in (self.first, *self.copies) if report.get("first_hand"))

    @property
    def last_at(self) -> str:
        """When the latest of them came."""
        return max(str(report.get("at") or "") for report in (self.first, *self.copies))


def folded(reports: Iterable[Document]) -> list[Fold]:
    """The folds: those with somebody who saw it first, then the newest."""
    folds: list[Fold] = []
    by_words: dict[str, Fold] = {}
    for report in sorted(reports, key=lambda r: (str(r.get("at") or ""), r["report_id"])):
        words = plain(report.get("text") or "")
        fold = by_words.get(words) if words else None
        fold = fold or _like(words, by_words)
        if fold is None:
            folds.append(fold := Fold(report))
        else:
            fold.copies.append(report)
        if words:
            by_words.setdefault(words, fold)
    by_time = sorted(folds, key=lambda f: (f.last_at, f.first["report_id"]), reverse=True)
    return sorted(by_time, key=lambda f: not f.first_hand)


def plain(text: str) -> str:
    """The text without case, signs and spaces: what a copy keeps."""
    return _NO_WORD.sub(" ", text.casefold()).strip()


def likeness(one: str, other: str) -> float:
    """How like two texts are, 0 to 100: the words count, not their order."""
    return float(fuzz.token_set_ratio(plain(one), plain(other)))


def _like(words: str, known: dict[str, Fold]) -> Fold | None:
    """The fold of the likest text, if it is a copy; of the earliest that holds this one whole, or is held."""
    if len(words) < _SHORT:
        return None
    before = [text for text in islice(known, _MOST_COMPARED) if len(text) >= _SHORT]
    likest = process.extractOne(words, before, scorer=fuzz.ratio, score_cutoff=_ALIKE)
    if likest is not None:
        return known[likest[0]]
    return next((known[text] for text in before if _passed_on(words, text)), None)


def _passed_on(words: str, before: str) -> bool:
    """Whether one holds the other whole, as when somebody passes it on with a word of their own."""
    shorter, longer = (words, before) if len(words) <= len(before) else (before, words)
    return len(shorter) >= 2 * _SHORT and shorter in longer and len(longer) < 2 * len(shorter)

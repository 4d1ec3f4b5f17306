"""Which languages a message is in: by its script, then by everyday words. A message may mix two.

A short word means different things in different languages ("on" is ten in Turkish), so signs
count only in the languages that a message seems to be in, and in English, which mixes with all.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from services.router.decide.lexicon import everywhere, lexicon

DEFAULT: Final = "en"

_SCRIPTS: Final = (
    ("\u0600", "\u06ff", ("ar", "ur", "ku")),
    ("\u0980", "\u09ff", ("bn",)),
    ("\u0900", "\u097f", ("hi",)),
    ("\u0a00", "\u0a7f", ("pa",)),
    ("\u1200", "\u137f", ("am", "ti")),
    ("\u0400", "\u04ff", ("uk",)),
    ("\u3400", "\u9fff", ("zh",)),
)
_LETTERS: Final = (("ٹڈڑںے", ("ur",)), ("پچگژ", ("ur", "ku")))
"""Letters that some languages of a script have and others lack."""

_PART: Final = 0.4
"""A language counts beside the best one if it has at least this part of its words."""

_MOST: Final = 3


def languages(words: Sequence[str]) -> tuple[str, ...]:
    """The likely languages, the likeliest first; English is always among them."""
    counts: Counter[str] = Counter()
    for _, start, end, language in everywhere().hits(words):
        counts[language] += min(2, end - start)
    common = lexicon().common
    for word in words:
        for language in common.get(word, ()) or _by_script(word):
            counts[language] += 1
    if not counts:
        return (DEFAULT,)
    best = max(counts.values())
    likely = [n for n, count in sorted(counts.items(), key=lambda c: (-c[1], c[0])) if count >= _PART * best]
    return tuple(dict.fromkeys((*likely[:_MOST], DEFAULT)))


def _by_script(word: str) -> tuple[str, ...]:
    first = word[0]
    if first < "\u0400":
        return ()
    for letters, names in _LETTERS:
        if any(letter in word for letter in letters):
            return names
    return next((names for low, high, names in _SCRIPTS if low <= first <= high), ())

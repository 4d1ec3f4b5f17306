"""Which languages a message is in: by its script, then by everyday words. A message may mix two.

A short word means different things in different languages ("on" is ten in Turkish), so signs
count only in the languages that a message seems to be in, and in English, which mixes with all.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from services.router.decide.lexicon import Hit, lexicon

_SCRIPTS: Final = (
    ("\u0600", "\u06ff", ("ar", "ur", "ku")),
    ("\u0980", "\u09ff", ("bn",)),
    ("\u0900", "\u097f", ("hi",)),
    ("\u0a00", "\u0a7f", ("pa",)),
    ("\u1200", "\u137f", ("am", "ti")),
    ("\u0400", "\u04ff", ("uk",)),
    ("\u3400", "\u9fff", ("zh",)),
)
_PART: Final = 0.5
"""A language counts beside the best one if it has at least this part of its words."""

_LONG: Final = 5

DEFAULT: Final = "en"


def languages(words: Sequence[str], hits: Iterable[Hit] = ()) -> tuple[str, ...]:
    """The likely languages, the likeliest first; English is always among them.

    `hits` are all signs in the words: a phrase of several words, or a long one, speaks for its language.
    """
    counts: Counter[str] = Counter(
        hit.language for hit in hits if hit.end - hit.start > 1 or len(words[hit.start]) >= _LONG
    )
    for word in words:
        for language in lexicon().common.get(word, ()) or _by_script(word):
            counts[language] += 1
    if not counts:
        return (DEFAULT,)
    best = max(counts.values())
    likely = [n for n, count in sorted(counts.items(), key=lambda c: (-c[1], c[0])) if count >= _PART * best]
    return tuple(dict.fromkeys((*likely, DEFAULT)))


def _by_script(word: str) -> tuple[str, ...]:
    first = word[0]
    if first < "\u0400":
        return ()
    return next((names for low, high, names in _SCRIPTS if low <= first <= high), ())

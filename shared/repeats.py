"""When somebody says the same again: nothing is sent to anybody, by one rule for router and console. Pure.

The same words a moment later are a finger that pressed twice, or a form that was sent again. Later, that it
still is so is news of its own.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from shared.contracts.aftercare import Fate
from shared.contracts.desk import Ask, Tally

STILL: Final = timedelta(minutes=15)
"""So long after it was said, the same again says nothing new."""


def repeats(before: str, at: datetime, words: str, now: datetime) -> bool:
    """Whether these words say nothing that those before did not say; no words never do."""
    new = _plain(words)
    return now - at < STILL and new in {"", _plain(before)}


def facts_told(status: str, ask: Ask, tally: Tally, fates: Iterable[Fate]) -> str:
    """What everybody who was told learns beside the words: the same facts give the same text."""
    return f"{status} {ask} {_figures(tally, fates)}"


def figures_heard(facts: str, tally: Tally, fates: Iterable[Fate]) -> bool:
    """Whether whoever was told those facts knows these numbers: what did not change is not told again."""
    return facts.split(" ", 2)[2:] == [_figures(tally, fates)]


def _figures(tally: Tally, fates: Iterable[Fate]) -> str:
    became = " ".join(f"{fate}:{n}" for fate, n in sorted(Counter(fates).items()))
    return f"{tally.let_go}/{tally.taken}/{tally.unknown} {became}".rstrip()


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())

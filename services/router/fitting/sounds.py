"""Fits what each word and pair of words says of whether anything is going on (`sounds.toml`).

What a text sounds like is then a feature of its kind (`kinds.py`), so it must be measured as it will be
for texts that the table has not seen: each message by a table that was fitted without its scenario.
"""

from collections import Counter
from collections.abc import Sequence
from math import log
from typing import Final

import numpy as np

from services.router.decide.sounds import Sounds, pairs
from services.router.fitting.regression import FOLDS, Sparse, folds, logistic_fit

_PULL: Final = 0.33
_SEVERAL: Final = 2
"""Texts that a word must stand in: what one person wrote once says nothing of others."""
_FAINT: Final = 0.02


def fit_sounds(texts: Sequence[str], news: Sequence[bool]) -> Sounds:
    """The table that tells best which of the texts are news of something going on."""
    found = [pairs(text) for text in texts]
    seen = Counter(word for words in found for word in words)
    names = sorted(word for word, count in seen.items() if count >= _SEVERAL)
    rarity = {word: log((1 + len(texts)) / (1 + seen[word])) + 1.0 for word in names}
    index = {word: number for number, word in enumerate(names)}
    rows = [[(index[w], rarity[w]) for w in sorted(words) if w in index] for words in found]
    bias, worth = logistic_fit(Sparse.unit_rows(rows, len(names)), np.array(news, dtype=float), pull=_PULL)
    kept = {w: (round(rarity[w], 2), round(float(worth[index[w]]), 2)) for w in names}
    return Sounds(round(bias, 2), {w: entry for w, entry in kept.items() if abs(entry[1]) >= _FAINT})


def unseen_sounds(texts: Sequence[str], news: Sequence[bool], scenarios: Sequence[str]) -> list[float]:
    """What each text sounds like to a table fitted without its scenario."""
    part = folds(scenarios)
    heard = [0.0] * len(texts)
    for fold in range(FOLDS):
        others = [n for n in range(len(texts)) if part[n] != fold]
        table = fit_sounds([texts[n] for n in others], [news[n] for n in others])
        for n in np.flatnonzero(part == fold).tolist():
            heard[n] = round(table.of(pairs(texts[n])), 2)
    return heard

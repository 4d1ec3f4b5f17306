"""What a message sounds like by its words and pairs of words: like something going on, or like talk.

The lexicon holds what people have thought of; a frightened neighbour writes what nobody did ("theyve shut
the shutters", "he waved from the top landing"). What the words of a corpus were worth stands in
`sounds.toml`, written by `relay fit`; their sum is one feature among those that `kinds` weighs, so no
word decides alone. A linear model over words and pairs of words, each counted once, weighed by its rarity,
the sum divided by the length of the vector: logistic regression on binary TF-IDF (Joachims 1998).
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise
from math import sqrt
from typing import Final

from shared.text import tokens

FILE: Final = "sounds.toml"
_FEW: Final = 3


@dataclass(frozen=True, slots=True)
class Sounds:
    """A table of words: how rare each is, and what it is worth (above 0: something is going on)."""

    bias: float
    words: Mapping[str, tuple[float, float]]

    def of(self, found: Iterable[str]) -> float:
        """The log odds that a message with these words and pairs tells of something going on."""
        known = [entry for word in found if (entry := self.words.get(word)) is not None]
        length = sqrt(sum(rarity * rarity for rarity, _ in known))
        return self.bias + (sum(rarity * worth for rarity, worth in known) / length if length else 0.0)


def pairs(text: str) -> frozenset[str]:
    """The words of a text, and each two that follow each other."""
    words = tokens(text)
    return frozenset(words) | {f"{one} {other}" for one, other in pairwise(words)}


@cache
def table() -> Sounds:
    """The table in use, read once."""
    read = tomllib.loads(resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
    words = {word: (float(rarity), float(worth)) for word, (rarity, worth) in read["words"].items()}
    return Sounds(float(read["bias"]), words)


def sounds(text: str) -> float:
    """What the table in use makes of a text, to two digits."""
    return round(table().of(pairs(text)), 2)


@lru_cache(maxsize=1_024)
def loudest(text: str) -> tuple[tuple[str, float], ...]:
    """The few words and pairs that counted most, with their worth: for whoever asks why."""
    known = [(word, table().words[word]) for word in pairs(text) if word in table().words]
    heard = [(word, round(rarity * worth, 2)) for word, (rarity, worth) in known]
    return tuple(sorted(heard, key=lambda entry: (-abs(entry[1]), entry[0]))[:_FEW])

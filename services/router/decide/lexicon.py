"""The words by which a message is understood: one data file a language, all looked up at once.

A message may mix languages, so every phrase of every language is in one table. A speaker extends
`lexicon/<language>.toml` without touching code; the folding of `text` is applied to both sides.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Literal, get_args

from services.router.decide.text import tokens

Sign = Literal[
    "raid", "act", "police", "police_only", "over", "wrong", "ask", "doubt", "old", "chatter", "spam",
    "first_hand", "second_hand", "now", "help", "home", "near",
]  # fmt: skip
SIGNS: Final[frozenset[str]] = frozenset(get_args(Sign))


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Folded phrase → what it is a sign of; and the longest phrase in words."""

    phrases: Mapping[str, frozenset[str]]
    longest: int


@cache
def lexicon() -> Lexicon:
    """The lexicon of all languages, read once from the package's own data."""
    signs: dict[str, set[str]] = {}
    for file in sorted(resources.files(__package__).joinpath("lexicon").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            for sign, phrases in tomllib.loads(file.read_text(encoding="utf-8")).items():
                _add(signs, sign, phrases, file.name)
    longest = max(len(phrase.split(" ")) for phrase in signs)
    return Lexicon({phrase: frozenset(found) for phrase, found in signs.items()}, longest)


def _add(signs: dict[str, set[str]], sign: str, phrases: list[str], file: str) -> None:
    if sign not in SIGNS:
        raise ValueError(f"{file}: {sign!r} is no sign; known are {', '.join(sorted(SIGNS))}")
    for phrase in phrases:
        signs.setdefault(" ".join(tokens(phrase)), set()).add(sign)


@cache
def common_words() -> frozenset[str]:
    """Everyday words that are also names of places (`lexicon/common_words.txt`)."""
    lines = resources.files(__package__).joinpath("lexicon/common_words.txt").read_text(encoding="utf-8")
    return frozenset(tokens(" ".join(line for line in lines.splitlines() if not line.startswith("#"))))

"""The words by which a message is understood: one data file a language, matched all at once.

A speaker extends `lexicon/<language>.toml` without touching code. A phrase is words; `word*` also
matches longer words that begin so (for languages that add endings), `_` is any one word, `..` up to
three. Everything goes through `text.tokens` on both sides. See docs/mechanisms/languages.md.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Final, Literal, NamedTuple, get_args

from services.router.decide.text import tokens

Sign = Literal[
    # who and what
    "agency", "immigration", "raid", "papers", "act", "force", "police", "other",
    # how it stands
    "now", "still", "over", "wrong", "moved", "more", "support", "again",
    # how it is said
    "ask", "doubt", "hedge", "seen", "hearsay", "rumour", "old", "future", "not", "not_after", "correct",
    "chatter", "event", "news", "drill", "spam", "help",
    # where
    "near", "corner", "home", "street", "work", "centre", "transport",
    "food", "beauty", "car", "shop", "store", "site", "hotel", "care", "school",
    # what is counted
    "van", "officer", "person",
]  # fmt: skip
SIGNS: Final[frozenset[str]] = frozenset(get_args(Sign))

EVERYWHERE: Final = frozenset({"agency", "raid"})
"""Signs that count whatever language a message seems to be in: a raid's name travels as a loan word."""

_GAP: Final = 3
_LEAST_STEM: Final = 2
_MOST_STEM: Final = 24
_MARKS: Final = re.compile(r"\.\.|_|\*")


class Hit(NamedTuple):
    """A sign found in a clause: where its phrase begins and ends (tokens), and in which language's file."""

    sign: str
    start: int
    end: int
    language: str


class _Step(NamedTuple):
    """One word of a phrase: the folded word (or stem), and how it matches."""

    word: str
    how: Literal["word", "stem", "any", "gap"]


class _Phrase(NamedTuple):
    rest: tuple[_Step, ...]
    sign: str
    language: str


@dataclass(slots=True)
class Lexicon:
    """Phrases by their first word or stem; numbers and everyday words by language."""

    by_word: dict[str, list[_Phrase]] = field(default_factory=dict)
    by_stem: dict[str, list[_Phrase]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    common: dict[str, frozenset[str]] = field(default_factory=dict)
    """Everyday word → the languages in which it is one."""
    places_by_first: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)
    """First word of a place's name in another script or language → (its words, its English name), longest first."""

    def hits(self, words: Sequence[str]) -> list[Hit]:
        """Every sign in these words, whatever the language."""
        found: list[Hit] = []
        for start, word in enumerate(words):
            for phrase in self._beginning(word):
                end = _end(words, start + 1, phrase.rest)
                if end:
                    found.append(Hit(phrase.sign, start, end, phrase.language))
        return found

    def _beginning(self, word: str) -> Iterable[_Phrase]:
        yield from self.by_word.get(word, ())
        for length in range(_LEAST_STEM, min(len(word), _MOST_STEM) + 1):
            yield from self.by_stem.get(word[:length], ())

    def knows(self, word: str) -> bool:
        """Whether the word alone is a sign of something, in any language."""
        return any(not phrase.rest for phrase in self.by_word.get(word, ()))


def _end(words: Sequence[str], at: int, rest: Sequence[_Step]) -> int:
    """Where the rest of a phrase ends if it stands here; 0 if it does not."""
    for n, (word, how) in enumerate(rest):
        if how == "gap":
            ends = (_end(words, at + skip, rest[n + 1 :]) for skip in range(_GAP + 1))
            return next((end for end in ends if end), 0)
        if at >= len(words):
            return 0
        if how == "word" and words[at] != word:
            return 0
        if how == "stem" and not words[at].startswith(word):
            return 0
        at += 1
    return at


@cache
def lexicon() -> Lexicon:
    """The lexicon of all languages, read once from the package's own data."""
    made = Lexicon()
    common: dict[str, set[str]] = {}
    for file in sorted(resources.files(__package__).joinpath("lexicon").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            language = file.name.removesuffix(".toml")
            data = tomllib.loads(file.read_text(encoding="utf-8"))
            _add(made, data, language, file.name)
            for word in tokens(" ".join(data.get("common", ()))):
                common.setdefault(word, set()).add(language)
    made.common = {word: frozenset(languages) for word, languages in common.items()}
    for spellings in made.places_by_first.values():
        spellings.sort(key=lambda entry: (-len(entry[0]), entry))
    return made


def _add(made: Lexicon, data: Mapping[str, object], language: str, file: str) -> None:
    for name, value in data.items():
        if name == "numbers" and isinstance(value, Mapping):
            made.numbers |= {" ".join(tokens(word)): int(number) for word, number in value.items()}
        elif name == "places" and isinstance(value, Mapping):
            for spelt, english in value.items():
                words = tokens(spelt)
                made.places_by_first.setdefault(words[0], []).append((words, str(english)))
        elif name != "common":
            if name not in SIGNS or not isinstance(value, list):
                raise ValueError(f"{file}: {name!r} is no sign; known are {', '.join(sorted(SIGNS))}")
            for phrase in value:
                _add_phrase(made, str(phrase), name, language, file)


def _add_phrase(made: Lexicon, text: str, sign: str, language: str, file: str) -> None:
    steps = _steps(text)
    if not steps or steps[0].how in {"any", "gap"}:
        raise ValueError(f"{file}: {sign}: {text!r} must begin with a word")
    first, rest = steps[0], tuple(steps[1:])
    table = made.by_word if first.how == "word" else made.by_stem
    if first.how == "stem" and not _LEAST_STEM <= len(first.word) <= _MOST_STEM:
        raise ValueError(f"{file}: {sign}: {text!r}: a stem has {_LEAST_STEM} to {_MOST_STEM} letters")
    phrases = table.setdefault(first.word, [])
    if (phrase := _Phrase(rest, sign, language)) not in phrases:
        phrases.append(phrase)


def _steps(text: str) -> list[_Step]:
    steps: list[_Step] = []
    for raw in text.split():
        if raw == "..":
            steps.append(_Step("", "gap"))
        elif raw == "_":
            steps.append(_Step("", "any"))
        else:
            words = tokens(_MARKS.sub(" ", raw))
            steps += [_Step(word, "word") for word in words]
            if raw.endswith("*") and words:
                steps[-1] = _Step(words[-1], "stem")
    return steps


@cache
def common_words() -> frozenset[str]:
    """Everyday words that are also names of places (`lexicon/common_words.txt`)."""
    return _word_list("common_words.txt") - place_words()


@cache
def place_words() -> frozenset[str]:
    """Everyday words that name a part of a town where a preposition stands before them (`place_words.txt`)."""
    return _word_list("place_words.txt")


def _word_list(name: str) -> frozenset[str]:
    lines = resources.files(__package__).joinpath("lexicon", name).read_text(encoding="utf-8").splitlines()
    return frozenset(tokens(" ".join(line for line in lines if not line.startswith("#"))))

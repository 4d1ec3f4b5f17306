"""The words by which a message is understood: one data file a language.

A speaker extends `lexicon/<language>.toml` without touching code. A phrase is words; `word*` also
matches longer words that begin so (for languages that add endings), `_` is any one word, `..` up to
three, `{a|b c}` either (in the names of [numbers] and [places] too), and `^` before a phrase lets it
stand at the beginning of a clause only. Everything goes through `text.tokens` on both sides. See
docs/mechanisms/languages.md.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final, Literal, NamedTuple, get_args

from services.router.decide.phrases import Trie, choices, forget_words, phrases
from services.router.decide.sounds import table
from shared.text import tokens

Sign = Literal[
    # who and what
    "agency", "immigration", "raid", "papers", "act", "force", "police", "other",
    # how it stands
    "now", "still", "over", "wrong", "moved", "heading", "more", "support", "again",
    "apart",
    # how it is said
    "ask", "doubt", "hedge", "seen", "hearsay", "rumour", "old", "future", "not", "not_after", "correct",
    "real", "chatter", "event", "news", "drill", "spam", "help",
    # where
    "near", "corner", "home", "driving", "street", "work", "centre", "transport",
    "food", "beauty", "car", "shop", "store", "site", "hotel", "care", "school",
    # what is counted
    "van", "officer", "person",
]  # fmt: skip
SIGNS: Final[frozenset[str]] = frozenset(get_args(Sign))

EVERYWHERE: Final = frozenset({"agency", "raid"})
"""Signs that count whatever language a message seems to be in: a raid's name travels as a loan word."""

_TABLES: Final = frozenset({"numbers", "places"})


class Hit(NamedTuple):
    """A sign found in a clause: where its phrase begins and ends (tokens), and in which language's file."""

    sign: str
    start: int
    end: int
    language: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All languages' files as read; tries are made of them as they are needed."""

    files: Mapping[str, Mapping[str, object]]
    """Language → its file's tables."""
    common: Mapping[str, frozenset[str]]
    """Everyday word → the languages in which it is one."""
    places_by_first: Mapping[str, Sequence[tuple[tuple[str, ...], str]]]
    """First word of a place's name in another script → (its words, its English name), longest first."""

    def hits(self, words: Sequence[str], languages: Sequence[str]) -> list[Hit]:
        """Every sign in these words: of those languages, and what counts everywhere of any other."""
        found = [Hit(sign, start, end, name) for sign, start, end, name in everywhere().hits(words)]
        for language in languages:
            found += [Hit(sign, start, end, language) for sign, start, end, _ in trie(language).hits(words)]
        return list(dict.fromkeys(found))

    def number(self, word: str, languages: Sequence[str]) -> int:
        """The number that a word is in one of these languages; 0 if it is none."""
        return next((n for language in languages if (n := numbers(language).get(word, 0))), 0)


@cache
def lexicon() -> Lexicon:
    """The files of all languages, read once from the package's own data."""
    files = {
        file.name.removesuffix(".toml"): _read(file)
        for file in sorted(resources.files(__package__).joinpath("lexicon").iterdir(), key=lambda f: f.name)
        if file.name.endswith(".toml")
    }
    for language, data in files.items():
        _check(language, data)
    return Lexicon(files, _common(files), _places(files))


def _read(file: Traversable) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file.name}: {error}") from error


def warm_up() -> None:
    """Make every language's trie now, so that no message waits for it and a broken file stops the start."""
    everywhere()
    table()
    for language in lexicon().files:
        trie(language)
    common_words(), place_words(), known_words(), prepositions(), negations()
    forget_words()


def _check(language: str, data: Mapping[str, object]) -> None:
    for name, value in data.items():
        sound = isinstance(value, Mapping) if name in _TABLES else isinstance(value, list)
        if not sound or not (name in SIGNS or name in _TABLES or name == "common"):
            raise ValueError(f"{language}.toml: {name!r} is no sign; known are {', '.join(sorted(SIGNS))}")


def _common(files: Mapping[str, Mapping[str, object]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for language, data in files.items():
        for word in tokens(" ".join(_strings(data.get("common")))):
            found.setdefault(word, set()).add(language)
    return {word: frozenset(languages) for word, languages in found.items()}


def _places(files: Mapping[str, Mapping[str, object]]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    found: dict[str, set[tuple[tuple[str, ...], str]]] = {}
    for data in files.values():
        table = data.get("places")
        for spelt, english in table.items() if isinstance(table, Mapping) else ():
            for words in map(tokens, choices(str(spelt))):
                found.setdefault(words[0], set()).add((words, str(english)))
    return {
        first: sorted(spellings, key=lambda entry: (-len(entry[0]), entry))
        for first, spellings in found.items()
    }


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


@cache
def trie(language: str) -> Trie:
    """The phrases of one language. Raises `ValueError` naming file, sign and phrase that cannot be read."""
    made = Trie()
    for sign, phrase in _entries(language):
        _add(made, phrase, sign, language)
    return made


@cache
def everywhere() -> Trie:
    """The phrases of all languages that count whatever the language."""
    made = Trie()
    for language in lexicon().files:
        for sign, phrase in _entries(language):
            if sign in EVERYWHERE:
                _add(made, phrase, sign, language)
    return made


def _entries(language: str) -> Iterator[tuple[str, str]]:
    for name, value in lexicon().files.get(language, {}).items():
        if name in SIGNS:
            yield from ((name, text) for text in _strings(value))


def _add(made: Trie, text: str, sign: str, language: str) -> None:
    try:
        for steps, leads in phrases(text):
            made.add(steps, sign, language, leads=leads)
    except ValueError as error:
        raise ValueError(f"{language}.toml: {sign}: {text!r}: {error}") from None


@cache
def numbers(language: str) -> Mapping[str, int]:
    """The number words of a language."""
    table = lexicon().files.get(language, {}).get("numbers")
    items = table.items() if isinstance(table, Mapping) else ()
    return {" ".join(tokens(one)): int(number) for word, number in items for one in choices(str(word))}


@cache
def known_words() -> Mapping[str, frozenset[str]]:
    """Every word that alone is a sign in some language → the signs it is."""
    found: dict[str, set[str]] = {}
    for language in lexicon().files:
        for sign, phrase in _entries(language):
            if not _SPACED.search(phrase):
                for steps, _ in phrases(phrase):
                    if len(steps) == 1 and steps[0].how == "word":
                        found.setdefault(steps[0].word, set()).add(sign)
    return {word: frozenset(signs) for word, signs in found.items()}


_SPACED: Final = re.compile(r"[^{|\s]\s+[^|}\s]")


@cache
def prepositions() -> frozenset[str]:
    """Words that stand before places."""
    return frozenset(word for word, signs in known_words().items() if signs & {"near", "corner"})


@cache
def negations() -> frozenset[str]:
    """Words that deny what follows."""
    return frozenset(word for word, signs in known_words().items() if "not" in signs)


@cache
def common_words() -> frozenset[str]:
    """Everyday words that are also names of places (`lexicon/common_words.txt`)."""
    return _word_list("common_words.txt") - place_words()


@cache
def place_words() -> frozenset[str]:
    """Everyday words that name a part of a town after a preposition (`lexicon/place_words.txt`)."""
    return _word_list("place_words.txt")


@cache
def everyday_words() -> frozenset[str]:
    """Words that tell no two events apart (`lexicon/everyday_words.txt`)."""
    return _word_list("everyday_words.txt")


def _word_list(name: str) -> frozenset[str]:
    lines = resources.files(__package__).joinpath("lexicon", name).read_text(encoding="utf-8").splitlines()
    return frozenset(tokens(" ".join(line for line in lines if not line.startswith("#"))))

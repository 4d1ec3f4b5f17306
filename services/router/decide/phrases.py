"""Phrases as people write them in a lexicon, and the trie in which thousands are matched at once."""

import re
from bisect import insort
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import chain, dropwhile
from typing import Final, Literal, NamedTuple

from shared.text import tokens

_GAP: Final = 3
_FILLERS: Final = frozenset(
    [
        *("so", "and", "but", "also", "ok", "well", "wait", "please", "pls", "sorry", "omg", "um", "er"),
        *("hi", "hey", "hello", "guys", "oi", "yo", "bro", "bruv", "mate"),
    ]
)
"""Words that may stand before a phrase that begins its clause."""
_LEAST_STEM: Final = 2
"""Letters of a first stem in Latin script; in others one letter is a syllable."""
_MARKS: Final = re.compile(r"\.\.|_|\*")
_CHOICE: Final = re.compile(r"\{([^{}]*)\}")
_MOST_CHOICES: Final = 5_000
_MOST_BEGINNINGS: Final = 8_192
"""Words of which a trie remembers what begins with them: nearly all words of messages begin nothing."""


class Step(NamedTuple):
    """One word of a phrase: the folded word (or stem), and how it matches."""

    word: str
    how: Literal["word", "stem", "any", "gap"]


def phrases(text: str) -> Iterator[tuple[tuple[Step, ...], bool]]:
    """Every phrase that a line of a lexicon stands for, and whether it only begins a clause.

    Raises `ValueError` saying what is wrong with it.
    """
    leads = text.startswith("^")
    written = list(choices(text.removeprefix("^")))
    if len(written) > _MOST_CHOICES:
        raise ValueError(f"stands for {len(written)} phrases; write it as several")
    for one in dict.fromkeys(written):
        steps = tuple(dropwhile(_is_open, chain.from_iterable(map(_steps, one.split()))))
        if not steps:
            raise ValueError("holds no word")
        first = steps[0]
        if first.how == "stem" and first.word.isascii() and len(first.word) < _LEAST_STEM:
            raise ValueError(f"a phrase begins with a stem of at least {_LEAST_STEM} letters")
        yield steps, leads


def choices(text: str) -> Iterator[str]:
    """The texts that `{a|b c}` stands for; without braces the text itself."""
    found = _CHOICE.search(text)
    if found is None:
        yield text
        return
    for choice in found[1].split("|"):
        yield from choices(text[: found.start()] + choice + text[found.end() :])


def forget_words() -> None:
    """Every phrase is read: let go of what each word of theirs was read as."""
    _steps.cache_clear()


def _is_open(step: Step) -> bool:
    return step.how in {"any", "gap"}


@cache
def _steps(raw: str) -> tuple[Step, ...]:
    """What is written as one word; the same few stand in many phrases."""
    if raw == "..":
        return (Step("", "gap"),)
    if raw == "_":
        return (Step("", "any"),)
    words = tokens(_MARKS.sub(" ", raw))
    last: Literal["stem", "word"] = "stem" if raw.endswith("*") else "word"
    return tuple(Step(word, last if n == len(words) else "word") for n, word in enumerate(words, 1))


class _Node:
    __slots__ = ("any", "ends", "gap", "lengths", "stems", "words")

    def __init__(self) -> None:
        self.words: dict[str, _Node] = {}
        self.stems: dict[str, _Node] = {}
        self.lengths: dict[str, list[int]] = {}
        """How long the stems are that begin with a letter: few words begin like any."""
        self.any: _Node | None = None
        self.gap: _Node | None = None
        self.ends: list[tuple[str, str, bool]] = []


Found = tuple[str, int, int, str]
"""Sign, first word, word after the last, language."""


class Trie:
    """Many phrases, each ending in a sign."""

    def __init__(self) -> None:
        self._root = _Node()
        self._begins = lru_cache(_MOST_BEGINNINGS)(self._children_of_root)

    def add(self, steps: Sequence[Step], sign: str, language: str, *, leads: bool) -> None:
        """Let this phrase be found; twice is once."""
        self._begins.cache_clear()
        node = self._root
        for word, how in steps:
            node = _next(node, word, how)
        if (sign, language, leads) not in node.ends:
            node.ends.append((sign, language, leads))

    def hits(self, words: Sequence[str]) -> list[Found]:
        """Every phrase that stands in these words."""
        found: list[Found] = []
        leading = True
        for start, word in enumerate(words):
            for child in self._begins(word):
                for end, (sign, language, leads) in _passed(child, words, start):
                    if leading or not leads:
                        found.append((sign, start, end, language))
            leading = leading and word in _FILLERS
        return found

    def _children_of_root(self, word: str) -> tuple[_Node, ...]:
        return tuple(_children(self._root, word))


def _next(node: _Node, word: str, how: str) -> _Node:
    if how == "word":
        child = node.words.get(word)
        if child is None:
            child = node.words[word] = _Node()
        return child
    if how == "stem":
        return _stem(node, word)
    if how == "any":
        node.any = node.any or _Node()
        return node.any
    node.gap = node.gap or _Node()
    return node.gap


def _stem(node: _Node, stem: str) -> _Node:
    lengths = node.lengths.setdefault(stem[0], [])
    if len(stem) not in lengths:
        insort(lengths, len(stem))
    return node.stems.get(stem) or node.stems.setdefault(stem, _Node())


def _matches(node: _Node, words: Sequence[str], at: int) -> Iterator[tuple[int, tuple[str, str, bool]]]:
    """(end, ending) of every phrase below this node that goes on at that word."""
    if node.gap is not None:
        for skip in range(_GAP + 1):
            if at + skip < len(words):
                yield from _matches(node.gap, words, at + skip)
    if at >= len(words):
        return
    for child in _children(node, words[at]):
        yield from _passed(child, words, at)


def _passed(node: _Node, words: Sequence[str], at: int) -> Iterator[tuple[int, tuple[str, str, bool]]]:
    """(end, ending) of every phrase that has come to this node by that word."""
    for ending in node.ends:
        yield at + 1, ending
    if node.words or node.stems or node.any or node.gap:
        yield from _matches(node, words, at + 1)


def _children(node: _Node, word: str) -> Iterator[_Node]:
    child = node.words.get(word)
    if child is not None:
        yield child
    for length in node.lengths.get(word[0], ()):
        child = node.stems.get(word[:length]) if length <= len(word) else None
        if child is not None:
            yield child
    if node.any is not None:
        yield node.any

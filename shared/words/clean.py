"""Makes text that others wrote harmless before it stands in a message of ours.

A report can hold anything: controls that reverse the line, a thousand accents on one letter,
`@everyone`, a fake second message after a line break. What comes out is one line of plain
characters that says the same and does nothing. Pure.
"""

import re
import unicodedata

_MAX_MARKS = 2
"""Combining marks kept on one letter: every living script needs at most two in a row."""

_DROPPED = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_MENTION = re.compile(r"@(?=\w)")
_STOPS = tuple(".!?\u2026\u061f\u06d4\u0964\u3002\uff01\uff1f")
"""What a sentence ends with: also in Arabic, Urdu, Bengali and Chinese."""
_MAYBE_MARK = re.compile("[\u0300-\U0010ffff]")
"""The first combining mark there is, and all after: most texts hold none and need no second look."""
_PLAIN = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": "'",
        "\u201d": "'",
        '"': "'",  # the quotation marks around a quotation are ours alone
        "\u2013": "-",
        "\u2014": "-",
        "\u2026": "...",
        "<": "(",
        ">": ")",
    }
)


def clean(text: str, limit: int) -> str:
    """The text as one harmless line of at most `limit` characters, cut at a word where possible."""
    spaced = " ".join(text[: limit * 20].split())
    plain = _few_marks(unicodedata.normalize("NFC", _visible(spaced))).translate(_PLAIN)
    return clip(" ".join(_MENTION.sub("@ ", plain).split()), limit)


def clip(text: str, limit: int) -> str:
    """The text, or its beginning up to a word's end with three dots; never more than `limit`."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 3]
    word_end = cut.rfind(" ")
    return (cut[:word_end] if word_end > limit // 2 else cut).rstrip(" ,.;:-") + "..."


def sentence(text: str) -> str:
    """The text with a full stop, so that the next sentence does not run into it."""
    return text if not text or text.endswith(_STOPS) else text + "."


def _visible(text: str) -> str:
    """The text (its blanks are spaces) without what shows nothing or steers."""
    if text.isprintable():  # none of the dropped categories is
        return text
    return "".join(c for c in text if unicodedata.category(c) not in _DROPPED)


_JOINERS = frozenset("\u200c\u200d")
"""They show nothing, and Urdu, Bengali and Persian need them between letters."""


def is_visible(char: str) -> bool:
    """Whether a character may stand in what a person writes as words: it shows, or joins what shows."""
    return char in _JOINERS or unicodedata.category(char) not in _DROPPED


def _few_marks(text: str) -> str:
    """The text without the third and further combining marks on a letter."""
    if not _MAYBE_MARK.search(text):
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        if marks <= _MAX_MARKS:
            kept.append(char)
    return "".join(kept)

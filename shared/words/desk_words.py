"""The words of the chat desk, in every language of members, in the form in which they are compared.

The bridges (what of a group's talk is meant for the desk?) and the router (what does it say?) read
the same file, so that nothing passes the one which the other would not understand.
"""

import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

Keyword = Literal[
    "MINE", "GO", "THERE", "SEEN", "NOT", "POLICE", "ASK", "ENOUGH", "OVER", "CONFIRM", "NOTE", "POST",
    "LIST", "YES", "NO",
]  # fmt: skip
"""What a member may write; in their language, see desk_words.toml."""
KEYWORDS: Final[tuple[Keyword, ...]] = get_args(Keyword)

_WORDS: Final = Path(__file__).parent / "desk_words.toml"
_SAME: Final = str.maketrans(
    {"ı": "i", "ł": "l", "đ": "d", "ی": "ي", "ى": "ي", "ک": "ك", "ہ": "ه", "ة": "ه", "ـ": ""}
)
"""Letters that people write for one another, and no decomposition makes the same."""


@cache
def languages() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Language → what it stands for → its words, as they are written."""
    read: dict[str, dict[str, list[str]]] = tomllib.loads(_WORDS.read_text(encoding="utf-8"))
    return {name: {key: tuple(words) for key, words in table.items()} for name, table in read.items()}


@cache
def keywords() -> Mapping[str, tuple[Keyword, tuple[str, ...]]]:
    """Each word, folded, with its keyword and the languages that have it."""
    found: dict[str, tuple[Keyword, tuple[str, ...]]] = {}
    for language, table in languages().items():
        for keyword in KEYWORDS:
            for word in map(fold, table[keyword]):
                known, spoken = found.setdefault(word, (keyword, ()))
                if known != keyword:
                    raise ValueError(
                        f"desk_words.toml: {word!r} stands under {known} and {keyword}; drop one"
                    )
                found[word] = (keyword, (*spoken, language))
    return found


@cache
def beginnings(of: str) -> tuple[str, ...]:
    """The words of all languages that stand for it, folded, the longest first."""
    found = {fold(word) for table in languages().values() for word in table[of]}
    return tuple(sorted(found, key=lambda word: (-len(word), word)))


def plain(text: str) -> str:
    """The text with digits of any script as ours, without what shows nothing."""
    whole = unicodedata.normalize("NFKC", text)
    if whole.isascii():
        return whole
    return "".join(_digit(char) for char in whole if unicodedata.category(char) != "Cf")


def _digit(char: str) -> str:
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def fold(text: str) -> str:
    """The text as words are compared: no case, no accents, one space between words."""
    bare = unicodedata.normalize("NFD", text.casefold().translate(_SAME))
    return " ".join("".join(c for c in bare if unicodedata.category(c) != "Mn").translate(_SAME).split())

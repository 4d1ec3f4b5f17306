"""The consonants of a name, by which it is known in another script: "ديوك ستريت" is Duke Street.

Whoever writes English names in Arabic, Bengali, Devanagari, Gurmukhi, Ethiopic or Cyrillic letters
writes what they hear: the vowels vary, and letters that a language lacks stand for their neighbours
(p is b in Arabic, z is j in Bengali). What remains is compared: consonants in few classes, doubled
ones once, without spaces, because where one word ends is heard differently as well.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from anyascii import anyascii
from rapidfuzz import fuzz

_Rules = tuple[tuple[re.Pattern[str], str], ...]


def _rules(*pairs: tuple[str, str]) -> _Rules:
    return tuple((re.compile(pattern), class_) for pattern, class_ in pairs)


_ENGLISH: Final = _rules(
    (r"\bwh", "w"), (r"\bkn(?=[aeiou])", "n"), (r"\bwr", "r"), (r"[ao]ugh", "o"), (r"igh", "i"),
    (r"cester", "ster"), (r"tion", "shn"), (r"dge?(?=[ielr]|\b)|dgw", "S"), (r"c(?=[eiy])", "S"),
)  # fmt: skip
"""Letters that are not spoken as they are written."""
_HEARD: Final = _rules(
    (r"bh", "v"), (r"c(?!h)", "ch"), (r"^h?[ou]y(?=[aei])", "w"), (r"dj|(?<=[^n])j$", "S")
)  # fmt: skip
"""Letters of other scripts that stand for what they lack, as they are transcribed."""
_CLASSES: Final = _rules(
    (r"sch|t?ch|sh", "S"), (r"ph", "F"), (r"th", "t"), (r"ng+h?|nj", "n"), (r"gh|kh|ck|qu", "K"),
    (r"x", "KS"), (r"[cqgjk]", "K"), (r"[sz]", "S"), (r"[pb]", "B"), (r"[fv]|^w", "F"),
    (r"[^a-zA-Z]|[aeiouywh]", ""),
)  # fmt: skip
_INDIAN: Final = str.maketrans({
    "ं": "न", "ਂ": "ਨ", "ੰ": "ਨ", "ং": "ন", "ँ": "न", "ঁ": "", "জ": "স", "ज": "स", "ਜ": "ਸ",
})  # fmt: skip
"""Signs for a nasal are n before most letters, and what is written j is mostly an English z."""
_OPENING: Final = re.compile(r"^ا[وي]?")
"""The vowel that an Arabic word opens with: "اولد" is Old, while "ويست" is West."""


LEAST: Final = 4
"""Consonants by which a name is known; fewer are everybody's."""


def sounds(keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(skeleton, key) of the keys in Latin letters that have consonants enough, in the skeletons' order."""
    yield from sorted((found, key) for key in keys if key.isascii() and len(found := skeleton(key)) >= LEAST)


def alike(words: str, key: str) -> float:
    """How alike, in per cent, a name and some words of one skeleton are, their vowels counted too."""
    return fuzz.ratio(anyascii(words).lower(), key)


def skeleton(words: str) -> str:
    """The consonants of some words of any script: "duke street" → "DKSTRT"."""
    joined = "".join(_of_word(word) for word in words.split(" "))
    return _DOUBLED.sub(r"\1", joined.replace("TS", "S"))


_DOUBLED: Final = re.compile(r"(.)\1+")


@lru_cache(maxsize=65_536)
def _of_word(word: str) -> str:
    if word.isascii():
        spelt, rules = word.lower(), _ENGLISH
    else:
        spelt, rules = anyascii(_OPENING.sub("", word).translate(_INDIAN)).lower(), _HEARD
    for pattern, class_ in (*rules, *_CLASSES):
        spelt = pattern.sub(class_, spelt)
    return spelt.upper()

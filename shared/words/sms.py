"""What a text is as SMS: in how many segments it is sent, because each is paid for, and how to need few.

GSM 03.38: 160 characters of its own alphabet fit one message, 153 each where there are several; one
character outside it makes all of it UCS-2, with 70 and 67. So one curly quote or `ŵ` can double the price,
and is spelled plainly where the alphabet has something near. Pure.
"""

import math
import unicodedata
from dataclasses import dataclass
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWICE: Final = frozenset("^{}\\[~]|€\f")
"""Sent as two: an escape and a letter."""
_GSM: Final = (160, 153)
_UCS2: Final = (70, 67)
MOST_UCS2: Final = 4 * _UCS2[1]
"""Places of the longest message that can't be plain: four segments hold the news, an ask and the link."""
_MARKS: Final = frozenset({"Mn", "Me"})
_BMP: Final = 0xFFFF
"""Characters beyond take two places of UTF-16."""
_NEAR: Final = {
    "\u2018": "'", "\u2019": "'", "\u02bc": "'", "`": "'", "´": "'", "\u201c": '"', "\u201d": '"', "«": '"',
    "»": '"', "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-", "\u2026": "...", "\u2044": "/",
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "ħ": "h",
    "Ħ": "H", "ŧ": "t", "œ": "oe", "Œ": "OE", "ə": "e", "Ə": "E", "·": "-", "•": "-", "\t": " ",
}  # fmt: skip
"""What Unicode does not take apart into a letter that the alphabet has."""


@dataclass(frozen=True, slots=True)
class Length:
    """What a text costs in messages."""

    characters: int
    segments: int
    plain: bool
    """Whether it stays within the alphabet of which most fits."""


def sms_length(text: str) -> Length:
    """The text's length as SMS."""
    plain = is_plain(text)
    one, each = _GSM if plain else _UCS2
    places = sms_places(text)
    return Length(len(text), 1 if places <= one else math.ceil(places / each), plain)


def is_plain(text: str) -> bool:
    """Whether all of it is of GSM's own alphabet."""
    return all(c in _BASIC or c in _TWICE for c in text)


def sms_places(text: str) -> int:
    """The places that it takes: of GSM's alphabet, or of UTF-16 where that alphabet does not do.

    What takes two stands in one segment; so a place that is left empty at a segment's end counts, too.
    """
    plain = is_plain(text)
    one, each = _GSM if plain else _UCS2
    sizes = [2 if (c in _TWICE if plain else ord(c) > _BMP) else 1 for c in text]
    if (places := sum(sizes)) <= one:
        return places
    places = 0
    for size in sizes:
        if size > each - places % each:
            places += 1
        places += size
    return places


def spelled_plainly(text: str) -> str:
    """The text in GSM's alphabet as far as it goes: near letters for others, pictures left out.

    Letters of another script stay: they say something, and nothing near says it.
    """
    if is_plain(text):
        return text
    spelled = ""
    for char in unicodedata.normalize("NFC", text):
        if unicodedata.category(char) in _MARKS and is_plain(spelled[-1:]):
            continue  # an accent on a plain letter; on a letter of another script it belongs to it
        spelled += _spelled(char)
    return " ".join(part for part in spelled.split(" ") if part)


def _spelled(char: str) -> str:
    if is_plain(char):
        return char
    if char in _NEAR:
        return _NEAR[char]
    apart = unicodedata.normalize("NFKD", char)
    base = "".join(_NEAR.get(c, c) for c in apart if unicodedata.category(c) not in _MARKS)
    if base and is_plain(base):
        return base
    return char if unicodedata.category(char)[0] in "LMN" else ""

"""How long a text is as SMS: in how many segments it is sent, because each is paid for. Pure.

GSM 03.38: 160 characters of its own alphabet fit one message, 153 each where there are several; one
character outside it makes all of it UCS-2, with 70 and 67.
"""

import math
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


@dataclass(frozen=True, slots=True)
class Length:
    """What a text costs in messages."""

    characters: int
    segments: int
    plain: bool
    """Whether it stays within the alphabet of which most fits."""


def sms_length(text: str) -> Length:
    """The text's length as SMS."""
    plain = all(c in _BASIC or c in _TWICE for c in text)
    units = sum(2 if c in _TWICE else 1 for c in text) if plain else len(text.encode("utf-16-be")) // 2
    one, each = _GSM if plain else _UCS2
    segments = 1 if units <= one else math.ceil(units / each)
    return Length(len(text), segments, plain)

"""Codes that name a place by themselves: points and map links, postcodes whole and half, grid references."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.router.gazetteer.grid_reference import grid_reference
from services.router.gazetteer.port import Gazetteer

_POINT: Final = re.compile(r"(?<![\d.])(-?\d{1,2}\.\d{3,10})\s*[, ]\s*(-?\d{1,3}\.\d{3,10})(?![\d.])")
_LINK_POINT: Final = re.compile(r"(?:mlat=|!3d)(-?\d{1,2}\.\d{3,10})(?:&mlon=|!4d)(-?\d{1,3}\.\d{3,10})")
_LINK: Final = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_POSTCODE: Final = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)[\s-]{0,2}([O\d][A-Z]{2})\b", re.IGNORECASE)
_SECTOR: Final = re.compile(
    r"\b([A-Z]{1,2}\d[A-Z\d]?)\s(\d)(?:[A-Z]\b|(?=\s*(?:[,.;:!?)…/]|\n|$|area\b|postcode\b)))", re.IGNORECASE
)
_OUTCODE: Final = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)\b", re.IGNORECASE)
_MOTORWAY: Final = re.compile(r"\b(?:the|onto the|towards the)\s+M\d{1,2}\b", re.IGNORECASE)
_GRID: Final = re.compile(r"\b([HNOST][A-HJ-Z])\s?(\d{3,5})\s?(\d{3,5})\b", re.IGNORECASE)
_CHAT_WORDS: Final = frozenset(
    {"B4", "M8", "W8", "L8", "H8", "K9", "M25", "S0", "N0", "U2", "B12", "G8", "T2", "E3N"}
)
"""Short words and roads that look like districts; only written in capitals and alone they count."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of a text, as the gazetteer writes them; `rest` is the text without them and links."""

    point: tuple[float, float] | None
    postcodes: tuple[str, ...]
    sectors: tuple[str, ...]
    outcodes: tuple[str, ...]
    rest: str


def find_codes(text: str, gazetteer: Gazetteer) -> Codes:
    """Read a text. Only points on the globe and districts that exist are found."""
    point = _point(text)
    rest = _LINK.sub(" ", text)
    postcodes = tuple(
        dict.fromkeys(
            f"{a} {b.replace('O', '0').replace('o', '0') if b[0] in 'Oo' else b}".upper()
            for a, b in _POSTCODE.findall(rest)
        )
    )
    rest = _POSTCODE.sub(" ", rest)
    sectors = tuple(
        dict.fromkeys(f"{a} {b}".upper() for a, b in _SECTOR.findall(rest) if gazetteer.outcode(a.upper()))
    )
    rest = _SECTOR.sub(" ", rest) if sectors else rest
    outcodes = tuple(dict.fromkeys(_outcodes(_MOTORWAY.sub(" ", rest), gazetteer)))
    return Codes(point, postcodes, sectors, outcodes, _GRID.sub(" ", rest))


def _point(text: str) -> tuple[float, float] | None:
    match = _LINK_POINT.search(text) or _POINT.search(text)
    if match:
        lat, lon = float(match[1]), float(match[2])
        return (lat, lon) if -90 <= lat <= 90 and -180 <= lon <= 180 else None  # noqa: PLR2004 - the globe
    for letters, east, north in _GRID.findall(text):
        if len(east) == len(north):
            return grid_reference(letters.upper(), east, north)
    return None


def _outcodes(text: str, gazetteer: Gazetteer) -> Iterator[str]:
    for found in _OUTCODE.findall(text):
        outcode = found.upper()
        slang = outcode in _CHAT_WORDS and found != outcode
        if not slang and gazetteer.outcode(outcode):
            yield outcode

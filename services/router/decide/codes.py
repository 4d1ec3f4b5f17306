"""Codes that name a place by themselves: points and map links, plus codes, postcodes, grid references."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from shared.gazetteer import plus_code
from shared.gazetteer.grid_reference import grid_reference
from shared.gazetteer.keys import canonical
from shared.gazetteer.plus_code import Square
from shared.gazetteer.port import PRECISE, Gazetteer, NamedPlace
from shared.geo import distance_m
from shared.text import tokens

_POINT: Final = re.compile(r"(?<![\d.])(-?\d{1,2}\.\d{3,10})\s*[, ]\s*(-?\d{1,3}\.\d{3,10})(?![\d.])")
_LINK_POINT: Final = re.compile(r"(?:mlat=|!3d)(-?\d{1,2}\.\d{3,10})(?:&mlon=|!4d)(-?\d{1,3}\.\d{3,10})")
_LINK: Final = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_POSTCODE: Final = re.compile(
    r"\b([A-Z]{1,2}\d[A-Z\d]?)[\s-]{0,2}(?!(?:one|off|our|out|old|own)\b)([O\d][A-Z]{2})\b", re.IGNORECASE
)
"""The letter O stands for a zero, but "the N17 one" is no postcode."""
_SECTOR: Final = re.compile(
    r"\b([A-Z]{1,2}\d[A-Z\d]?)\s(\d)(?:[A-Z]\b|(?=\s*(?:[,.;:!?)…/]|\n|$|area\b|postcode\b)))", re.IGNORECASE
)
_OUTCODE: Final = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)\b", re.IGNORECASE)
_MOTORWAY: Final = re.compile(r"\b(?:the|onto the|towards the)\s+M\d{1,2}\b", re.IGNORECASE)
_GRID: Final = re.compile(r"\b([HNOST][A-HJ-Z])\s?(\d{3,5})\s?(\d{3,5})\b", re.IGNORECASE)
_PLUS: Final = re.compile(
    r"(?<![A-Z\d+])([2-9C][2-9CFGHJMPQRV][2-9CFGHJMPQRVWX]{6}(?=(?:\+|%2B)(?:[^A-Z\d+]|$|[2-9CFGHJMPQRVWX]{2}))"
    r"|[2-9CFGHJMPQRVWX]{4}(?=(?:\+|%2B)[2-9CFGHJMPQRVWX]{2}))"
    r"(?:\+|%2B)([2-9CFGHJMPQRVWX]{2,7})?(?![A-Z\d+])",
    re.IGNORECASE,
)
"""A plus code, whole or short. Its digits hold no vowel, so words are none; mere sums are left out below."""
_SHORT: Final = 4
_LOCALITY_WORDS: Final = 4
_AROUND_M: Final = 25_000.0
"""A short code is within this of its locality, or it is another locality's."""
_POINT_M: Final = 50.0
_SQUARE_LEAST_M: Final = 30.0
"""Whoever picks a square of a map stands some metres beside it."""
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
    point_m: float = _POINT_M
    """How exact the point is."""


def find_codes(text: str, gazetteer: Gazetteer) -> Codes:
    """Read a text. Only points on the globe and districts that exist are found."""
    point, point_m = _point(text), _POINT_M
    if point is None and (square := _plus_code(text, gazetteer)):
        point, point_m = (square.lat, square.lon), max(_SQUARE_LEAST_M, square.radius_m)
    rest = _PLUS.sub(" ", _LINK.sub(" ", text))
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
    return Codes(point, postcodes, sectors, outcodes, _GRID.sub(" ", rest), point_m)


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


def _plus_code(text: str, gazetteer: Gazetteer) -> Square | None:
    """The first plus code that is a place; a short one only with its locality beside it."""
    for match in _PLUS.finditer(text):
        before, after = match[1], match[2] or ""
        if len(before) > _SHORT:
            found = plus_code.full(before, after)
        elif (before + after).isdigit():
            found = None
        else:
            found = _near_locality(before, after, _localities(text, match.start(), match.end(), gazetteer))
        if found is not None:
            return found
    return None


def _localities(text: str, start: int, end: int, gazetteer: Gazetteer) -> Sequence[NamedPlace]:
    """The town, district or city named right after the code ("GWVG+2Q Dalston"), else right before it."""
    after, before = tokens(text[end:])[: _LOCALITY_WORDS + 1], tokens(text[:start])[-_LOCALITY_WORDS:]
    runs = [after[skip : skip + length] for skip in (0, 1) for length in range(_LOCALITY_WORDS, 0, -1)]
    runs += [before[-length:] for length in range(_LOCALITY_WORDS, 0, -1)]
    for run in runs:
        places = gazetteer.named(" ".join(canonical(run))) if run else ()
        if wide := [place for place in places if place.kind not in PRECISE]:
            return wide
    return ()


def _near_locality(before: str, after: str, places: Sequence[NamedPlace]) -> Square | None:
    """The square near the locality; of several of that name near the one that matters most."""
    found = [(place, plus_code.nearest(before, after, place.lat, place.lon)) for place in places]
    near = [
        (place.rank, square)
        for place, square in found
        if distance_m(place.lat, place.lon, square.lat, square.lon) <= place.radius_m + _AROUND_M
    ]
    rivals = {square for rank, square in near if rank == near[0][0]}
    return near[0][1] if len(rivals) == 1 else None

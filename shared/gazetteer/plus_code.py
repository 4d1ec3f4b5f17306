"""Plus codes ("9C3XGWVG+2Q", "GWVG+2Q" beside a locality) to WGS 84: squares within squares of the globe.

Source: the Open Location Code specification. Their library for Python was last released in 2019, without
types or a wheel; what reading needs of it is this page.
"""

import math
from dataclasses import dataclass
from typing import Final

from shared.geo import DEGREE_M, lon_scale

DIGITS: Final = "23456789CFGHJMPQRVWX"
_BASE: Final = 20
_PAIRS: Final = 5
"""So many pairs of digits halve nothing but divide both sides by 20; each later digit names one of 5 × 4."""
_ROWS, _COLUMNS = 5, 4
_WHOLE: Final = 4
"""Pairs before the plus of a full code."""


@dataclass(frozen=True, slots=True)
class Square:
    """The middle of a code's square, and how far its corners are from there."""

    lat: float
    lon: float
    radius_m: float


def full(before: str, after: str) -> Square | None:
    """The square of a full code, by its digits before and after the plus; None outside the globe."""
    lat, lon, height, width = _within(before + after, skipped=0)
    lat, lon = lat - 90, lon - 180
    if lat >= 90 or lon >= 180:  # noqa: PLR2004 - the globe
        return None
    return _square(lat, lon, height, width)


def nearest(before: str, after: str, lat: float, lon: float) -> Square:
    """The square of a short code that is nearest to a point of its locality."""
    skipped = _WHOLE - len(before) // 2
    step = float(_BASE ** (2 - skipped))
    north, east, height, width = _within(before + after, skipped=skipped)
    return _square(
        _beside(lat, north + height / 2, step) - height / 2,
        _beside(lon, east + width / 2, step) - width / 2,
        height,
        width,
    )


def _within(digits: str, *, skipped: int) -> tuple[float, float, float, float]:
    """Degrees north and east of the larger square's corner, height and width."""
    values = [DIGITS.index(digit) for digit in digits.upper()]
    paired = 2 * (_PAIRS - skipped)
    north = east = 0.0
    height = width = float(_BASE ** (2 - skipped))
    for n in range(0, len(values[:paired]), 2):
        height, width = height / _BASE, width / _BASE
        north, east = north + values[n] * height, east + values[n + 1] * width
    for value in values[paired:]:
        height, width = height / _ROWS, width / _COLUMNS
        north, east = north + value // _COLUMNS * height, east + value % _COLUMNS * width
    return north, east, height, width


def _beside(reference: float, offset: float, step: float) -> float:
    """The number nearest to the reference that is the offset and a multiple of the step."""
    return offset + round((reference - offset) / step) * step


def _square(south: float, west: float, height: float, width: float) -> Square:
    lat, lon = south + height / 2, west + width / 2
    radius = math.hypot(height, width * lon_scale(lat)) / 2 * DEGREE_M
    return Square(round(lat, 7), round(lon, 7), radius)

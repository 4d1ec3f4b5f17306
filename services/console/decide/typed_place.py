"""A place as people type or paste it: coordinates, a link from a map, or a full plus code. Pure.

Names of streets and postcodes are the router's to know; here is only what says itself where it is.
"""

import re
from typing import Final

_NUMBER: Final = r"([-+]?\d{1,3}(?:\.\d{1,8})?)"
_PAIR: Final = re.compile(rf"\s*{_NUMBER}\s*[,;\s]\s*{_NUMBER}\s*\Z")
_IN_LINK: Final = (
    re.compile(r"[?&#]mlat=([-+]?\d{1,3}\.\d+)&mlon=([-+]?\d{1,3}\.\d+)"),
    re.compile(r"#map=\d+(?:\.\d+)?/([-+]?\d{1,3}\.\d+)/([-+]?\d{1,3}\.\d+)"),
    re.compile(r"@([-+]?\d{1,3}\.\d+),([-+]?\d{1,3}\.\d+)"),
    re.compile(
        r"[?&](?:q|ll|query|daddr|center)=(?:loc:)?([-+]?\d{1,3}\.\d+)(?:,|%2C)([-+]?\d{1,3}\.\d+)",
        re.IGNORECASE,
    ),
    re.compile(r"\Ageo:([-+]?\d{1,3}\.\d+),([-+]?\d{1,3}\.\d+)", re.IGNORECASE),
)
_PLUS_CODE: Final = re.compile(
    r"\s*([23456789CFGHJMPQRVWX]{8})\+([23456789CFGHJMPQRVWX]{2})\s*\Z", re.IGNORECASE
)
_DIGITS: Final = "23456789CFGHJMPQRVWX"
_BASE: Final = 20
_MOST_LAT, _MOST_LON = 90, 180


def typed_place(text: str) -> tuple[float, float] | None:
    """Latitude and longitude of what was typed; None: it says none, or one outside the globe."""
    text = text.strip()[:500]
    found = _pair(text) or _in_link(text) or _plus_code(text)
    if found is None or abs(found[0]) > _MOST_LAT or abs(found[1]) > _MOST_LON:
        return None
    return round(found[0], 6), round(found[1], 6)


def _pair(text: str) -> tuple[float, float] | None:
    found = _PAIR.match(text)
    return (float(found[1]), float(found[2])) if found else None


def _in_link(text: str) -> tuple[float, float] | None:
    found = next((m for pattern in _IN_LINK if (m := pattern.search(text))), None)
    return (float(found[1]), float(found[2])) if found else None


def _plus_code(text: str) -> tuple[float, float] | None:
    """The middle of the code's square: five pairs of digits, north and east by turns."""
    found = _PLUS_CODE.match(text)
    if found is None:
        return None
    lat, lon, step = -90.0, -180.0, 20.0 * _BASE
    digits = (found[1] + found[2]).upper()
    for n in range(0, len(digits), 2):
        step /= _BASE
        lat += _DIGITS.index(digits[n]) * step
        lon += _DIGITS.index(digits[n + 1]) * step
    return lat + step / 2, lon + step / 2

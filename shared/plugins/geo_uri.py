"""A place that an app shares as a geo: address (RFC 5870). Pure; anybody may write anything there."""

import re
from typing import Final

Place = tuple[float, float, float | None]
"""Latitude and longitude in degrees, and the metres by which it may be wrong, if that is said soundly."""

_DEGREES: Final = r"-?[0-9]{1,3}(?:\.[0-9]{1,18})?"
_GEO: Final = re.compile(rf"geo:({_DEGREES}),({_DEGREES})(?:,-?[0-9.]{{1,20}})?((?:;[^\s;]{{1,40}})*)")
_UNSURE: Final = re.compile(r";u=([0-9]{1,7}(?:\.[0-9]{1,6})?)(?:;|\Z)")
_MOST_UNSURE_M: Final = 20_000


def place_in(text: str) -> Place | None:
    """The place that this text is; None if it is none on Earth."""
    found = _GEO.fullmatch(text)
    if found is None:
        return None
    lat, lon = float(found[1]), float(found[2])
    if abs(lat) > 90 or abs(lon) > 180:  # noqa: PLR2004 - degrees
        return None
    unsure = _UNSURE.search(found[3])
    metres = float(unsure[1]) if unsure else None
    return lat, lon, metres if metres is not None and metres <= _MOST_UNSURE_M else None

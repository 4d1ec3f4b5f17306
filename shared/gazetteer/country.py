"""Whether a point is surely outside the country, by the districts that a gazetteer knows.

A gazetteer with nearly all districts knows the country: some 2,950 in the United Kingdom, none with a spot
farther from it than it is wide. One with a few, like the built-in London and Glasgow, knows only that the
country is about there; Shetland is 560 km from Glasgow, and must never be called abroad. So it says so
only of what is farther away than that: of Warsaw, not of Paris.
"""

from collections.abc import Iterable
from typing import Final

from shared.gazetteer.port import Point
from shared.geo import distance_m

WHOLE: Final = 2_000
"""So many districts are a whole country's."""
NEAR_M: Final = 30_000.0
ABOUT_M: Final = 700_000.0


def abroad(lat: float, lon: float, districts: Iterable[Point]) -> bool:
    """Whether a point is far from all districts; never where none is known."""
    known = list(districts)
    reach = NEAR_M if len(known) >= WHOLE else ABOUT_M
    return bool(known) and all(distance_m(lat, lon, p.lat, p.lon) > p.radius_m + reach for p in known)

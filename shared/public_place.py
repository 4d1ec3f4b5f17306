"""The place as strangers may know it: a street, or of a home no more than its district. Pure.

One rule for router and console, so that a preview names what is sent.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shared.contracts.alerts import PublicPlace
from shared.contracts.base import Place
from shared.geo import distance_m

OutcodeAt = Callable[[float, float], str | None]
"""In which postcode district a point lies."""

_STREET_GRID: Final = 0.002
_STREET_M: Final = 200.0
_SURE_M: Final = 500.0
"""Blurred points so far apart are places far apart."""
_DISTRICT_GRID: Final = 0.02
_DISTRICT_M: Final = 1_500.0
_POSTCODE: Final = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)\s?\d[A-Z]{2}\b", re.IGNORECASE)
_HOUSE_NUMBER: Final = re.compile(r"\b(?:flat|unit|room|no\.?)?\s*\d+[a-z]?\b[\s,]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Grain:
    grid: float
    radius_m: float


def public_place(place: Place, outcode_at: OutcodeAt, *, home: bool) -> PublicPlace:
    """The place blurred: snapped to a grid, named by its street, or for a home by its district alone."""
    grain = _Grain(_DISTRICT_GRID, _DISTRICT_M) if home else _Grain(_STREET_GRID, _STREET_M)
    outcode = place.outcode or outcode_at(place.lat, place.lon)
    label = (outcode or "this area") if home else _street(place.label, outcode)
    return PublicPlace(
        lat=_snapped(place.lat, grain.grid, 90),
        lon=_snapped(place.lon, grain.grid, 180),
        radius_m=max(place.radius_m, grain.radius_m),
        label=label,
    )


def between(one: Place | PublicPlace, other: Place | PublicPlace) -> float:
    """The metres from one place to the other; 0 where that says nothing.

    So it is where both are only roughly known (homes, to strangers), and nearer than blurring moves them.
    """
    if min(one.radius_m, other.radius_m) >= _DISTRICT_M:
        return 0.0
    apart = distance_m(one.lat, one.lon, other.lat, other.lon)
    blurred = isinstance(one, PublicPlace) or isinstance(other, PublicPlace)
    return 0.0 if blurred and apart < _SURE_M else round(apart, 1)


def _snapped(value: float, grid: float, limit: float) -> float:
    return max(-limit, min(limit, round(round(value / grid) * grid, 6)))


def _street(label: str, outcode: str | None) -> str:
    """The label without house numbers, and a postcode cut to its district."""
    if label.startswith("near "):
        return outcode or "this area"
    districts = _POSTCODE.findall(label)
    bare = _HOUSE_NUMBER.sub("", _POSTCODE.sub("", label)).strip(" ,/")
    return ", ".join(part for part in (bare, *districts[:1]) if part) or outcode or "this area"

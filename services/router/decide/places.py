"""Makes the place out of gazetteer rows: a whole road, two that meet, and what people call it."""

from collections.abc import Sequence
from typing import Final

from shared.contracts.base import Place
from shared.gazetteer.port import NamedPlace
from shared.geo import distance_m

_MEETING_M: Final = 700.0
_JUNCTION_LEAST_M: Final = 80.0
_MOST_ROWS: Final = 30


def at(  # noqa: PLR0913,PLR0917 - a place's parts
    lat: float, lon: float, radius_m: float, how: str, label: str, outcode: str | None
) -> Place:
    """A place of these parts, its radius in whole metres."""
    return Place(lat=lat, lon=lon, radius_m=round(radius_m), how=how, label=label, outcode=outcode)


def road(rows: Sequence[NamedPlace]) -> Place:
    """One place of several rows: their middle, and a radius that covers them."""
    lat = sum(p.lat for p in rows) / len(rows)
    lon = sum(p.lon for p in rows) / len(rows)
    reach = max(distance_m(lat, lon, p.lat, p.lon) for p in rows)
    radius = max(reach + min(p.radius_m for p in rows) / 2, min(p.radius_m for p in rows))
    how = "street" if rows[0].kind == "street" else "landmark"
    return at(lat, lon, radius, how, label_of(rows[0]), rows[0].outcode or None)


def label_of(place: NamedPlace) -> str:
    """Its name, with the area or borough around it."""
    around = place.area if place.area and place.area != place.name else place.borough
    return f"{place.name}, {around}" if around and around != place.name else place.name


def meeting(options: Sequence[Sequence[NamedPlace]]) -> Place | None:
    """The closest meeting of two named streets or landmarks, if any two are near enough to meet."""
    best: tuple[float, NamedPlace, NamedPlace] | None = None
    for n, first in enumerate(options):
        for second in options[n + 1 :]:
            for a in first[:_MOST_ROWS]:
                for b in second[:_MOST_ROWS]:
                    apart = distance_m(a.lat, a.lon, b.lat, b.lon)
                    if apart <= _MEETING_M and a.name != b.name and (best is None or apart < best[0]):
                        best = (apart, a, b)
    return _junction(*best) if best else None


def _junction(apart: float, a: NamedPlace, b: NamedPlace) -> Place:
    """Where the two meet: on the smaller of them, since its one point is nearer to all of it."""
    small, large = sorted((a, b), key=lambda p: (p.kind == "street", p.radius_m))
    radius = min(max(_JUNCTION_LEAST_M, apart / 2), small.radius_m + 50)
    how = (
        "junction"
        if small.kind == large.kind == "street"
        else "landmark"
        if small.kind != "street"
        else "street"
    )
    around = small.area or large.area
    label = f"{a.name} / {b.name}" + (f", {around}" if around and around not in {a.name, b.name} else "")
    return at(small.lat, small.lon, radius, how, label, small.outcode or large.outcode or None)

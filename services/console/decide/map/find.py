"""A place as people type it, street, station, postcode or landmark, to the places that may be meant. Pure.

Guarantees: places in the group's own area come first, then the nearer ones; what stands after the name
("Ashwin Street Dalston", "Ashwin St, E8") narrows it; a slip of the finger is forgiven if nothing has just
that name.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.console.decide.map.areas import GroupArea
from shared.gazetteer.keys import name_key
from shared.gazetteer.port import Gazetteer, NamedPlace, Point
from shared.geo import distance_m

MOST: Final = 8
_MOST_TYPED: Final = 100
_MOST_WORDS: Final = 8
_POSTCODE: Final = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)(?:\s*(\d)([A-Z]{2})?)?\b", re.IGNORECASE)
_SAME_M: Final = 60.0


@dataclass(frozen=True, slots=True)
class Found:
    """A place that may be meant. `metres` from where one looks; `inside`: it is in the group's own area."""

    name: str
    kind: str
    lat: float
    lon: float
    radius_m: float
    around: str
    metres: float | None
    inside: bool


@dataclass(frozen=True, slots=True)
class From:
    """From where one looks for it: the middle of what is shown, and the group's own areas."""

    lat: float | None
    lon: float | None
    areas: tuple[GroupArea, ...] = ()


def find(known: Gazetteer, typed: str, here: From) -> tuple[Found, ...]:
    """The places that may be meant, the likeliest first."""
    text = typed.strip()[:_MOST_TYPED]
    code = _POSTCODE.search(text.upper())
    rest = (text[: code.start()] + text[code.end() :]) if code else text
    words = name_key(rest).split()[:_MOST_WORDS]
    named = _named(known, words, code[1] if code else "")
    if code and not named:
        return tuple(replace(_placed(here, place), kind="postcode") for place in _of_code(known, code))
    ordered = sorted((_placed(here, place) for place in named), key=lambda f: (not f.inside, f.metres or 0.0))
    return _once(ordered)


def unknown_code(known: Gazetteer, typed: str) -> str | None:
    """The postcode that was typed, as far as it was, if just that one is not in the list."""
    text = typed.strip()[:_MOST_TYPED].upper()
    code = _POSTCODE.search(text)
    if code is None:
        return None
    out, sector, rest = code.groups()
    if rest:
        return None if known.postcode(f"{out} {sector}{rest}") else f"{out} {sector}{rest}"
    if sector:
        return None if known.sector(f"{out} {sector}") else f"{out} {sector}"
    return out if code[0] == text and known.outcode(out) is None else None


def _named(known: Gazetteer, words: Sequence[str], outcode: str) -> list[NamedPlace]:
    """The places that some beginning of the words names, narrowed by the others, the longest first."""
    for called in (_called, _like):
        found = [(called(known, " ".join(words[:n])), set(words[n:])) for n in range(len(words), 0, -1)]
        narrowed = [p for places, rest in found for p in places if _is_around(p, rest, outcode)]
        if narrowed:
            return narrowed
        if loose := next((places for places, _ in found if places), []):
            return loose
    return []


def _called(known: Gazetteer, key: str) -> list[NamedPlace]:
    """The places of just that name, else with a word like Street left out."""
    return [*known.named(key)] or [*known.shortened(key)]


def _like(known: Gazetteer, key: str) -> list[NamedPlace]:
    """The places of which that may be a misspelling."""
    return [place for _, place in known.similar(key)]


def _is_around(place: NamedPlace, words: set[str], outcode: str) -> bool:
    """Whether a place lies where these further words say."""
    return words <= _around_words(place) and outcode in {"", place.outcode}


def _around_words(place: NamedPlace) -> set[str]:
    return set(name_key(f"{place.area} {place.borough} {place.outcode}").split())


def _of_code(known: Gazetteer, code: re.Match[str]) -> Iterator[NamedPlace]:
    """The full postcode, or as much of it as is known."""
    out, sector, rest = code.groups()
    whole, part = f"{out} {sector}{rest}", f"{out} {sector}"
    found: tuple[str, Point | None] = (whole, known.postcode(whole) if rest else None)
    if found[1] is None:
        found = (part, known.sector(part) if sector else None)
    if found[1] is None:
        found = (out, known.outcode(out))
    name, point = found
    if point is not None:
        around = known.area_at(point.lat, point.lon) or ""
        yield NamedPlace(name, "area", point.lat, point.lon, point.radius_m, area=around, outcode=out)


def _once(ordered: Iterable[Found]) -> tuple[Found, ...]:
    """As many as are shown, each place once: a station is known by several names."""
    kept: list[Found] = []
    for one in ordered:
        if len(kept) < MOST and not any(distance_m(one.lat, one.lon, k.lat, k.lon) < _SAME_M for k in kept):
            kept.append(one)
    return tuple(kept)


def _placed(here: From, place: NamedPlace) -> Found:
    metres = None
    if here.lat is not None and here.lon is not None:
        metres = distance_m(here.lat, here.lon, place.lat, place.lon)
    around = ", ".join(dict.fromkeys(n for n in (place.area, place.borough, place.outcode) if n))
    inside = any(area.holds(place.lat, place.lon, place.outcode) for area in here.areas)
    return Found(place.name, place.kind, place.lat, place.lon, place.radius_m, around, metres, inside)

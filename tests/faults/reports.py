"""Reports whose truth is known: which of them tell of the same event, and which of nothing at all.

Seeded: the same plan gives the same reports. The true events lie at least six kilometres apart,
so that whatever order faults make of the reports, they can only ever belong together in one way.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.rigs.system import square

_ROWS = 6
_SOUTH, _WEST = 52.0, -2.4
_STEP_LAT, _STEP_LON = 0.06, 0.1  # about 6.7 and 6.8 km
_SITES_PER_GROUP = 2
_SAID = (
    "Immigration raid at {one} {shop}, {two} van beside {three}",
    "immigration officers inside {one} {shop}, {two} door {three} side",
    "RAID!! immigration enforcement {one} {shop} by {three} corner {two}",
    "Home Office at {one} {shop}, {two} side, {three} van is full",
    "immigration vans outside {one} {shop}, {three} side, {two} gate blocked",
)
_SHOPS = ("nail bar", "car wash", "takeaway", "bakery", "barber", "grocery", "laundrette", "warehouse")
_CHATTER = (
    "what time does the last bus go tonight",
    "thanks everyone for coming to the meeting yesterday",
    "does anybody have a spare bicycle pump",
    "lovely weather for the picnic",
)
_OVERLAP = 3
"""How many sites are told of at the same time."""
_NOISE = 0.12
_COPIED = 0.4


@dataclass(frozen=True, slots=True)
class Site:
    """One true event: where, and whose area it is in."""

    number: int
    lat: float
    lon: float
    group: str
    words: Mapping[str, str]
    """What people there speak of; no two sites have the same, for the same words mean the same event."""


@dataclass(frozen=True, slots=True)
class TrueReport:
    """One report with its truth: the site it tells of, or None for chatter."""

    number: int
    site: int | None
    text: str
    fields: Mapping[str, Any]


def make_sites(count: int) -> list[Site]:
    """So many places, well apart."""
    found = []
    for number in range(count):
        row, column = number % _ROWS, number // _ROWS
        lat, lon = _SOUTH + row * _STEP_LAT, _WEST + column * _STEP_LON
        found.append(Site(number, lat, lon, f"group-{number // _SITES_PER_GROUP}", _words(number)))
    return found


def _words(number: int) -> dict[str, str]:
    rng = random.Random(f"site {number}")
    names = ["".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(4)) for _ in range(3)]
    one, two, three = (name.capitalize() for name in names)
    return {"one": one, "two": two, "three": three, "shop": rng.choice(_SHOPS)}


def make_groups(sites: list[Site]) -> list[dict[str, Any]]:
    """The groups of those sites, each with a square around each of its sites."""
    names = dict.fromkeys(site.group for site in sites)
    groups = []
    for name in names:
        areas = [square(s.lat, s.lon, 0.02)["polygons"][0] for s in sites if s.group == name]
        groups.append({"id": name, "name": f"Test {name}", "area": {"polygons": areas}})
    return groups


def make_reports(sites: list[Site], count: int, seed: int) -> list[TrueReport]:
    """So many reports in their order; every site is told of, many words are copies of others'.

    The sites' evenings begin one after the other and overlap, so that at any moment something opens.
    """
    rng = random.Random(seed)
    told = sorted(range(count), key=lambda n: n + rng.uniform(0, _OVERLAP * count / len(sites)))
    heard: dict[int, list[str]] = {}
    return [_report(rng, n, sites[told[n] * len(sites) // count], heard) for n in range(count)]


def _report(rng: random.Random, number: int, site: Site, heard: dict[int, list[str]]) -> TrueReport:
    if rng.random() < _NOISE:
        return TrueReport(number, None, rng.choice(_CHATTER), {"sender": f"chatter-{number}"})
    said = heard.setdefault(site.number, [])
    copied = bool(said) and rng.random() < _COPIED
    text = rng.choice(said) if copied else rng.choice(_SAID).format(**site.words)
    said.append(text)
    fields = {
        "lat": round(site.lat + rng.uniform(-0.0003, 0.0003), 6),
        "lon": round(site.lon + rng.uniform(-0.0003, 0.0003), 6),
        "accuracy_m": rng.randint(10, 40),
        "sender": f"person-{number}",
        "first_hand": rng.choice((True, False, None)),
    }
    return TrueReport(number, site.number, text, fields)

"""What the judgement asks of a gazetteer. Exact look-ups of normalised names; no scan, no guess.

Implementations are immutable once built, so the pure core may read them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["street", "landmark", "station", "area", "borough", "city"]

PRECISE: frozenset[str] = frozenset({"street", "landmark", "station"})
"""Kinds that say where something is to within a few hundred metres."""


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """One place of that name. `radius_m` covers the place; `area` and `borough` say what it lies in."""

    name: str
    kind: Kind
    lat: float
    lon: float
    radius_m: float
    area: str = ""
    borough: str = ""
    outcode: str = ""
    rank: int = 0
    """Higher wins among places of one name that are equally likely otherwise."""
    approximate: bool = False
    """Whether its position is only that of its postcode district."""


@dataclass(frozen=True, slots=True)
class Point:
    """A postcode's or outcode's centre and the radius that covers it, in metres."""

    lat: float
    lon: float
    radius_m: float


class Gazetteer(Protocol):
    """Names, postcodes and outcodes to places. Immutable, so it is hashable by identity."""

    def __hash__(self) -> int: ...

    @property
    def longest_name(self) -> int:
        """Words in the longest name: how far an n-gram search need go."""
        ...

    def named(self, key: str) -> Sequence[NamedPlace]:
        """The places of that name; `key` as `services.router.gazetteer.keys.name_key` makes it."""
        ...

    def postcode(self, postcode: str) -> Point | None:
        """A full postcode ("E8 3DL")."""
        ...

    def outcode(self, outcode: str) -> Point | None:
        """A postcode district ("E8")."""
        ...

    def outcode_points(self, outcode: str) -> Sequence[tuple[float, float]]:
        """(lat, lon) of some addresses of the district, evenly taken; empty where unknown."""
        ...

    def outcode_at(self, lat: float, lon: float) -> str | None:
        """The district that the nearest known postcode or outcode centre belongs to, within 5 km."""
        ...

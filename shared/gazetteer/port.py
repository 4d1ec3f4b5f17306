"""What services ask of a gazetteer: normalised names, postcodes and points to places.

An implementation never changes once built, answers every input without raising, and in an order
that its data alone settle; so the pure core may read it.
"""

from collections.abc import Mapping, Sequence
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
    """Higher wins among places of one name that are equally likely otherwise (`ranks`)."""
    approximate: bool = False
    """Its position is only the centre of its postcode district, shared with every place in it."""


@dataclass(frozen=True, slots=True)
class Point:
    """A postcode's or outcode's centre and the radius that covers it, in metres."""

    lat: float
    lon: float
    radius_m: float


class Gazetteer(Protocol):
    """Names, postcodes and points to places. Immutable, so it is hashable by identity.

    A key is a name as `shared.gazetteer.keys.name_key` makes it. Places come highest rank
    first, then those whose own name it is, then in the order in which their files were read.
    """

    def __hash__(self) -> int: ...

    @property
    def longest_name(self) -> int:
        """Words in the longest name, at most 8: how far an n-gram search need go."""
        ...

    def begins(self, word: str) -> bool:
        """Whether some name's key begins with this word."""
        ...

    def named(self, key: str) -> Sequence[NamedPlace]:
        """The places of that name."""
        ...

    def shortened(self, key: str) -> Sequence[NamedPlace]:
        """The places whose key is this one and a generic word: "ashwin" → Ashwin Street."""
        ...

    def similar(self, key: str) -> Sequence[tuple[float, NamedPlace]]:
        """(score, place) of at most 30 names that this may be a misspelling of, best first.

        The score is rapidfuzz' ratio of the keys, 85 to 100; places of the very key are left out.
        """
        ...

    def sounding(self, words: str) -> Sequence[tuple[float, NamedPlace]]:
        """(score, place) of at most 30 names that these words of another script may be, best first.

        Their consonants are the same (`shared.gazetteer.skeleton`); the score is rapidfuzz' ratio of
        the key and the transcribed words, 0 to 100.
        """
        ...

    def postcode(self, postcode: str) -> Point | None:
        """A full postcode ("E8 3DL")."""
        ...

    def sector(self, sector: str) -> Point | None:
        """A postcode sector ("E8 3"): the centre of its postcodes and the radius that covers them."""
        ...

    def outcode(self, outcode: str) -> Point | None:
        """A postcode district ("E8")."""
        ...

    def outcode_points(self, outcode: str) -> Sequence[tuple[float, float]]:
        """(lat, lon) of at most 200 addresses of the district, evenly taken; empty where unknown."""
        ...

    def outcode_at(self, lat: float, lon: float) -> str | None:
        """The district that the nearest known postcode or outcode centre belongs to, within 5 km."""
        ...

    def abroad(self, lat: float, lon: float) -> bool:
        """Whether a point is surely outside the country that the districts are of."""
        ...

    def area_at(self, lat: float, lon: float) -> str | None:
        """The name of the smallest boundary that contains the point."""
        ...

    def nearest(self, lat: float, lon: float, within_m: float) -> NamedPlace | None:
        """The nearest street, landmark or station, for naming a bare point."""
        ...

    def around(self, lat: float, lon: float, within_m: float, most: int) -> Sequence[NamedPlace]:
        """The nearest streets, landmarks and stations, the nearest first; each name once."""
        ...

    @property
    def districts(self) -> Mapping[str, Point]:
        """Every postcode district that it knows."""
        ...

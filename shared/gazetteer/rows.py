"""What the readers of files hand to the builder: a batch of names, postcodes, districts and borders."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shapely.geometry.base import BaseGeometry

from shared.gazetteer.port import NamedPlace

LatLon = tuple[float, float]


@dataclass(slots=True)
class Rows:
    """One batch in reading order; of two positions of a postcode the later read counts."""

    names: list[NamedPlace] = field(default_factory=list)
    also: list[tuple[int, str]] = field(default_factory=list)
    """Further names of places: the place's number in `names`, and the name."""
    postcodes: dict[str, LatLon] = field(default_factory=dict)
    ended: dict[str, LatLon] = field(default_factory=dict)
    """Postcodes no longer in use: people still write them, but they say nothing about districts."""
    outcodes: dict[str, LatLon] = field(default_factory=dict)
    borders: list[tuple[str, BaseGeometry]] = field(default_factory=list)

    def add(self, place: NamedPlace, also: Iterable[str] = ()) -> None:
        """A place and what else it is called."""
        number = len(self.names)
        self.names.append(place)
        self.also += [(number, name) for name in also]

"""What a group may begin an exercise with: the scenarios that come with the relay. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import shapely

from shared.areas import as_shape
from shared.contracts.drills import DrillMessage
from shared.contracts.groups import Area

MINUTES: Final = (15, 30, 60, 120)
"""How long a scenario may be made to take; 0 (not among these): as long as it took."""
_LEAST_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as a group sees it."""

    name: str
    messages: int
    minutes: int
    """How long it took."""
    ours: bool
    """Whether any of its places lies in the group's area: else the group would hear nothing of it."""


def scenarios(
    shipped: Mapping[str, Sequence[DrillMessage]],
    area: Area,
    outcode_at: Callable[[float, float], str | None],
) -> list[Scenario]:
    """All of them, those of the group's own area first."""
    found = [
        Scenario(name, len(messages), round(_length_s(messages) / 60), _touches(area, messages, outcode_at))
        for name, messages in shipped.items()
    ]
    return sorted(found, key=lambda s: (not s.ours, s.name))


def speed_for(messages: Sequence[DrillMessage], minutes: int) -> float:
    """How much faster it must go to take so many minutes; never slower than it was."""
    return max(1.0, _length_s(messages) / (minutes * 60)) if minutes else 1.0


def _length_s(messages: Iterable[DrillMessage]) -> float:
    return max((m.t for m in messages), default=_LEAST_S)


def _touches(
    area: Area, messages: Iterable[DrillMessage], outcode_at: Callable[[float, float], str | None]
) -> bool:
    shape, named = as_shape(area.polygons), frozenset(area.outcodes)
    points = [(m.lat, m.lon) for m in messages if m.lat is not None and m.lon is not None]
    return any(shapely.contains_xy(shape, lon, lat) or outcode_at(lat, lon) in named for lat, lon in points)

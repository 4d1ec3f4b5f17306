"""Where reports say they are, as marks that differ in shape and not only in colour. Pure.

A filled circle: somebody saw it there. An empty one: somebody heard of it. A diamond: a phone stood there
when it reported. Reports at one spot are one mark with their number; marks at one spot stand side by side.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from services.console.decide.draft import Document
from services.console.decide.map.view import SIZE, View

Sort = Literal["saw", "heard", "phone"]
SORTS: Final[tuple[Sort, ...]] = ("saw", "heard", "phone")
_SPOT: Final = 6.0
"""Units: what is nearer than this lies at one spot."""
_STEP: Final = 12.0
_MOST: Final = 60


@dataclass(frozen=True, slots=True)
class Mark:
    """So many reports of one sort at one spot."""

    sort: Sort
    x: float
    y: float
    count: int


def marks_of(view: View, reports: Iterable[Document]) -> tuple[Mark, ...]:
    """The marks in the picture, those of the most reports first where there are too many."""
    spots: dict[tuple[int, int], Counter[Sort]] = {}
    for sort, lat, lon in (told for report in reports if (told := _told(report))):
        x, y = view.xy(lat, lon)
        if 0 <= x <= SIZE and 0 <= y <= SIZE:
            spots.setdefault((round(x / _SPOT), round(y / _SPOT)), Counter())[sort] += 1
    most = sorted(spots, key=lambda spot: (-spots[spot].total(), spot))[:_MOST]
    return tuple(mark for spot in sorted(most) for mark in _side_by_side(spot, spots[spot]))


def _told(report: Document) -> tuple[Sort, float, float] | None:
    """What sort of report it is and where; None: it gives no place."""
    if at := report.get("position"):
        return "phone", at["lat"], at["lon"]
    place = report.get("place")
    sort: Sort = "saw" if report.get("first_hand") else "heard"
    return (sort, place["lat"], place["lon"]) if place else None


def _side_by_side(spot: tuple[int, int], counts: Counter[Sort]) -> Iterable[Mark]:
    sorts = [sort for sort in SORTS if counts[sort]]
    left = spot[0] * _SPOT - (len(sorts) - 1) * _STEP / 2
    for n, sort in enumerate(sorts):
        yield Mark(sort, round(left + n * _STEP, 1), round(spot[1] * _SPOT, 1), counts[sort])

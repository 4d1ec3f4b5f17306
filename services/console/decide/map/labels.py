"""Names in a picture, none on top of another and none cut off: the more important ones first. Pure.

How wide letters are depends on the reader's font, which nobody knows here: they are taken for rather wide.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from services.console.decide.map.view import SIZE

Anchor = Literal["start", "middle", "end"]
_NARROW, _WIDE = 0.57, 1.05
"""Of the letters' height: how wide a letter is, in most scripts and in the widest."""
_GAP: Final = 7.0
_SPOT: Final = 4.0
_AIR: Final = 1.5
_MOST_LETTERS: Final = 26
_MORE: Final = "…"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the picture that something fills."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether the two share anything."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    @property
    def inside(self) -> bool:
        """Whether all of it is in the picture."""
        return self.left >= 0 and self.top >= 0 and self.right <= SIZE and self.bottom <= SIZE


@dataclass(frozen=True, slots=True)
class Wanted:
    """A name that should be written, at the first of these points where there is room."""

    text: str
    kind: str
    at: Sequence[tuple[float, float]]
    size: float = 11.0
    beside: bool = False
    """Beside the point, which is marked; else on it."""


@dataclass(frozen=True, slots=True)
class Label:
    """A name and where it is written: the baseline's point, and which end of the text lies there."""

    text: str
    kind: str
    x: float
    y: float
    anchor: Anchor
    point: tuple[float, float] | None
    """The mark that it belongs to."""


def placed(wanted: Iterable[Wanted], taken: Iterable[Box], *, most: int) -> tuple[Label, ...]:
    """As many as find room beside what is taken, in their order."""
    full, found = [*taken], list[Label]()
    for one in wanted:
        if len(found) >= most:
            break
        spot = next((s for point in one.at for s in _spots(one, point) if _free(s[1], full)), None)
        if spot is not None:
            label, box = spot
            found.append(label)
            full += [box, *_spot(label)]
    return tuple(found)


def shortened(text: str) -> str:
    """A long name, cut at a word if there is one."""
    if len(text) <= _MOST_LETTERS:
        return text
    head = text[: _MOST_LETTERS - 1]
    return (head.rpartition(" ")[0] or head).rstrip(" ,") + _MORE


def width_of(text: str, size: float) -> float:
    """About how wide a text is."""
    wide = sum(1 for c in text if unicodedata.east_asian_width(c) in "WF")
    return size * (wide * _WIDE + (len(text) - wide) * _NARROW)


def _spot(label: Label) -> Iterable[Box]:
    """The room of the mark itself."""
    if label.point is not None:
        x, y = label.point
        yield Box(x - _SPOT, y - _SPOT, x + _SPOT, y + _SPOT)


def _free(box: Box, full: Iterable[Box]) -> bool:
    return box.inside and not any(box.meets(other) for other in full)


def _spots(one: Wanted, point: tuple[float, float]) -> Iterable[tuple[Label, Box]]:
    """The label in each place that it may have at this point, and the room that it takes."""
    text, (x, y), low = shortened(one.text), point, one.size * 0.35
    half = width_of(text, one.size) / 2
    tried: list[tuple[float, float, Anchor]] = [(x, y + low, "middle")]
    if one.beside:
        above, below = y - _GAP, y + _GAP + one.size * 0.75
        tried = [(x + _GAP, y + low, "start"), (x - _GAP, y + low, "end")]
        tried += [(x, above, "middle"), (x, below, "middle")]
        tried += [(x + _GAP, above, "start"), (x + _GAP, below, "start")]
        tried += [(x - _GAP, above, "end"), (x - _GAP, below, "end")]
    for at_x, base, anchor in tried:
        middle = at_x + {"start": half, "middle": 0.0, "end": -half}[anchor]
        box = Box(
            middle - half - _AIR,
            base - one.size * 0.85 - _AIR,
            middle + half + _AIR,
            base + one.size * 0.25 + _AIR,
        )
        yield (
            Label(text, one.kind, round(at_x, 1), round(base, 1), anchor, point if one.beside else None),
            box,
        )

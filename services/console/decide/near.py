"""Which open incidents may be the same as one: how far, and how like their words. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.console.decide.alike import likeness
from services.console.decide.draft import Document
from services.console.decide.views import is_open
from shared.geo import distance_m

_FAR_M: Final = 5_000.0
_BESIDE_M: Final = 50.0
_MOST: Final = 8
_MOST_TEXTS: Final = 8


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another incident: metres between the two (None: one has no place), and likeness in percent."""

    incident: Document
    metres: float | None
    alike: int


def neighbours(
    incident: Document,
    texts: Sequence[str],
    others: Iterable[Document],
    their_texts: Mapping[str, Sequence[str]],
) -> list[Neighbour]:
    """The others within a few kilometres (or without a place), nearest and likest first."""
    found = [
        Neighbour(o, metres_between(incident, o), _alike(texts, their_texts.get(o["id"], ())))
        for o in others
        if o["id"] != incident["id"] and is_open(o) and same_world(o, incident)
    ]
    close = [n for n in found if n.metres is None or n.metres <= _FAR_M]
    return sorted(close, key=lambda n: (_apart(n), n.incident["id"]))[:_MOST]


def same_world(one: Document, other: Document) -> bool:
    """Whether both are real, or both are an exercise's: only then may they become one."""
    return bool(one.get("drill")) == bool(other.get("drill"))


def _apart(neighbour: Neighbour) -> float:
    """Small for what is near, smaller for what is also told in the same words."""
    metres = _FAR_M if neighbour.metres is None else neighbour.metres
    return (metres + _BESIDE_M) * (120 - neighbour.alike)


def metres_between(one: Document, other: Document) -> float | None:
    """The distance of two incidents' middles."""
    a, b = one.get("place"), other.get("place")
    if not a or not b:
        return None
    return distance_m(a["lat"], a["lon"], b["lat"], b["lon"])


def _alike(texts: Sequence[str], others: Sequence[str]) -> int:
    pairs = ((a, b) for a in texts[:_MOST_TEXTS] for b in others[:_MOST_TEXTS] if a and b)
    return int(max((likeness(a, b) for a, b in pairs), default=0.0))

"""What is known of an incident before it is confirmed, and from whom: beside the questions that ask it. Pure.

A dispatcher need not look back for what a volunteer on the spot has said, and sees who counted what.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.console.decide.draft import Document
from services.console.decide.verifiers_facts import best_of

_MOST: Final = 3
_COUNTED: Final = ("van", "officer", "person")


FIELDS: Final = {"van": "vans", "officer": "officers", "person": "held"}
"""Which question of the guided confirm asks how many of what."""


@dataclass(frozen=True, slots=True)
class Offered:
    """Answers that somebody's words give already, to be looked over: whose (None: a reporter's), and when."""

    numbers: dict[str, int]
    acting: str | None
    member: str | None
    at: str


@dataclass(frozen=True, slots=True)
class KnownSoFar:
    """The latest sightings by our own people, and what the report that says most counts."""

    sightings: tuple[Document, ...] = ()
    """Steps of the timeline: when, by whom, in which words; the latest first, each member's last one."""
    counts: tuple[tuple[str, int], ...] = ()
    words: str = ""
    """What that report says; empty where it counts nothing."""
    offered: Offered | None = None


def known_so_far(incident: Document, reports: Iterable[Document]) -> KnownSoFar:
    """What our people saw, and what reporters count."""
    seen = [step for step in incident.get("timeline", ()) if step.get("what") == "seen"]
    last = {step.get("member"): step for step in seen}
    ordered = sorted(last.values(), key=lambda step: datetime.fromisoformat(step["at"]), reverse=True)
    best = best_of(report for report in reports if report.get("counts"))
    counted: dict[str, int] = best.get("counts") or {}
    return KnownSoFar(
        sightings=tuple(ordered[:_MOST]),
        counts=tuple((name, counted[name]) for name in _COUNTED if name in counted),
        words=best.get("text") or "",
        offered=_offered(ordered, best),
    )


def _offered(sightings: Iterable[Document], best: Document) -> Offered | None:
    """From the latest sighting of ours that says any of it; else from the report that says most."""
    ours = next((step for step in sightings if step.get("counts") or step.get("acting")), None)
    if ours is not None:
        return Offered(_numbers(ours), ours.get("acting"), ours.get("member"), ours["at"])
    if not best.get("counts"):
        return None
    acting = best.get("who")
    return Offered(_numbers(best), None if acting == "unknown" else acting, None, best["at"])


def _numbers(source: Document) -> dict[str, int]:
    counts = source.get("counts") or {}
    return {field: counts[name] for name, field in FIELDS.items() if name in counts}

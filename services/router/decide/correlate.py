"""Which known incident a report may be about: by its text, its sender, and its place.

Both uncertainties count. Two precisely placed events 400 m apart stay two; a copy of the same
text joins wherever its phone is. Looks only at incidents in the cells that the report's disc touches.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

from services.router.decide.geo import DEGREE_M, cells_asked, distance_m
from services.router.decide.limits import NEIGHBOURHOOD_M
from services.router.decide.locate import precise
from services.router.decide.state import Incident, State, Trace
from services.router.decide.text import fold, sketch
from shared.contracts.base import IncidentId, Place, ReportId

Link = Literal["text", "place", "area", "thread"]

NEAR_M: Final = 150.0
"""Two precise places closer than this, beyond their uncertainties, are one."""

LISTENING: Final = timedelta(hours=2)
"""How long a sender's next message is about the same event unless it says otherwise."""

ENDED_RECENTLY: Final = timedelta(hours=1)
"""How long after its end an incident still takes what is said of it."""

_MOST_UNCERTAINTY_M: Final = 250.0
_MOST_NEIGHBOURS: Final = 256
_SAID: Final = frozenset({"street", "junction", "landmark"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """An incident that the report may be about, why, and how far it is (None: no place to compare)."""

    incident: Incident
    link: Link
    apart_m: float | None = None


@dataclass(frozen=True, slots=True)
class Correlated:
    """All candidates, the nearest first; and the held report this one is a copy of, if any."""

    candidates: tuple[Candidate, ...]
    copy_of_held: ReportId | None = None
    copy_of: Incident | None = None
    copied: float = 0.0
    """The share of the text's marks that `copy_of` has: 1 is a copy, 0.5 may be the same phrases."""

    def by(self, link: Link) -> tuple[Candidate, ...]:
        """The candidates found in that way."""
        return tuple(c for c in self.candidates if c.link == link)


def correlate(  # noqa: PLR0913 - each is a clue of its own
    state: State, *, text: str, sender: str | None, place: Place | None, drill: bool, now: datetime
) -> Correlated:
    """Find the incidents that a report may be about."""
    marks = sketch(text)
    traces = [t for mark in marks if (t := state.traces.get(mark)) is not None]
    original, copied = _original(state, traces, len(marks))
    found = [*_thread(state, sender, now), *(_nearby(state, place, now) if place else ())]
    return Correlated(
        candidates=tuple(c for c in found if c.incident.drill == drill),
        copy_of_held=_held_original(state, traces, len(marks)),
        copy_of=original if original is not None and original.drill == drill else None,
        copied=copied,
    )


def present(state: State, incident: IncidentId | None) -> Incident | None:
    """The incident, or the one that absorbed it; None if it is forgotten."""
    found = state.incidents.get(incident) if incident else None
    hops = 0
    while found is not None and found.merged_into is not None and hops < 16:  # noqa: PLR2004 - a bound, no meaning
        found, hops = state.incidents.get(found.merged_into), hops + 1
    return found


def open_to(incident: Incident, now: datetime) -> bool:
    """Whether reports still join it: it is live, or ended within the hour."""
    if incident.live:
        return True
    return (
        incident.merged_into is None
        and incident.ended_at is not None
        and now - incident.ended_at <= ENDED_RECENTLY
    )


def _original(state: State, traces: list[Trace], marks: int) -> tuple[Incident | None, float]:
    """The incident that at least half of the text's marks were last seen in, and how many of them."""
    counts = Counter(t.incident for t in traces if t.incident is not None)
    for incident, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if 2 * count >= marks:
            return present(state, incident), count / marks
    return None, 0.0


def _held_original(state: State, traces: list[Trace], marks: int) -> ReportId | None:
    counts = Counter(t.report for t in traces if t.incident is None and t.report in state.held)
    best = min(counts, key=lambda r: (-counts[r], r), default=None)
    return best if best is not None and 2 * counts[best] >= marks else None


def _thread(state: State, sender: str | None, now: datetime) -> Iterator[Candidate]:
    thread = state.threads.get(sender) if sender is not None else None
    if thread is None or now - thread.at > LISTENING:
        return
    incident = present(state, thread.incident)
    if incident is not None and open_to(incident, now):
        yield Candidate(incident, "thread")


def _nearby(state: State, place: Place, now: datetime) -> list[Candidate]:
    """Incidents whose place (or that of one they absorbed) agrees with the report's, nearest first."""
    found = []
    for known in _neighbours(state, place):
        incident = present(state, known.id)
        if known.place is None or incident is None or not open_to(incident, now):
            continue
        if link := agrees(place, known.place):
            apart = distance_m(place.lat, place.lon, known.place.lat, known.place.lon)
            found.append(Candidate(incident, link, round(apart)))
    found.sort(key=lambda c: (c.apart_m, c.incident.id))
    return list({(c.incident.id, c.link): c for c in reversed(found)}.values())[::-1]


def _neighbours(state: State, place: Place) -> list[Incident]:
    cells = cells_asked(place.lat, place.lon, place.radius_m)
    found = (i for cell in cells for i in state.cells.get(cell, ())[-_MOST_NEIGHBOURS:])
    return [state.incidents[i] for i in dict.fromkeys(found)]


def agrees(one: Place, other: Place) -> Link | None:
    """`place` where both are precise and one; `area` where one of them is only an area around the other."""
    farthest = NEIGHBOURHOOD_M + one.radius_m + other.radius_m
    if abs(one.lat - other.lat) * DEGREE_M > farthest:
        return None
    apart = distance_m(one.lat, one.lon, other.lat, other.lon)
    if apart > farthest:
        return None
    if not (precise(one) and precise(other)):
        return "area" if apart <= max(one.radius_m, other.radius_m) else None
    if _names(one.label) & _names(other.label):
        return "place" if apart <= NEAR_M + one.radius_m + other.radius_m else None
    if one.how in _SAID and other.how in _SAID:
        return "place" if apart <= NEAR_M else None
    slack = min(one.radius_m, _MOST_UNCERTAINTY_M) + min(other.radius_m, _MOST_UNCERTAINTY_M)
    return "place" if apart <= NEAR_M + min(slack, _MOST_UNCERTAINTY_M) else None


@lru_cache(maxsize=16_384)
def _names(label: str) -> frozenset[str]:
    """The names that a label joins; a phone's bare position has none."""
    if label.startswith("near "):
        return frozenset()
    return frozenset(fold(part).strip() for part in label.split(",", maxsplit=1)[0].split(" / "))

"""The figures by which a judgement is judged, of the whole corpus or a part of it. Pure.

A part (a language, a scenario) shares the clusters of the whole corpus: an event that was swallowed by
another scenario's is swallowed in its own. `held` is not opened; told in a digest is.
"""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from statistics import fmean, median
from typing import Any, Final

from services.router.scoring import b_cubed
from services.router.scoring.events import Event, error_m, events_of, homes, merged
from services.router.scoring.truth import Judged

Figures = dict[str, Any]
Part = Callable[[Judged], bool]

_P90: Final = 0.9


def scenario_of(message: Judged) -> str:
    """The scenario that a message is of."""
    return message.line.scenario or "(none)"


def language_of(message: Judged) -> str:
    """The language that a message is in."""
    return message.line.language or "(none)"


class Score:
    """Judged messages, with what needs the whole corpus worked out once."""

    def __init__(self, judged: Sequence[Judged]) -> None:
        self.judged = sorted(judged, key=lambda m: m.at)
        self.events = events_of(self.judged)
        self.homes = homes(self.judged)
        self._mains = {event.id: event.main for event in self.events}
        self._shares = b_cubed.shares(self.judged)
        self._merged = merged(self.events)
        self._in_merges = {name for names in self._merged for name in names}

    def figures(self, part: Part = lambda _message: True) -> Figures:
        """All figures of the messages in that part, and of the events whose first report is in it."""
        messages = [m for m in self.judged if part(m)]
        events = [e for e in self.events if part(e.first_report)]
        names = {e.id for e in events}
        silent = [e.id for e in events if e.first_alert is None]
        return {
            "messages": len(messages),
            "incidents": len(events),
            "by_message": b_cubed.by_message(messages, self._shares),
            "by_incident": b_cubed.by_incident(messages, self._shares),
            "false_merges": [ids for ids in self._merged if names & set(ids)],
            "swallowed": [name for name in silent if name in self._in_merges],
            "missed": [name for name in silent if name not in self._in_merges],
            "noise": _noise(messages),
            "first_alerts_per_incident": _first_alerts(events),
            "delay_s": _delay(events),
            "routing": _routing(events),
            "location_error_m": _spread([m for e in events if (m := error_m(e.first_alert)) is not None]),
            "retraction_links": self._retractions(messages),
        }

    def by(self, key: Callable[[Judged], str]) -> Mapping[str, Figures]:
        """The figures of each part, by the name that `key` gives its messages."""
        names = sorted({key(message) for message in self.judged})
        return {name: self.figures(lambda m, name=name: key(m) == name) for name in names}  # type: ignore[misc]

    def main_of(self, event: str | None) -> str | None:
        """The predicted incident that most of an event's messages belong to."""
        return self._mains.get(event or "")

    def swallowed(self, event: Event) -> bool:
        """Whether it was never told because another event's incident took its messages."""
        return event.first_alert is None and event.id in self._in_merges

    def _retractions(self, messages: Sequence[Judged]) -> Figures:
        """Retractions of something known, and how many of them reached what they take back."""
        known = [m for m in messages if m.truth.role == "retraction" and m.truth.incident is not None]
        linked = sum(m.incident is not None and m.incident == self.main_of(m.truth.incident) for m in known)
        return {"messages": len(known), "linked": linked}


def _noise(messages: Sequence[Judged]) -> Figures:
    noise = [m for m in messages if m.noise]
    opened = [m.id for m in noise if m.opened]
    return {
        "messages": len(noise),
        "opened": opened,
        "opened_share": round(len(opened) / len(noise), 4) if noise else None,
        "attached": sum(m.status == "attached" for m in noise),
        "held": sum(m.status == "held" for m in noise),
    }


def _first_alerts(events: Sequence[Event]) -> float | None:
    """How often an event that was told was told as new; 1 is right, more are duplicates."""
    told = [sum(m.opened for m in e.messages) for e in events if e.first_alert is not None]
    return round(fmean(told), 4) if told else None


def _delay(events: Sequence[Event]) -> Figures:
    """Seconds from an event's first report to its first alert. Digests and waiting count."""
    known = [(e.first_report.at, e.told_at) for e in events if e.told_at is not None]
    return _spread([max(0.0, (told - reported).total_seconds()) for reported, told in known])


def _routing(events: Sequence[Event]) -> Figures:
    """Groups of the first alert against the true ones, event by event."""
    told = [(set(e.first_alert.groups), set(e.first_alert.truth.groups)) for e in events if e.first_alert]
    precision = [len(said & real) / len(said) for said, real in told if said]
    recall = [len(said & real) / len(real) for said, real in told if real]
    return b_cubed.f1(precision, recall)


def _spread(values: Sequence[float]) -> Figures:
    """Half of the values are at most the median, nine in ten at most the p90."""
    if not values:
        return {"median": None, "p90": None, "max": None}
    ordered = sorted(values)
    p90 = ordered[ceil(_P90 * len(ordered)) - 1]
    return {"median": round(median(ordered)), "p90": round(p90), "max": round(ordered[-1])}

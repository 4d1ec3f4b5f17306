"""The figures by which a judgement is judged. Pure: judged messages in, numbers out.

B-cubed (Bagga and Baldwin, 1998) takes a message without incident as a cluster of its own, on
both sides, so noise that joins an incident costs precision. `held` counts as not opened.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean, median
from typing import Any, Final

from services.router.decide.geo import distance_m
from services.router.scoring.truth import Judged

Figures = dict[str, Any]

_ALONE: Final = "alone:"
_P90: Final = 0.9


@dataclass(frozen=True, slots=True)
class True_:  # noqa: N801 - `True` is taken
    """One event in the world, with its messages in time order."""

    id: str
    messages: tuple[Judged, ...]

    @property
    def reports(self) -> tuple[Judged, ...]:
        """The messages that say that it is on."""
        return tuple(m for m in self.messages if m.truth.role == "report") or self.messages

    @property
    def first_alert(self) -> Judged | None:
        """The message on which the first of its alerts went out."""
        return next((m for m in self.messages if m.opened), None)

    @property
    def main(self) -> str | None:
        """The predicted incident that most of its messages belong to."""
        counts = Counter(m.incident for m in self.messages if m.incident is not None)
        return counts.most_common(1)[0][0] if counts else None


def events(judged: Iterable[Judged]) -> list[True_]:
    """The true incidents, by their ids."""
    found: dict[str, list[Judged]] = defaultdict(list)
    for message in judged:
        if message.truth.incident is not None:
            found[message.truth.incident].append(message)
    return [True_(name, tuple(messages)) for name, messages in sorted(found.items())]


def figures(judged: Sequence[Judged]) -> Figures:
    """All figures of these messages."""
    known = events(judged)
    return {
        "messages": len(judged),
        "incidents": len(known),
        "by_message": b_cubed_by_message(judged),
        "by_incident": b_cubed_by_incident(judged),
        "false_merges": false_merges(known),
        "missed": [e.id for e in known if e.first_alert is None and not _swallowed(e, known)],
        "swallowed": [e.id for e in known if e.first_alert is None and _swallowed(e, known)],
        "noise": _noise(judged),
        "first_alerts_per_incident": _first_alerts(known),
        "delay_s": _delay(known),
        "routing": _routing(known),
        "location_error_m": _location(known),
        "retraction_links": _retractions(known),
    }


def _clusters(judged: Sequence[Judged], name: Callable[[Judged], str | None]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for message in judged:
        found[name(message) or _ALONE + message.line.id].add(message.line.id)
    return found


def _shares(judged: Sequence[Judged]) -> tuple[dict[str, float], dict[str, float]]:
    """Precision and recall of each message: how much of its predicted (true) cluster is of one kind."""
    said = _clusters(judged, lambda m: m.incident)
    true = _clusters(judged, lambda m: m.truth.incident)
    precision, recall = {}, {}
    for message in judged:
        mine = said[message.incident or _ALONE + message.line.id]
        real = true[message.truth.incident or _ALONE + message.line.id]
        both = len(mine & real)
        precision[message.line.id], recall[message.line.id] = both / len(mine), both / len(real)
    return precision, recall


def b_cubed_by_message(judged: Sequence[Judged]) -> Figures:
    """Every message that belongs to an incident, truly or as predicted, counts once."""
    precision, recall = _shares(judged)
    said = [precision[m.line.id] for m in judged if m.incident is not None]
    real = [recall[m.line.id] for m in judged if m.truth.incident is not None]
    return _f1(said, real)


def b_cubed_by_incident(judged: Sequence[Judged]) -> Figures:
    """Every incident counts once, however many messages tell of it."""
    precision, recall = _shares(judged)
    said: dict[str, list[float]] = defaultdict(list)
    real: dict[str, list[float]] = defaultdict(list)
    for message in judged:
        if message.incident is not None:
            said[message.incident].append(precision[message.line.id])
        if message.truth.incident is not None:
            real[message.truth.incident].append(recall[message.line.id])
    return _f1([fmean(v) for v in said.values()], [fmean(v) for v in real.values()])


def _f1(precisions: Sequence[float], recalls: Sequence[float]) -> Figures:
    precision = fmean(precisions) if precisions else 1.0
    recall = fmean(recalls) if recalls else 1.0
    both = precision + recall
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / both, 4) if both else 0.0,
    }


def false_merges(known: Sequence[True_]) -> list[list[str]]:
    """True incidents whose messages mostly lie in one and the same predicted incident."""
    by_main: dict[str, list[str]] = defaultdict(list)
    for event in known:
        if event.main is not None:
            by_main[event.main].append(event.id)
    return [ids for ids in by_main.values() if len(ids) > 1]


def _swallowed(event: True_, known: Sequence[True_]) -> bool:
    """Whether it was never told because another event's incident took its messages."""
    return any(other.id != event.id and event.main is not None and other.main == event.main for other in known)


def _noise(judged: Sequence[Judged]) -> Figures:
    noise = [m for m in judged if m.noise]
    opened = [m.line.id for m in noise if m.opened]
    return {
        "messages": len(noise),
        "opened": opened,
        "opened_share": round(len(opened) / len(noise), 4) if noise else 0.0,
        "attached": sum(m.status == "attached" for m in noise),
        "held": sum(m.status == "held" for m in noise),
    }


def _first_alerts(known: Sequence[True_]) -> float:
    told = [sum(m.opened for m in e.messages) for e in known if e.first_alert is not None]
    return round(fmean(told), 4) if told else 0.0


def _delay(known: Sequence[True_]) -> Figures:
    delays = [
        (e.first_alert.at - e.reports[0].at).total_seconds() for e in known if e.first_alert is not None
    ]
    return _spread([max(0.0, d) for d in delays])


def _routing(known: Sequence[True_]) -> Figures:
    """Groups of the first alert against the true ones, incident by incident."""
    told = [(set(e.first_alert.groups), set(e.messages[0].truth.groups)) for e in known if e.first_alert]
    precision = [len(said & real) / len(said) for said, real in told if said]
    recall = [len(said & real) / len(real) for said, real in told if real]
    return _f1(precision, recall)


def _location(known: Sequence[True_]) -> Figures:
    return _spread([error for e in known if (error := error_m(e.first_alert)) is not None])


def error_m(message: Judged | None) -> float | None:
    """Metres between a message's predicted and its event's true place, where both are known."""
    if message is None or message.lat is None or message.lon is None:
        return None
    if message.truth.lat is None or message.truth.lon is None:
        return None
    return distance_m(message.lat, message.lon, message.truth.lat, message.truth.lon)


def _retractions(known: Sequence[True_]) -> Figures:
    """Retractions that reached the incident which they take back."""
    linked = [
        m.incident is not None and m.incident == e.main
        for e in known
        for m in e.messages
        if m.truth.role == "retraction"
    ]
    return {"messages": len(linked), "linked": sum(linked)}


def _spread(values: Sequence[float]) -> Figures:
    if not values:
        return {"median": None, "p90": None, "max": None}
    ordered = sorted(values)
    p90 = ordered[ceil(_P90 * len(ordered)) - 1]
    return {"median": round(median(ordered)), "p90": round(p90), "max": round(ordered[-1])}


def by(judged: Sequence[Judged], key: Callable[[Judged], str]) -> Mapping[str, Figures]:
    """The figures of each part, by the name that `key` gives its messages."""
    parts: dict[str, list[Judged]] = defaultdict(list)
    for message in judged:
        parts[key(message)].append(message)
    return {name: figures(messages) for name, messages in sorted(parts.items())}

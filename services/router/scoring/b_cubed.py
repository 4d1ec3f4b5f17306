"""B-cubed precision and recall (Bagga and Baldwin, 1998) of the clusters that predictions make. Pure.

A message without incident is a cluster of its own, on both sides, so noise that joins an incident
costs precision. What a prediction names as its incident counts, held or not.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, Final

from services.router.scoring.truth import Judged

_ALONE: Final = "alone:"

Shares = Mapping[str, tuple[float, float]]
"""Message id → how much of its predicted cluster is of its event, and of its event in that cluster."""


def shares(judged: Sequence[Judged]) -> Shares:
    """Each message's precision and recall, in the clusters of all of these messages."""
    said = _clusters(judged, lambda m: m.incident)
    true = _clusters(judged, lambda m: m.truth.incident)
    found = {}
    for message in judged:
        mine, real = said[_name(message, message.incident)], true[_name(message, message.truth.incident)]
        both = len(mine & real)
        found[message.id] = both / len(mine), both / len(real)
    return found


def _clusters(judged: Iterable[Judged], incident: Callable[[Judged], str | None]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for message in judged:
        found[_name(message, incident(message))].add(message.id)
    return found


def _name(message: Judged, incident: str | None) -> str:
    return _ALONE + message.id if incident is None else f"one:{incident}"


def by_message(judged: Sequence[Judged], known: Shares) -> dict[str, Any]:
    """Every message that belongs to an incident, truly or as predicted, counts once."""
    said = [known[m.id][0] for m in judged if m.incident is not None]
    real = [known[m.id][1] for m in judged if m.truth.incident is not None]
    return f1(said, real)


def by_incident(judged: Sequence[Judged], known: Shares) -> dict[str, Any]:
    """Every incident counts once, however many messages tell of it."""
    said: dict[str, list[float]] = defaultdict(list)
    real: dict[str, list[float]] = defaultdict(list)
    for message in judged:
        if message.incident is not None:
            said[message.incident].append(known[message.id][0])
        if message.truth.incident is not None:
            real[message.truth.incident].append(known[message.id][1])
    return f1([fmean(v) for v in said.values()], [fmean(v) for v in real.values()])


def f1(precisions: Sequence[float], recalls: Sequence[float]) -> dict[str, Any]:
    """Means and their harmonic mean; None where there was nothing to count, never a flattering 1."""
    precision = fmean(precisions) if precisions else None
    recall = fmean(recalls) if recalls else None
    return {"precision": _rounded(precision), "recall": _rounded(recall), "f1": _f1(precision, recall)}


def _f1(precision: float | None, recall: float | None) -> float | None:
    """Nothing said about something true is 0; where nothing is true there is nothing to find, and no F1."""
    if recall is None:
        return None
    both = (precision or 0.0) + recall
    return round(2 * (precision or 0.0) * recall / both, 4) if both else 0.0


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)

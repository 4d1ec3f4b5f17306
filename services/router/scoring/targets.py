"""The figures as rows to read, each beside the target that the relay holds itself to, if it has one. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Number = float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One figure with its target, both in words too, and whether it is met (None: no target, or no value)."""

    key: str
    name: str
    value: Number
    shown: str
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class _Figure:
    key: str
    name: str
    get: Callable[[Mapping[str, Any]], Number]
    show: Callable[[float], str]
    least: Number = None
    most: Number = None

    def row(self, figures: Mapping[str, Any]) -> Row:
        value = self.get(figures)
        shown = "–" if value is None else self.show(value)
        return Row(self.key, self.name, value, shown, self._target(), self._met(value))

    def _target(self) -> str:
        if self.least is not None:
            return f"≥ {self.show(self.least)}"
        return "" if self.most is None else f"≤ {self.show(self.most)}" if self.most else "0"

    def _met(self, value: Number) -> bool | None:
        if value is None or (self.least is None and self.most is None):
            return None
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


def _share(value: float) -> str:
    return f"{value:.3f}"


def _ratio(value: float) -> str:
    return f"{value:.2f}"


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"


def _count(value: float) -> str:
    return f"{value:.0f}"


def _metres(value: float) -> str:
    return f"{value:.0f} m"


def _seconds(value: float) -> str:
    return f"{value:.0f} s"


def _merges(figures: Mapping[str, Any]) -> int:
    """Three events in one incident are two merges too many."""
    return sum(len(ids) - 1 for ids in figures["false_merges"])


def _lost(figures: Mapping[str, Any]) -> int:
    return len(figures["swallowed"]) + len(figures["missed"])


def _linked(figures: Mapping[str, Any]) -> Number:
    links = figures["retraction_links"]
    return links["linked"] / links["messages"] if links["messages"] else None


_FIGURES: Final = (
    _Figure(
        "by_incident_precision", "precision by incident", lambda f: f["by_incident"]["precision"], _share
    ),
    _Figure("by_incident_recall", "recall by incident", lambda f: f["by_incident"]["recall"], _share),
    _Figure("by_incident_f1", "F1 by incident", lambda f: f["by_incident"]["f1"], _share, least=0.92),
    _Figure("by_message_precision", "precision by message", lambda f: f["by_message"]["precision"], _share),
    _Figure("by_message_recall", "recall by message", lambda f: f["by_message"]["recall"], _share),
    _Figure("by_message_f1", "F1 by message", lambda f: f["by_message"]["f1"], _share, least=0.92),
    _Figure("false_merges", "false merges", _merges, _count, most=0),
    _Figure("lost", "swallowed and missed", _lost, _count, most=0),
    _Figure("noise_opened", "noise that opened", lambda f: f["noise"]["opened_share"], _percent, most=0.03),
    _Figure(
        "first_alerts", "first alerts an incident", lambda f: f["first_alerts_per_incident"], _ratio, most=1.1
    ),
    _Figure("delay_median", "delay, median", lambda f: f["delay_s"]["median"], _seconds),
    _Figure("delay_p90", "delay, nine in ten", lambda f: f["delay_s"]["p90"], _seconds),
    _Figure("routing_recall", "routing recall", lambda f: f["routing"]["recall"], _share, least=0.98),
    _Figure(
        "routing_precision", "routing precision", lambda f: f["routing"]["precision"], _share, least=0.95
    ),
    _Figure(
        "location_median",
        "location error, median",
        lambda f: f["location_error_m"]["median"],
        _metres,
        most=150,
    ),
    _Figure(
        "location_p90",
        "location error, nine in ten",
        lambda f: f["location_error_m"]["p90"],
        _metres,
        most=600,
    ),
    _Figure("retractions_linked", "retractions that reached theirs", _linked, _percent),
)

BRIEF: Final[Mapping[str, str]] = {
    "by_incident_f1": "F1 inc",
    "by_message_f1": "F1 msg",
    "false_merges": "merged",
    "lost": "lost",
    "noise_opened": "noise",
    "first_alerts": "alerts",
    "routing_recall": "recall",
    "routing_precision": "prec",
    "location_median": "off",
}
"""The figures of one line for a language or a scenario, by their short names."""


def rows(figures: Mapping[str, Any]) -> list[Row]:
    """Every figure, in the order in which one reads them."""
    return [figure.row(figures) for figure in _FIGURES]


def brief(figures: Mapping[str, Any]) -> list[Row]:
    """Those of one line."""
    return [row for key in BRIEF for row in rows(figures) if row.key == key]


def as_data(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The targets alone, for programs."""
    found = [row for row in rows(figures) if row.target]
    return {row.key: {"value": row.value, "target": row.target, "met": row.met} for row in found}

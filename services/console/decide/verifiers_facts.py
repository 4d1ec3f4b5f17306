"""What verifiers are told beside a person's words, as far as the console knows it: what reports say. Pure.

The best report is found by the router's own rule (`shared.saying_most`); what the router alone finds out
(copies of one phrasing, a watch before) stands as in its last alert to verifiers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.console.decide.draft import Document
from shared.contracts.alerts import AlertBody
from shared.contracts.situation import Setting
from shared.saying_most import EXCERPT, worth
from shared.situation import most_said


@dataclass(frozen=True, slots=True)
class VerifiersFacts:
    """What reports say of an incident, and who is on duty for which group."""

    best: Document = field(default_factory=dict)
    setting: Setting | None = None
    """Where people are, as most reports say."""
    last: AlertBody | None = None
    on_duty: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def said(self, group: str) -> dict[str, Any]:
        """The parts of an alert's body for this group's verifiers."""
        found: dict[str, Any] = {
            "excerpt": (self.best.get("text") or "")[:EXCERPT],
            "who": self.best.get("who", "unknown"),
            "seen": self.best.get("counts", {}),
            "on_duty": self.on_duty.get(group, ()),
        }
        if self.last is not None:
            names = ("alike", "watch_reports", "watch_since")
            found |= {name: getattr(self.last, name) for name in names}
        return found


def best_of(reports: Iterable[Document]) -> Document:
    """The report whose words verifiers are shown; empty where there is none."""
    return max(reports, key=_worth, default={})


def setting_of(reports: Iterable[Document]) -> Setting | None:
    """Where people are, as most of them say: by the router's own rule."""
    return most_said(report.get("setting") for report in reports)


def _worth(report: Document) -> Any:
    return worth(
        first_hand=report.get("first_hand"),
        placed=bool(report.get("place") and report.get("text")),
        at=datetime.fromisoformat(report["at"]),
        report=report["report_id"],
    )


def on_duty(shifts: Iterable[Document], names: Mapping[str, str], now: datetime) -> tuple[str, ...]:
    """What those are called who have one of these shifts at that moment; `names` holds who may still act."""
    running = sorted((s for s in shifts if _runs(s, now)), key=lambda s: (s["begins"], s["id"]))
    takers = dict.fromkeys(taker for shift in running for taker in shift["takers"])
    return tuple(names[taker] or taker for taker in takers if taker in names)


def _runs(shift: Document, now: datetime) -> bool:
    return datetime.fromisoformat(shift["begins"]) <= now < datetime.fromisoformat(shift["ends"])

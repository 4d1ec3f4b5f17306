"""Who was told what: message by message, and those whom nothing ever reaches once. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from services.console.decide.draft import Document

_NOBODY: Final = "no_recipients"


@dataclass(frozen=True, slots=True)
class Telling:
    """One message and the audiences that it went to."""

    kind: str
    at: str
    alerts: tuple[Document, ...]

    @property
    def pressing(self) -> bool:
        """Whether it is still on its way, or did not arrive everywhere."""
        return any(_open(alert) for alert in self.alerts)


@dataclass(frozen=True, slots=True)
class Told:
    """All messages, the latest first, and the audiences, by group, to which no channel carries any."""

    shown: tuple[Telling, ...]
    """The latest, and whatever is not known to have arrived."""
    earlier: tuple[Telling, ...]
    nobody: tuple[tuple[str, str], ...]


def told_of(alerts: Sequence[Document]) -> Told:
    """The incident's alerts, gathered. An audience that was reached once stays wherever it was not."""
    never = {_ear(a) for a in alerts} - {_ear(a) for a in alerts if not _reached_nobody(a)}
    reached = [a for a in alerts if _ear(a) not in never]
    latest = [Telling(kind, at, tuple(same)) for (kind, at), same in groupby(reached, key=_message)][::-1]
    shown = [telling for n, telling in enumerate(latest) if n == 0 or telling.pressing]
    earlier = [telling for telling in latest if telling not in shown]
    return Told(tuple(shown), tuple(earlier), tuple(sorted(never)))


def _ear(alert: Document) -> tuple[str, str]:
    return alert.get("group", ""), alert.get("audience", "")


def _message(alert: Document) -> tuple[str, str]:
    return alert["kind"], alert["at"]


def _open(alert: Document) -> bool:
    settled = alert.get("settled") or {}
    lost = any(figures.get("failed") for figures in alert.get("receipts", {}).values())
    return settled.get("reason") not in {"done", _NOBODY} or bool(settled.get("unsent")) or lost


def _reached_nobody(alert: Document) -> bool:
    """Whether no channel leads to them; whom the cap on money left out has one."""
    held_back = alert.get("not_told", {}).get("over_cap")
    return (alert.get("settled") or {}).get("reason") == _NOBODY and not held_back

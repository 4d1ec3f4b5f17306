"""The desk's list: which incident wants somebody first. Pure.

First what nobody is on and somebody saw; then what nobody is on; then what is being looked into; then what
is confirmed and running; then what came after it. What has ended lies below, in a drawer.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

from services.console.decide.draft import Document
from services.console.decide.on_it import at_work, on_it

SECTIONS: Final = ("waiting", "looked_into", "running", "after", "ended")
Section = Literal["waiting", "looked_into", "running", "after", "ended"]
_UNPROVEN: Final = frozenset({"unconfirmed", "likely"})
_AFTER: Final = frozenset({"officers_left", "aftercare"})


def section_of(incident: Document, now: datetime) -> Section:
    """Where in the list it stands."""
    status = incident.get("status")
    if status in _UNPROVEN:
        return "looked_into" if on_it(incident, now) or at_work(incident, now) else "waiting"
    if status == "confirmed":
        return "running"
    return "after" if status in _AFTER else "ended"


def arranged(incidents: Iterable[Document], now: datetime) -> dict[Section, list[Document]]:
    """Every section with its incidents, the most urgent first."""
    found: dict[Section, list[Document]] = {name: [] for name in SECTIONS}
    for incident in sorted(incidents, key=lambda i: i["id"]):
        found[section_of(incident, now)].append(incident)
    for name, members in found.items():
        if name in {"waiting", "looked_into"}:
            members.sort(key=_urgency)
        else:
            members.sort(key=_newest)
    return found


def _urgency(incident: Document) -> tuple[bool, bool, float]:
    """Seen by somebody first, then likely, then the newest."""
    seen = bool(incident.get("first_hand"))
    return not seen, incident.get("status") != "likely", -_time(incident, "opened_at")


def _newest(incident: Document) -> float:
    """The latest news first."""
    return -_time(incident, "updated_at")


def _time(incident: Document, name: str) -> float:
    at = incident.get(name) or incident.get("opened_at")
    return datetime.fromisoformat(at).timestamp() if at else 0.0

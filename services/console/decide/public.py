"""What everybody may see: the latest word on each incident that a feed was given. Pure.

Only alerts to the community, which the router raises after a person confirmed and which the
ledger says a feed took, come in here; this is the last door and checks again. An entry leaves
two hours after the end, with all that was said.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.console.decide.draft import Document

STAYS: Final = timedelta(hours=2)
_KINDS: Final = frozenset({"CONFIRMED", "UPDATE", "OVER", "CLOSED", "WRONG", "NO_NEWS"})
_ENDINGS: Final = frozenset({"OVER", "CLOSED", "WRONG", "NO_NEWS"})
_UNPROVEN: Final = frozenset({"unconfirmed", "likely", None})


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """One incident as strangers may know it."""

    incident_id: str
    code: str
    word: str
    """Key of the status word: confirmed, officers_left, aftercare, closed, not_confirmed, other_agency,
    retracted, no_news."""
    drill: bool
    at: datetime
    """Of the latest news."""
    since: datetime
    """Of the first report."""
    quiet_since: datetime | None
    label: str
    lat: float
    lon: float
    radius_m: float
    statement: str
    ask: str
    tally: Mapping[str, int]
    groups: tuple[str, ...]
    ended: bool


def public_entries(
    alerts: Iterable[Document],
    incidents: Mapping[str, Document],
    group_names: Mapping[str, str],
    *,
    now: datetime,
) -> list[PublicEntry]:
    """The entries to be shown now, newest news first."""
    by_incident: dict[str, list[Document]] = {}
    for alert in alerts:
        if _may_be_shown(alert):
            by_incident.setdefault(alert["incident_id"], []).append(alert)
    entries = [
        _entry(told, group_names)
        for incident_id, told in by_incident.items()
        if not _over_elsewhere(incidents.get(incident_id), now)
    ]
    shown = [e for e in entries if not e.ended or now < e.at + STAYS]
    return sorted(shown, key=lambda e: (e.ended, -e.at.timestamp(), e.code))


def _may_be_shown(alert: Document) -> bool:
    return bool(
        alert.get("feed_at")
        and alert.get("public")
        and alert.get("incident_id")
        and alert.get("audience") == "community"
        and alert.get("kind") in _KINDS
        and alert.get("status") not in _UNPROVEN
    )


def _over_elsewhere(incident: Document | None, now: datetime) -> bool:
    """Whether the incident is gone, or ended long ago although no feed was told so (kill switch)."""
    if incident is None or incident.get("forgotten") or incident.get("merged_into"):
        return True
    ended = incident.get("ended_at")
    last = max(filter(None, (ended, incident.get("updated_at") if ended else None)), default=None)
    return last is not None and now >= datetime.fromisoformat(last) + STAYS


def _entry(told: list[Document], group_names: Mapping[str, str]) -> PublicEntry:
    last = max(told, key=lambda a: (a["at"], a["seq"]))
    place = last["public"]
    groups = sorted({group_names.get(a["group"], a["group"]) for a in told})
    return PublicEntry(
        incident_id=last["incident_id"],
        code=last.get("code") or "",
        word="officers_left" if last["kind"] == "OVER" else last["status"],
        drill=bool(last.get("drill")),
        at=datetime.fromisoformat(last["at"]),
        since=datetime.fromisoformat(last["first_report_at"]),
        quiet_since=datetime.fromisoformat(last["since"]) if last.get("since") else None,
        label=place["label"],
        lat=place["lat"],
        lon=place["lon"],
        radius_m=place["radius_m"],
        statement=last.get("statement") or "",
        ask=last.get("ask") or "NONE",
        tally=last.get("tally") or {},
        groups=tuple(groups),
        ended=last["kind"] in _ENDINGS or last["status"] != "confirmed",
    )

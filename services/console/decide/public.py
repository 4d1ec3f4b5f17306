"""What everybody may see: the latest word on each incident that a feed was given. Pure.

Only alerts to the community, which the router raises after a person confirmed and which the
ledger says a feed took, come in here; this is the last door and checks again. An entry leaves
two hours after the end, with all that was said. Every word on a running incident promises the next;
an incident whose promise is an hour overdue is not called confirmed any longer, whoever is at fault.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.console.decide.draft import Document
from shared.promises import NEXT_NEWS

STAYS: Final = timedelta(hours=2)
OVERDUE: Final = timedelta(minutes=60)
"""How long a promised word may be late before the last one is not held to be true any longer."""
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
    retracted, no_news; no_longer_confirmed."""
    drill: bool
    at: datetime
    """Of the latest word to the community."""
    moved: datetime
    """When what is shown here last changed: at that word, or when it lapsed."""
    next_news: datetime | None
    """By when the next word is promised; None when nothing more is to come, or the promise was broken."""
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
    words: tuple[datetime, ...] = ()
    """When the community was told something, the first time first."""
    setting: str | None = None
    jurisdiction: str | None = None
    """With the setting: which page about the law is meant for whoever is there."""


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
    return as_of(entries, now)


def as_of(entries: Iterable[PublicEntry], now: datetime) -> list[PublicEntry]:
    """What is left of these entries at that moment, newest word first, if nobody says more.

    It needs nothing but the entries and the time, so it holds while nothing new can be read, too.
    """
    shown = [_lapsed(e, now) for e in entries if not e.ended or now < e.at + STAYS]
    return sorted(shown, key=lambda e: (e.ended, -e.at.timestamp(), e.code))


def _lapsed(entry: PublicEntry, now: datetime) -> PublicEntry:
    """The entry, or what remains of it after a broken promise: no "confirmed", and nothing is asked for."""
    if entry.next_news is None or now < entry.next_news + OVERDUE:
        return entry
    return replace(
        entry, word="no_longer_confirmed", moved=entry.next_news + OVERDUE, next_news=None, ask="NONE"
    )


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
    at = datetime.fromisoformat(last["at"])
    ended = last["kind"] in _ENDINGS or last["status"] != "confirmed"
    return PublicEntry(
        incident_id=last["incident_id"],
        code=last.get("code") or "",
        word="officers_left" if last["kind"] == "OVER" else last["status"],
        drill=bool(last.get("drill")),
        at=at,
        moved=at,
        next_news=None if ended else at + NEXT_NEWS,
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
        ended=ended,
        setting=last.get("setting"),
        jurisdiction=last.get("jurisdiction"),
        words=tuple(sorted({datetime.fromisoformat(a["at"]) for a in told})),
    )


def public_codes(
    entries: Iterable[PublicEntry], incidents: Iterable[Document], absorbed: Iterable[Document]
) -> dict[str, str]:
    """Code → code of the entry that stands for it: its own, and those of the incidents that it took in.

    Made whole, once a picture, so that asking for a code never looks further: whether one that is not
    here exists at all can't be told, not even from how long the answer takes.
    """
    shown = {entry.incident_id: entry.code for entry in entries}
    code_of = {str(d["id"]): str(d.get("code", "")) for d in absorbed if d.get("merged_into")}
    codes = {
        code_of[source]: shown[incident["id"]]
        for incident in incidents
        if incident["id"] in shown
        for source in incident.get("sources", ())
        if code_of.get(source)
    }
    return {**codes, **{code: code for code in shown.values()}}

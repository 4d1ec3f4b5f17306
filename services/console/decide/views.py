"""Documents as the desk shows them: what a member may see of incidents, reports, groups and people. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.console.decide import aftercare_views
from services.console.decide.draft import Document
from services.console.decide.heard import queued
from services.console.decide.incidents import CLOSED
from shared.contracts.base import HUB

Names = Mapping[str, str]
"""What members are called, by id."""

_ROW = ("id", "code", "drill", "status", "opened_at", "updated_at", "last_report_at", "ended_at", "version",
        "place", "groups", "agency", "ask", "statement", "tally", "merged_into", "erased")  # fmt: skip
_REPORT = ("report_id", "at", "text", "place", "position", "first_hand", "language", "observed_at", "sender",
           "source", "trusted", "outcome", "reason", "says", "erased")  # fmt: skip
_HELD = ("report_id", "at", "reason", "asked", "leans_to", "groups", "drill", "digested", "text", "place",
         "first_hand", "language", "erased")  # fmt: skip
_WORDLESS = {"text": None, "place": None, "position": None}
_ALERT = ("alert_id", "at", "group", "audience", "kind", "ask", "recipients", "results", "receipts",
          "settled")  # fmt: skip


def may_see(incident: Document, roles: Mapping[str, str]) -> bool:
    """Whether a member with these roles may see it: their groups are concerned, or were."""
    return any(group in roles for group in incident.get("seen_by", ()))


def may_take_up(incident: Document, roles: Mapping[str, str]) -> bool:
    """Whether they may see it or, because it is nobody's, take it up when somebody tells them its code."""
    return may_see(incident, roles) or (incident.get("seen_by") == [HUB] and bool(roles))


def reads_words(roles: Mapping[str, str]) -> bool:
    """Whether they belong to some group: who only operates the hub reads nobody's words."""
    return bool(roles.keys() - {HUB})


def for_eyes(incident: Document, roles: Mapping[str, str]) -> Document:
    """The incident as they may read it: an operator sees the place of what is nobody's, and no words."""
    if reads_words(roles):
        return incident
    timeline = [{k: v for k, v in step.items() if k != "text"} for step in incident.get("timeline", ())]
    place = None if incident.get("groups") else incident.get("place")
    wordless = {"statement": None, "timeline": timeline, "place": place}
    if proposed := incident.get("proposed"):
        wordless["proposed"] = {k: v for k, v in proposed.items() if k != "text"}
    return {**incident, **wordless}


def is_open(incident: Document) -> bool:
    """Whether something is still to be done about it."""
    return incident.get("status") not in CLOSED


def row(incident: Document, names: Names) -> Document:
    """An incident in a list."""
    shown = {name: incident.get(name) for name in _ROW}
    counts = {"reports": incident.get("reports", 0), "first_hand": incident.get("first_hand", 0)}
    people = {
        "claim": named(incident.get("claim"), names),
        "visits": [named(visit, names) for visit in incident.get("visits", ())],
        "proposed": named(incident.get("proposed"), names),
    }
    taken = aftercare_views.counts(incident)
    team = {"seen": incident.get("seen", 0), "ladder": incident.get("ladder"), **people}
    return {**shown, **counts, **taken, **team}


def whole(
    incident: Document,
    reports: Iterable[Document],
    alerts: Iterable[Document],
    names: Names,
    roles: Mapping[str, str],
) -> Document:
    """An incident with its latest reports, what was done, and who was told what.

    Whoever sees it as an operator of the hub only does not see its words.
    """
    incident, wordless = for_eyes(incident, roles), not reads_words(roles)
    reasons = incident.get("reasons", {})
    return {
        **row(incident, names),
        "report_count": incident.get("reports", 0),
        "reports": [_only({**r, **_WORDLESS} if wordless else r, _REPORT) for r in reports],
        "aftercare": aftercare_views.aftercare(incident, names, wordless=wordless),
        "history": [_step(step, reasons, names) for step in incident.get("timeline", ())],
        "told": [_only(alert, _ALERT) for alert in sorted(alerts, key=lambda a: a.get("seq", 0))],
        "queued": queued(incident),
        "waiting": incident.get("waiting", {}),
    }


def members_named(incident: Document) -> set[str]:
    """The members that its views name."""
    steps = (*incident.get("timeline", ()), *incident.get("visits", ()))
    found = {step[name] for step in steps for name in ("member", "handed_by", "owner") if step.get(name)}
    holders = (incident.get("claim"), incident.get("proposed"))
    return {*found, *aftercare_views.people_named(incident), *(h["member"] for h in holders if h)}


def held(waiting: Document, roles: Mapping[str, str]) -> Document:
    """A held report; whoever sees it as an operator of the hub only does not see its words."""
    shown = _only(waiting, _HELD)
    if not any(group in roles and group != HUB for group in waiting.get("groups", ())):
        shown.update(text=None, place=None)
    return shown


def group(document: Document, roles: Mapping[str, str]) -> Document:
    """A group; its channels' settings are for its admins only."""
    own = roles.get(document["id"]) == "admin"
    hidden = ({k: v for k, v in c.items() if k != "settings"} for c in document.get("channels", ()))
    channels = document.get("channels", []) if own else list(hidden)
    return {
        "id": document["id"],
        "name": document["definition"]["name"],
        "version": document["version"],
        "definition": document["definition"],
        "channels": channels,
    }


def member(document: Document, ways: Document | None) -> Document:
    """A member and by what they sign in, without anything that opens a door."""
    kinds = sorted({way["kind"] for way in (ways or {}).get("ways", {}).values()})
    return {**_only(document, ("member", "name", "roles", "at")), "signs_in": kinds}


def named(one: Document | None, names: Names) -> Document | None:
    """With the name of the member that it speaks of."""
    return {**one, "name": names.get(one["member"], "")} if one else None


def _step(step: Document, reasons: Mapping[str, str], names: Names) -> Document:
    shown: dict[str, Any] = {"at": step["at"], "what": step["what"]}
    if member_id := step.get("member"):
        shown["by"] = names.get(member_id) or member_id
    rest = {k: v for k, v in step.items() if k not in {"at", "what", "member", "cause"}}
    if giver := step.get("handed_by"):
        rest["handed_by"] = names.get(giver) or giver
    reason = step.get("reason") or reasons.get(step["cause"])
    return {**shown, **rest, "reason": reason}


def _only(document: Document, names: Iterable[str]) -> Document:
    return {name: document.get(name) for name in names}

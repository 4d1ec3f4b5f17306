"""What a command would send to whom, in the very words: so that a person sees before they say yes. Pure.

It foretells what the router decides (which alerts follow from which act) and renders by the same
`shared.words` as the notifier. A foretelling only: between looking and deciding more may happen.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.console.decide.commands import place_of, reject_as, tally_of
from services.console.decide.draft import Document
from services.console.decide.messages import GroupFacts, messages_of
from services.console.decide.post_views import (
    begins_soon,
    ends_posts,
    line_withdrawn,
    lines_ending,
    lines_told,
)
from services.console.decide.verifiers_facts import VerifiersFacts
from services.console.models import DeskRequest, Send
from shared.contracts.aftercare import Fate
from shared.contracts.alerts import AlertBody, AlertKind, AlertRaised, Note, PostLine, PublicPlace
from shared.contracts.base import AlertId, IncidentId, Place
from shared.contracts.desk import Ask, Tally
from shared.contracts.groups import Audience
from shared.contracts.incidents import Status
from shared.contracts.situation import SETTINGS, Setting
from shared.public_place import OutcodeAt, between, public_place
from shared.repeats import STILL, figures_heard
from shared.situation import jurisdiction_at
from shared.tallies import held, tally_of_people
from shared.words import NOT_OVER

_END_KIND: Final[Mapping[str, AlertKind]] = {
    "officers_left": "OVER",
    "aftercare": "UPDATE",
    "closed": "CLOSED",
}
_TAKEN_BACK: Final = frozenset({"not_confirmed", "other_agency", "retracted"})
_FIRST: Final[Mapping[str, AlertKind]] = {
    "unconfirmed": "UNCONFIRMED",
    "likely": "LIKELY",
    "confirmed": "CONFIRMED",
}
_AFTERWARDS: Final = frozenset({"officers_left", "aftercare", "closed"})
_NOT_URGENT: Final = frozenset({"update", "place"})
_VERIFIERS: Final[Audience] = "verifiers"
_ALL: Final[tuple[Audience, ...]] = ("verifiers", "community", "partners")
Pair = tuple[str, Audience]
_NOTHING_SAID: Final = VerifiersFacts()


@dataclass(frozen=True, slots=True)
class Act:
    """A command on an incident, with the alerts raised about it so far, at this moment."""

    command: str
    request: DeskRequest
    incident: Document
    told: Sequence[Document]
    at: datetime
    group: str = ""
    """For which group it is done: of a post its verifiers are told."""
    facts: VerifiersFacts = _NOTHING_SAID
    outcode_at: OutcodeAt = lambda _lat, _lon: None


def sends_of(act: Act, groups: Mapping[str, GroupFacts], *, base_url: str) -> list[Send]:
    """The messages, group by group, in the channels' order. Empty for acts that nobody is told of."""
    found = _kind_and_status(act)
    if found is None or not act.incident.get("place") or _nothing_new(act):
        return []
    names = {group_id: group.definition.name for group_id, group in groups.items()}
    sends = []
    for group_id, audience in _whom(act):
        if group := groups.get(group_id):
            alert = _alert(act, audience, group, *found, names)
            sends += messages_of(alert, group, act.told, base_url=base_url)
    return sends


def _kind_and_status(act: Act) -> tuple[AlertKind, Status] | None:
    stage = act.request.stage or "officers_left"
    unchanged: Status = act.incident["status"]
    found: dict[str, tuple[AlertKind, Status]] = {
        "confirm": ("CONFIRMED", "confirmed"),
        "update": ("UPDATE", unchanged),
        "place": ("UPDATE", unchanged),
        "end": (_END_KIND[stage], stage),
        "reject": (_taken_back_as(act), reject_as(act.request)),
        "watch": (_taken_back_as(act), "other_agency"),
        "seen": _seen(act),
        "escalate": (_FIRST.get(unchanged, "UPDATE"), unchanged),
        "post": ("AFTERCARE", unchanged),
        "post_withdraw": ("AFTERCARE", unchanged),
        "reopen": ("UPDATE", "confirmed" if _stays_confirmed(act) else "unconfirmed"),
    }
    return found.get(act.command)


def _seen(act: Act) -> tuple[AlertKind, Status]:
    """A member's own eyes make it likely; of a confirmed one they are news for the verifiers."""
    status: Status = act.incident["status"]
    return ("UPDATE", status) if status == "confirmed" else ("LIKELY", "likely")


def _taken_back_as(act: Act) -> AlertKind:
    """A mistake of ours only if it was told as fact."""
    return "WRONG" if _told_as_fact(act) else "NOT_CONFIRMED"


def _told_as_fact(act: Act) -> bool:
    return act.incident["status"] == "confirmed" or any(a != _VERIFIERS for _, a in _told(act))


def _stays_confirmed(act: Act) -> bool:
    """Whether what is opened again was confirmed, and nobody took that back."""
    return _told_as_fact(act) and act.incident["status"] not in _TAKEN_BACK


def _nothing_new(act: Act) -> bool:
    """Whether an aftercare begins that says nothing which those who were told have not heard."""
    begins = act.command == "end" and act.request.stage == "aftercare"
    quiet = begins and act.incident["status"] == "officers_left" and not (act.request.text or "").strip()
    return quiet and _figures_heard(act)


def _figures_heard(act: Act) -> bool:
    """Whether those who were told know the numbers already: as the router decides it."""
    said = act.incident.get("said")
    stage = act.request.stage or "officers_left"
    if said is None or (act.command == "end" and stage == "officers_left"):
        return False
    first_left = act.command == "end" and stage == "aftercare" and act.incident["status"] != "officers_left"
    late = stage == "closed" and act.command == "end" and act.at - datetime.fromisoformat(said["at"]) >= STILL
    return not (first_left or late) and figures_heard(said["facts"], _tally(act), _fates(act))


def _ask(act: Act) -> Ask:
    """What people are asked: as a person says now, else as it was where that holds."""
    if act.command in {"confirm", "update"}:
        return act.request.ask or "NONE"
    holds = act.command in {"place", "escalate"} and act.incident["status"] == "confirmed"
    return (act.incident.get("said") or {}).get("ask", "NONE") if holds else "NONE"


def _told(act: Act) -> set[Pair]:
    singly = {(a["group"], a["audience"]) for a in act.told if a.get("group") and a.get("audience")}
    return singly | {(group, _VERIFIERS) for group in act.incident.get("heard", ())}


def _whom(act: Act) -> list[Pair]:
    if act.command == "post":
        return [(act.group, _VERIFIERS)]
    if act.command == "post_withdraw":
        group, _ = line_withdrawn(act.incident, act.request.post, act.at)
        return [(group, _VERIFIERS)] if group else []
    if act.command == "escalate":
        fresh = {(group, _VERIFIERS) for group in act.request.groups or ()}
        return sorted(fresh - _told(act))
    pairs = _told(act)
    if ends_posts(act.command, act.request.stage):
        pairs |= {
            (g, _VERIFIERS) for g in act.incident.get("seen_by", ()) if lines_ending(act.incident, g, act.at)
        }
    if act.command == "seen" or (act.command == "reopen" and not _stays_confirmed(act)):
        pairs = {pair for pair in pairs if pair[1] == "verifiers"}
    if act.command == "confirm":
        for share in act.incident.get("groups", ()):
            pairs |= {(share["group"], audience) for audience in _ALL}
    return sorted(pairs)


def _posts(act: Act, group: str) -> tuple[PostLine, ...]:
    """The posts that this group's verifiers are told of by it."""
    if act.command == "post":
        return lines_told(act.incident, act.request, act.group, act.at)
    if act.command == "post_withdraw":
        return line_withdrawn(act.incident, act.request.post, act.at)[1]
    ending = ends_posts(act.command, act.request.stage)
    return lines_ending(act.incident, group, act.at) if ending else ()


def _alert(  # noqa: PLR0913,PLR0917 - an alert's own parts
    act: Act,
    audience: Audience,
    group: GroupFacts,
    kind: AlertKind,
    status: Status,
    names: Mapping[str, str],
) -> AlertRaised:
    body = _body(act, status, audience, _posts(act, group.definition.id))
    if audience == _VERIFIERS:
        told = {"also_told": _also_told(act, group.definition.id, names)}
        body = body.model_copy(update={**act.facts.said(group.definition.id), **told})
    return AlertRaised(
        id="preview",
        at=act.at,
        alert_id=AlertId("preview"),
        group=group.definition.id,
        group_version=group.version,
        audience=audience,
        kind=kind,
        urgency="normal" if act.command in _NOT_URGENT else "urgent",
        ask=_ask(act),
        sms_to="everyone" if act.command == "place" else None,
        not_after=act.at + timedelta(minutes=group.definition.policy.alert_life_min),
        drill=bool(act.incident.get("drill")),
        incident_id=IncidentId(act.incident["id"]),
        code=act.incident["code"],
        status=status,
        body=body,
    )


def _also_told(act: Act, group: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """The other groups whose verifiers hear of it."""
    told = {g for g, audience in _told(act) if audience == _VERIFIERS}
    concerned = told | {share["group"] for share in act.incident.get("groups", ())}
    return tuple(sorted(names[g] for g in concerned if g in names and names[g] != names[group]))


def _body(act: Act, status: Status, audience: Audience, posts: tuple[PostLine, ...]) -> AlertBody:
    request, incident = act.request, act.incident
    before = Place.model_validate(incident["place"])
    place = place_of(request) or before
    return AlertBody(
        place=place,
        public=_public(act, place),
        first_report_at=datetime.fromisoformat(incident["opened_at"]),
        reports=incident.get("reports", 1),
        first_hand=incident.get("first_hand", 0),
        statement=request.text or (NOT_OVER if act.command == "reopen" and _stays_confirmed(act) else ""),
        note=_note(act),
        sightings=incident.get("seen", 0),
        checked=tuple(incident.get("checked", ())),
        told_at=(incident.get("said") or {}).get("at"),
        **(_was(act, audience, before, place) if act.command == "place" else {}),
        tally=_tally(act),
        posts=posts,
        fates=dict(Counter(held(_fates(act)))) if status in _AFTERWARDS else {},
        figures_told=_figures_heard(act),
        setting=_setting(act),
        jurisdiction=jurisdiction_at(place.outcode or act.outcode_at(place.lat, place.lon)),
    )


def _setting(act: Act) -> Setting | None:
    """Where people are: said now, else what reports say; after it was confirmed, as it was said then."""
    now = act.request.setting or act.facts.setting
    said = now if act.command == "confirm" else act.incident.get("setting")
    return next((setting for setting in SETTINGS if setting == said), None)


def _was(act: Act, audience: Audience, before: Place, place: Place) -> dict[str, Any]:
    """Where it was said to be, and how far that is away, as this audience knows both."""
    if audience == _VERIFIERS:
        return {"was": before.label, "was_m": between(before, place)}
    was = _public(act, before)
    return {"was": was.label, "was_m": between(was, _public(act, place))}


def _note(act: Act) -> Note | None:
    if act.command == "post":
        return "post_unfilled" if begins_soon(act.request, act.at) else "posts_open"
    if act.command == "post_withdraw":
        return "post_withdrawn"
    if act.command == "reopen" and not _stays_confirmed(act):
        return "reopened"
    return "seen" if act.command == "seen" else None


def _fates(act: Act) -> list[Fate]:
    """What is known of everybody taken once it is told: those whom a new number adds are not known yet."""
    said = tally_of(act.request)
    people: list[Fate] = [p["fate"] for p in (act.incident.get("aftercare") or {}).get("people") or ()]
    if said == Tally():
        return people
    known = [fate for fate in people if fate != "unknown"]
    fresh: list[Fate] = ["unknown"] * max(0, said.taken + said.unknown - len(held(known)))
    return [*known, *fresh]


def _tally(act: Act) -> Tally:
    """The numbers that would be told: those said before hold where none are said now."""
    said = tally_of(act.request)
    told = Tally.model_validate(act.incident.get("tally") or {}) if said == Tally() else said
    return tally_of_people(told, _fates(act))


def _public(act: Act, place: Place) -> PublicPlace:
    home = act.incident.get("home", False) or _setting(act) == "home"
    return public_place(place, act.outcode_at, home=home)

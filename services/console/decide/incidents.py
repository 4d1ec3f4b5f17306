"""Incident and report documents, folded from what was decided about them. Pure.

`incident:{id}` is small whatever the storm: its reports are documents of their own, found by the
index `reports:{id}`. A merged incident keeps its reports and points to the one that took it in,
which lists it among its `sources`.
"""

from collections.abc import Iterable
from copy import deepcopy
from datetime import datetime
from typing import Any, Final

from services.console.decide.already import checked, told
from services.console.decide.draft import Document, Draft
from services.console.decide.heard import asked, heard, heard_too, in_digest, taken_or_over
from services.console.decide.history import What
from services.console.decide.said_over import news_of, says_of
from shared.contracts import incidents as i
from shared.contracts.base import HUB, Frozen, Message
from shared.contracts.desk import Statement

CLOSED: Final = frozenset({"closed", "not_confirmed", "other_agency", "retracted", "no_news", "merged"})
"""Statuses of incidents that are open no more."""
_MAX_TIMELINE: Final = 500
_ASIDE: Final = frozenset({
    "attended", "noted", "sent_on", "escalated", "reporter_asked", "said_over", "said_wrong",
    "check_due", "post_joined", "post_left", "post_gone", "post_checked_in", "posts_told", "digested",
})  # fmt: skip
"""Steps that alter nothing that a person decides: no new version, as in the router."""
_CARRIED: Final = ("code", "status", "drill", "version", "opened_at", "ended_at", "place", "groups", "asking",
                   "claim", "tally", "first_hand", "merged_into", "visits", "proposed", "seen",
                   "aftercare", "checked", "said", "home", "setting")  # fmt: skip
_CARRIED_REPORT: Final = ("at", "text", "sender", "source", "first_hand", "place", "trusted")
"""What of a router's snapshot is shown."""


# --- what each event touches --------------------------------------------------------------------


def needs(_draft: Draft, event: i.IncidentEvent) -> Iterable[str]:
    """The incident."""
    yield f"incident:{event.incident_id}"


def needs_of_decision(_draft: Draft, event: i.InputDecided) -> Iterable[str]:
    """The report; the incident, where a person or the passing of time touched it."""
    if event.report_id:
        yield f"report:{event.report_id}"
    if event.incident_id and event.input.stream != "REPORTS":
        yield f"incident:{event.incident_id}"


def needs_of_report(_draft: Draft, event: i.ReportAttached) -> Iterable[str]:
    """The incident and the report."""
    return (f"incident:{event.incident_id}", f"report:{event.report_id}")


def needs_of_merge(_draft: Draft, event: i.IncidentMerged) -> Iterable[str]:
    """Both incidents."""
    return (f"incident:{event.incident_id}", f"incident:{event.absorbed}")


def needs_of_split(_draft: Draft, event: i.IncidentSplit) -> Iterable[str]:
    """Both incidents and the reports that move."""
    reports = (f"report:{r}" for r in event.reports)
    return (f"incident:{event.incident_id}", f"incident:{event.into}", *reports)


def needs_of_forgotten(draft: Draft, event: i.IncidentForgotten) -> Iterable[str]:
    """The incident, and what it names."""
    key = f"incident:{event.incident_id}"
    yield key
    if not draft.missing([key]) and (incident := draft.get(key)):
        yield f"code:{incident.get('code')}"
        yield from (f"alert:{a}" for a in incident.get("alerts", ()))


def needs_of_carried(_draft: Draft, event: i.IncidentCarried) -> Iterable[str]:
    """The incident and the reports that it restates."""
    yield f"incident:{event.incident_id}"
    if isinstance(event.snapshot, i.IncidentSnapshot):
        yield from (f"report:{evidence['report']}" for evidence in event.snapshot.state["evidence"])


# --- decisions ----------------------------------------------------------------------------------


def decided(draft: Draft, event: i.InputDecided, place: float) -> None:
    """An input was decided, for this reason."""
    outcome: Document = {"outcome": event.outcome, "reason": event.reason, "at": _at(event)}
    if event.input.stream == "DESK":
        answer = {**outcome, "report": event.report_id, "incident": event.incident_id}
        draft.put(f"decided:DESK.{event.input.seq}", answer)
    if event.report_id:
        report = draft.edit(f"report:{event.report_id}")
        report["report_id"] = event.report_id
        if event.input.stream == "REPORTS":
            report.update(outcome, decided=int(place))
    if event.incident_id and event.input.stream != "REPORTS":
        incident = draft.edit(f"incident:{event.incident_id}")
        incident.setdefault("reasons", {})[_cause(event)] = event.reason


def opened(draft: Draft, event: i.IncidentOpened, _place: float) -> None:
    """A new incident."""
    incident = draft.edit(f"incident:{event.incident_id}")
    incident.update(
        id=event.incident_id,
        code=event.code,
        drill=event.drill,
        status="unconfirmed",
        opened_at=_at(event),
        sources=[event.incident_id],
    )
    incident.setdefault("reports", 0)
    incident.setdefault("first_hand", 0)
    incident.setdefault("heard", [])
    draft.put(f"code:{event.code}", {"incident": event.incident_id})
    _where(incident, event)
    happened(draft, incident, event, "opened")


def attached(draft: Draft, event: i.ReportAttached, _place: float) -> None:
    """A report belongs to it (the split that moved it here may stand before or after)."""
    incident = draft.edit(f"incident:{event.incident_id}")
    report = draft.edit(f"report:{event.report_id}")
    detail = event.detail if isinstance(event.detail, i.ReportDetail) else None
    moved_here = report.get("incident") == event.incident_id
    before = bool(report.get("first_hand"))
    report.update(report_id=event.report_id, incident=event.incident_id, **_said(detail))
    report.setdefault("at", _at(event))
    incident["home"] = incident.get("home", False) or bool(detail and detail.gist and detail.gist.home)
    incident["reports"] = incident.get("reports", 0) + (not moved_here)
    incident["first_hand"] = (
        incident.get("first_hand", 0) + bool(report.get("first_hand")) - (moved_here and before)
    )
    if _cause(event).startswith("REPORTS."):
        incident["fed_by"] = _cause(event)
    incident["last_report_at"] = max(incident.get("last_report_at", ""), _at(event))
    draft.score(f"reports:{event.incident_id}", event.report_id, event.at.timestamp())
    if what := news_of(incident, report.get("says")):
        happened(draft, incident, event, what, report=event.report_id)
    _touched(draft, incident, event)


def assessed(draft: Draft, event: i.IncidentAssessed, _place: float) -> None:
    """Support changed."""
    incident = draft.edit(f"incident:{event.incident_id}")
    if incident.get("status") in {"unconfirmed", "likely"}:
        incident["status"] = event.status
    happened(draft, incident, event, "assessed", status=event.status, reason=event.reason)


def claimed(draft: Draft, event: i.IncidentClaimed, _place: float) -> None:
    """Somebody is on it; that their own acts renew it is no step of its own."""
    incident = draft.edit(f"incident:{event.incident_id}")
    until = event.until.isoformat()
    before = (incident.get("claim") or {}).get("member")
    incident["claim"] = {"member": event.member, "group": event.group, "until": until}
    if before == event.member:
        _touched(draft, incident, event)
        return
    happened(draft, incident, event, "claimed", **_by(event), until=until, handed_by=event.handed_by)


def attended(draft: Draft, event: i.IncidentAttended, _place: float) -> None:
    """Somebody goes there, is there, or has left."""
    incident = draft.edit(f"incident:{event.incident_id}")
    others = [v for v in incident.get("visits", ()) if v["member"] != event.member]
    here = [] if event.step == "left" else [{**_by(event), "step": event.step, "at": _at(event)}]
    if event.step == "there":
        checked(incident, "went")
    incident["visits"] = [*others, *here]
    happened(draft, incident, event, "attended", **_by(event), step=event.step)


def seen(draft: Draft, event: i.IncidentSeen, _place: float) -> None:
    """A member saw it."""
    incident = draft.edit(f"incident:{event.incident_id}")
    incident["seen"] = incident.get("seen", 0) + 1
    _still_at_it(incident, event)
    checked(incident, "went")
    facts = {"text": _words(event) or None, **_counted(event.detail)}
    happened(draft, incident, event, "seen", **_by(event), **facts)


def _counted(detail: object) -> Document:
    """How many of what a sighting counts, and who acts by it."""
    if not isinstance(detail, i.SightingDetail):
        return {}
    acting = None if detail.who == "unknown" else detail.who
    return {"counts": dict(detail.seen) or None, "acting": acting}


def noted(draft: Draft, event: i.IncidentNoted, _place: float) -> None:
    """A line for the desk."""
    incident = draft.edit(f"incident:{event.incident_id}")
    _still_at_it(incident, event)
    happened(draft, incident, event, "noted", **_by(event), text=_words(event) or None)


def sent_on(draft: Draft, event: i.IncidentSentOn, _place: float) -> None:
    """What waited for a group's hour goes out: who decided that, and why."""
    incident = draft.edit(f"incident:{event.incident_id}")
    happened(draft, incident, event, "sent_on", **_by(event), text=_words(event) or None)


def _still_at_it(incident: Document, event: i.IncidentSeen | i.IncidentNoted) -> None:
    """Whoever is there, or on the way, and says something is so still: as the router holds it."""
    for visit in incident.get("visits", ()):
        if visit["member"] == event.member:
            visit["at"] = _at(event)


def escalated(draft: Draft, event: i.IncidentEscalated, _place: float) -> None:
    """Other groups are asked to help, and see it from now on."""
    incident = draft.edit(f"incident:{event.incident_id}")
    incident["seen_by"] = sorted({*incident.get("seen_by", ()), *event.groups} - {HUB})
    facts: Document = {"member": event.member, "text": ", ".join(event.groups) or None, "rung": event.rung}
    if event.rung is not None:
        incident["ladder"] = event.rung
        facts |= asked(incident, event.groups)
    happened(draft, incident, event, "escalated", **facts)


def digested(draft: Draft, incident: Document, event: i.HeldDigested) -> None:
    """A group's verifiers were told of it in a digest: for the first time, or because nobody took it."""
    heard(incident, event.group, _cause(event))
    in_digest(incident, event.alert_id)
    happened(draft, incident, event, "digested", text=event.group)


def reporter_asked(draft: Draft, event: i.ReporterAsked, _place: float) -> None:
    """Somebody asked whoever sent a report."""
    incident = draft.edit(f"incident:{event.incident_id}")
    checked(incident, "asked")
    facts = {"report": event.report_id, "asks": event.asks}
    happened(draft, incident, event, "reporter_asked", **_by(event), **facts)


def confirm_proposed(draft: Draft, event: i.ConfirmProposed, _place: float) -> None:
    """A first person would confirm it."""
    incident = draft.edit(f"incident:{event.incident_id}")
    facts = {"ask": event.ask, "reach": event.reach}
    said = {"text": _words(event), "setting": _setting(event)}
    incident["proposed"] = {**_by(event), **facts, **said, "at": _at(event)}
    happened(draft, incident, event, "confirm_proposed", **_by(event), **facts, text=_words(event) or None)


def claim_released(draft: Draft, event: i.ClaimReleased, _place: float) -> None:
    """Nobody is on it."""
    incident = draft.edit(f"incident:{event.incident_id}")
    incident["claim"] = None
    happened(draft, incident, event, "claim_released", reason=event.reason)


def confirmed(draft: Draft, event: i.IncidentConfirmed, _place: float) -> None:
    """A person confirmed it."""
    incident = draft.edit(f"incident:{event.incident_id}")
    incident.update(status="confirmed", ask=event.ask, ended_at=None, proposed=None)
    incident["setting"] = _setting(event)
    incident["home"] = incident.get("home", False) or incident["setting"] == "home"
    incident.setdefault("confirmed_at", _at(event))
    _said_by_person(draft, incident, event, "confirmed", ask=event.ask, **_over_cap(event))


def _setting(event: i.IncidentConfirmed | i.ConfirmProposed) -> str | None:
    """Where people are, as whoever said it chose."""
    return event.statement.setting if isinstance(event.statement, Statement) else None


def rejected(draft: Draft, event: i.IncidentRejected, _place: float) -> None:
    """A person said that it is something else."""
    incident = draft.edit(f"incident:{event.incident_id}")
    _end(incident, event, event.outcome)
    incident["agency"] = event.agency
    _said_by_person(draft, incident, event, "rejected", outcome=event.outcome, agency=event.agency)


def placed(draft: Draft, event: i.IncidentPlaced, _place: float) -> None:
    """The place became better."""
    incident = draft.edit(f"incident:{event.incident_id}")
    _where(incident, event)
    label = (incident.get("place") or {}).get("label")
    happened(draft, incident, event, "moved" if event.moved else "placed", member=event.member, text=label)


def updated(draft: Draft, event: i.IncidentUpdated, _place: float) -> None:
    """A person gave news."""
    incident = draft.edit(f"incident:{event.incident_id}")
    incident["ask"] = event.ask
    _said_by_person(draft, incident, event, "updated", ask=event.ask, **_over_cap(event))


def _over_cap(event: i.IncidentConfirmed | i.IncidentUpdated) -> Document:
    """Whom they chose to text although that passes the group's cap, and why."""
    why = event.statement.sms_reason if isinstance(event.statement, Statement) else ""
    return {"sms_to": event.sms_to, "sms_reason": why or None}


def ended(draft: Draft, event: i.IncidentEnded, _place: float) -> None:
    """Officers left, aftercare, or closed."""
    incident = draft.edit(f"incident:{event.incident_id}")
    _end(incident, event, event.stage)
    incident["tally"] = event.tally.model_dump()
    _said_by_person(draft, incident, event, "ended", stage=event.stage, **incident["tally"])


def quiet(draft: Draft, event: i.IncidentQuiet, _place: float) -> None:
    """No news."""
    incident = draft.edit(f"incident:{event.incident_id}")
    _end(incident, event, "no_news")
    happened(draft, incident, event, "quiet", since=event.since.isoformat())


def reopened(draft: Draft, event: i.IncidentReopened, _place: float) -> None:
    """There is news again, or a person says that it is not over."""
    incident = draft.edit(f"incident:{event.incident_id}")
    incident.update(status=event.status, ended_at=None, agency=None, proposed=None)
    facts = {"member": event.member, "group": event.group, "text": _words(event) or None}
    if event.member:
        told(incident, event, "NONE", _words(event))
    happened(draft, incident, event, "reopened", status=event.status, **facts)


def merged(draft: Draft, event: i.IncidentMerged, _place: float) -> None:
    """`absorbed` is the same event: its reports are seen with this incident's from now on."""
    incident = draft.edit(f"incident:{event.incident_id}")
    absorbed = draft.edit(f"incident:{event.absorbed}")
    _end(absorbed, event, "merged")
    absorbed["merged_into"] = event.incident_id
    for figure in ("reports", "first_hand"):
        incident[figure] = incident.get(figure, 0) + absorbed.get(figure, 0)
    incident["home"] = incident.get("home", False) or absorbed.get("home", False)
    heard_too(incident, absorbed)
    checked(incident, *absorbed.get("checked", ()))
    sources = [*incident.get("sources", ()), *absorbed.get("sources", ())]
    incident["sources"] = list(dict.fromkeys(sources))
    incident["seen_by"] = sorted({*incident.get("seen_by", ()), *absorbed.get("seen_by", ())})
    if posts := absorbed.get("aftercare", {}).get("posts"):
        aftercare = incident.setdefault("aftercare", {})
        aftercare["posts"] = [*aftercare.get("posts", ()), *deepcopy(posts)]
    if gone := absorbed.get("posts_gone"):
        incident["posts_gone"] = [*incident.get("posts_gone", ()), *deepcopy(gone)]
    happened(draft, incident, event, "merged", member=event.member, text=absorbed.get("code"))
    happened(draft, absorbed, event, "merged_into", member=event.member, text=incident.get("code"))


def split(draft: Draft, event: i.IncidentSplit, _place: float) -> None:
    """These reports left for another incident."""
    incident = draft.edit(f"incident:{event.incident_id}")
    into = draft.edit(f"incident:{event.into}")
    for report_id in event.reports:
        report = draft.edit(f"report:{report_id}")
        first_hand = int(bool(report.get("first_hand")))
        _fewer(incident, first_hand)
        for source in incident.get("sources", ()):
            draft.score(f"reports:{source}", report_id, None)
        if report.get("incident") != event.into:
            report["incident"] = event.into
            into["reports"] = into.get("reports", 0) + 1
            into["first_hand"] = into.get("first_hand", 0) + first_hand
        draft.score(f"reports:{event.into}", report_id, _timestamp(report, event))
    moved = len(event.reports)
    happened(draft, incident, event, "split", member=event.member, reports=moved, text=into.get("code"))


def forgotten(draft: Draft, event: i.IncidentForgotten, _place: float) -> None:
    """Its key is destroyed: only counts and the outcode remain here too."""
    key = f"incident:{event.incident_id}"
    incident = draft.get(key) or {}
    for group in incident.get("seen_by", ()):
        draft.score(f"incidents:{group}", event.incident_id, None)
        draft.score(f"open:{group}", event.incident_id, None)
    code_key = f"code:{incident.get('code')}"
    if incident and (draft.get(code_key) or {}).get("incident") == event.incident_id:
        draft.delete(code_key)
    for alert_id in incident.get("alerts", ()):
        alert = draft.edit(f"alert:{alert_id}")
        alert.update(public=None, statement="", forgotten=True)
        alert.update(setting=None, jurisdiction=None)
        draft.score("public", alert_id, None)
    draft.drop(f"reports:{event.incident_id}", "report:")
    remains = {"id": event.incident_id, "forgotten": True, "outcode": event.outcode}
    draft.put(key, {**remains, "reports": event.reports, "status": event.status})


def carried(draft: Draft, event: i.IncidentCarried, _place: float) -> None:
    """Restated by the router, for whoever begins to read later than its opening."""
    incident = draft.edit(f"incident:{event.incident_id}")
    if "id" in incident or not isinstance(event.snapshot, i.IncidentSnapshot):
        return
    state = event.snapshot.state
    incident.update({name: state[name] for name in _CARRIED if name in state})
    incident.update(id=event.incident_id, sources=[event.incident_id], reports=len(state["evidence"]))
    incident["heard"] = [group for group, audience in state.get("told", ()) if audience == "verifiers"]
    _seen_by(incident)
    for evidence in state["evidence"]:
        report = draft.edit(f"report:{evidence['report']}")
        report.update(report_id=evidence["report"], incident=event.incident_id)
        report.update({name: evidence[name] for name in _CARRIED_REPORT if evidence.get(name) is not None})
        report.update(_understood(evidence.get("gist") or {}, evidence.get("first_hand")))
        report.update({"left_contact": True} if evidence.get("asked_as") else {})
        draft.score(f"reports:{event.incident_id}", evidence["report"], _timestamp(report, event))
    draft.put(f"code:{incident['code']}", {"incident": event.incident_id})
    incident["timeline"] = [{"at": _at(event), "what": "carried", "cause": _cause(event)}]
    _touched(draft, incident, event)


# --- shared parts -------------------------------------------------------------------------------


def _at(event: Message) -> str:
    return event.at.isoformat()


def _cause(event: Message) -> str:
    """What the events of one decision have in common: `REPORTS.12.3` → `REPORTS.12`."""
    return event.id.rpartition(".")[0]


def _by(event: Any) -> dict[str, str]:
    return {"member": event.member, "group": event.group}


def _where(incident: Document, event: i.IncidentOpened | i.IncidentPlaced) -> None:
    incident["groups"] = [share.model_dump(mode="json") for share in event.groups]
    _seen_by(incident)
    inside = event.where if isinstance(event.where, i.IncidentPlace) else None
    incident["place"] = inside.place.model_dump(mode="json") if inside else incident.get("place")
    incident["erased"] = inside is None


def _seen_by(incident: Document) -> None:
    """Whoever was ever concerned keeps seeing what became of it; what is nobody's the hub's operators see."""
    concerned = {share["group"] for share in incident["groups"] if "group" in share}
    incident["seen_by"] = sorted({*incident.get("seen_by", ()), *concerned}) or [HUB]


def _said(detail: i.ReportDetail | None) -> Document:
    if detail is None:
        return {"erased": True}
    dumped = {
        name: value.model_dump(mode="json") if isinstance(value, Frozen) else value
        for name in ("text", "sender", "source", "place", "position", "first_hand", "language")
        if (value := getattr(detail, name)) is not None
    }
    observed = detail.observed_at.isoformat() if detail.observed_at else None
    trusted = {"trusted": True} if detail.trusted else {}
    gist = _understood(detail.gist.model_dump(mode="json"), detail.first_hand) if detail.gist else {}
    contact = {"left_contact": True} if detail.asked_as else {}
    return {**dumped, **trusted, **gist, **contact, "observed_at": observed}


def _understood(gist: Document, first_hand: bool | None) -> Document:  # noqa: FBT001 - as the report has it
    """What of a report's meaning is shown: its language, who acts, how many it counts, whether it goes on."""
    says = says_of(gist, first_hand=first_hand)
    counts = dict(gist.get("seen") or ())
    shown = {"tongue": gist.get("tongue"), "who": gist.get("who"), "counts": counts, "says": says}
    shown["setting"] = gist.get("setting")
    return {name: value for name, value in shown.items() if value}


def _end(incident: Document, event: Message, status: str) -> None:
    incident["status"] = status
    incident["claim"] = None
    incident["ended_at"] = incident.get("ended_at") or _at(event)


def _fewer(incident: Document, first_hand: int) -> None:
    incident["reports"] = incident.get("reports", 0) - 1
    incident["first_hand"] = incident.get("first_hand", 0) - first_hand


def _timestamp(report: Document, event: Message) -> float:
    return datetime.fromisoformat(report.get("at") or _at(event)).timestamp()


def _words(event: Any) -> str:
    return event.statement.text if isinstance(event.statement, Statement) else ""


def _said_by_person(draft: Draft, incident: Document, event: Any, what: What, **facts: Any) -> None:
    statement = _words(event)
    incident["statement"] = statement
    if what != "rejected":
        told(incident, event, facts.get("ask", "NONE"), statement)
    happened(draft, incident, event, what, **_by(event), **facts, text=statement or None)


def happened(draft: Draft, incident: Document, event: Message, what: What, **facts: Any) -> None:
    """A step of its timeline, with what was said of it."""
    told = {name: value for name, value in facts.items() if value is not None}
    timeline = incident.setdefault("timeline", [])
    timeline.append({"at": _at(event), "what": what, "cause": _cause(event), **told})
    del timeline[:-_MAX_TIMELINE]
    incident["version"] = incident.get("version", 0) + (what not in _ASIDE)
    _touched(draft, incident, event)


def _touched(draft: Draft, incident: Document, event: Message) -> None:
    """Note the time, and keep the incident in the lists of all who may see it."""
    taken_or_over(incident)
    incident["updated_at"] = max(incident.get("updated_at", ""), _at(event))
    if "id" not in incident:
        return
    score = _timestamp({"at": incident["opened_at"]}, event)
    still_open = incident.get("status") not in CLOSED
    for group in incident.get("seen_by", ()):
        draft.score(f"incidents:{group}", incident["id"], score)
        draft.score(f"open:{group}", incident["id"], score if still_open else None)

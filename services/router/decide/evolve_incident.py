"""What each `incident.*` event means for its incident. Events of forgotten incidents mean nothing."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from rpds import HashTrieMap

from services.router.decide import assess, evolve_accounts, snapshot
from services.router.decide.changed import changed
from services.router.decide.evolve_aftercare import AFTERCARE_EVENTS, closed, taken_in
from services.router.decide.evolve_aftercare import merged as merged_aftercare
from services.router.decide.evolve_parts import drop, put, seq_of
from services.router.decide.evolve_peers import heard_from, told_by
from services.router.decide.limits import MOST_GROUPS, MOST_VISITS, MOST_WORDS, QUESTIONS
from services.router.decide.sayings import with_told, with_word
from services.router.decide.state import (
    DAWN,
    RUNGS,
    Asked,
    Claim,
    Evidence,
    Incident,
    Proposal,
    State,
    Thread,
    Trace,
    Visit,
)
from services.router.decide.text import sketch
from services.router.decide.worlds import remembering, world
from shared.contracts import incidents as events
from shared.contracts.alerts import Check
from shared.contracts.base import Place, ReportId
from shared.contracts.desk import Statement
from shared.contracts.incidents import IncidentEvent
from shared.contracts.situation import SETTINGS

Handler = Callable[[State, Any], State]
Change = Callable[[Incident, Any], Incident]


def _opened(state: State, event: events.IncidentOpened) -> State:
    incident = Incident(
        id=event.incident_id,
        code=event.code,
        opened_at=event.at,
        drill=event.drill,
        last_at=event.at,
        place=_place(event.where),
        groups=event.groups,
        stated_at=event.at,
    )
    return put(state, incident)


def _place(where: object) -> Place | None:
    return where.place if isinstance(where, events.IncidentPlace) else None


def _attached(state: State, event: events.ReportAttached) -> State:
    incident = state.incidents.get(event.incident_id)
    if incident is None:
        return state
    report = _evidence(event)
    state = put(state, told_by(_with(incident, report), report, state.groups))
    known = state.known.put(event.report_id, incident.id, event.at)
    return _traced(changed(state, known=known), report, incident)


def _evidence(event: events.ReportAttached) -> Evidence:
    detail = event.detail if isinstance(event.detail, events.ReportDetail) else events.ReportDetail()
    return Evidence(
        report=event.report_id,
        at=detail.reported_at or event.at,
        text=detail.text,
        sender=detail.sender,
        source=detail.source,
        first_hand=detail.first_hand,
        place=detail.place,
        sketch=sketch(detail.text),
        gist=detail.gist or events.Gist(),
        trusted=detail.trusted,
        seq=detail.seq if detail.reported_at else seq_of(event.id),
        asked_as=detail.asked_as,
        passed_on=detail.passed_on,
    )


def _with(incident: Incident, report: Evidence) -> Incident:
    late = report.at < incident.heard_at
    incident = changed(
        incident,
        evidence=incident.evidence.insert(report.report, report),
        first_hand=incident.first_hand + (report.first_hand is True),
        vouched=incident.vouched + assess.vouches(report),
        best=assess.better(incident.best, report),
        last_at=max(incident.last_at, report.at),
        heard_at=max(incident.heard_at, report.at),
        **_spoken(incident, report),
        home=incident.home or report.gist.home,
        peers=heard_from(incident.peers, report),
    )
    return _heard_in_order(incident) if late else _heard(incident, report)


def _heard(incident: Incident, report: Evidence) -> Incident:
    """With what depends on which report came before which."""
    return changed(
        incident,
        support=assess.supported_by(incident.support, report),
        said_over_at=_said_over(incident, report),
        said_wrong_at=report.at if report.gist.kind == "wrong" else incident.said_wrong_at,
    )


def _heard_in_order(incident: Incident) -> Incident:
    """The same as if all its reports had joined when they came."""
    incident = changed(incident, support=(), said_over_at=None, said_wrong_at=None)
    for report in _in_order(incident.evidence.values()):
        incident = _heard(incident, report)
    return incident


def _in_order(reports: Iterable[Evidence]) -> list[Evidence]:
    return sorted(reports, key=lambda e: (e.at, e.report))


def _spoken(incident: Incident, report: Evidence) -> dict[str, Any]:
    """The counts of what its reports speak of, with this one."""
    return {
        "words": _counted(incident.words, report.gist.words),
        "venues": _counted(incident.venues, report.gist.venues),
        "tongues": _counted(incident.tongues, (report.gist.tongue,)),
    }


def _counted(known: "HashTrieMap[str, int]", words: Iterable[str]) -> "HashTrieMap[str, int]":
    for word in words:
        if len(known) < MOST_WORDS or word in known:
            known = known.insert(word, known.get(word, 0) + 1)
    return known


def _said_over(incident: Incident, report: Evidence) -> datetime | None:
    """A report that they are gone counts until one says that they are there."""
    if report.gist.kind == "over":
        return report.at
    still_there = (
        report.gist.kind in {"report", "update"} and report.gist.present and report.first_hand is True
    )
    return None if still_there else incident.said_over_at


def _without(incident: Incident, reports: Iterable[ReportId]) -> Incident:
    """The incident as if these reports had never been counted; that a home was spoken of stays."""
    evidence = incident.evidence
    for report in reports:
        evidence = evidence.discard(report)
    bare = changed(
        incident,
        evidence=evidence,
        support=(),
        first_hand=0,
        vouched=0,
        best=None,
        words=HashTrieMap(),
        venues=HashTrieMap(),
        tongues=HashTrieMap(),
        peers=(),
        said_over_at=None,
        said_wrong_at=None,
        heard_at=DAWN,
    )
    for other in _in_order(evidence.values()):
        bare = _with(bare, other)
    return bare


def _traced(state: State, report: Evidence, incident: Incident) -> State:
    known = world(state, drill=incident.drill)
    threads, traces, chats, words = known.threads, known.traces, known.chats, known.words
    trace = Trace(report.report, incident.id, report.at)
    if report.sender is not None and _not_older(threads.get(report.sender), report):
        threads = threads.put(report.sender, Thread(report.report, incident.id, report.at), report.at)
    if report.source is not None and _not_older(chats.get(report.source), report):
        chats = chats.put(report.source, trace, report.at)
    if new := {mark: trace for mark in report.sketch if _is_news(traces.get(mark), trace)}:
        traces = traces.put_all(new, report.at)
    if new_words := {w: trace for w in report.gist.words if _is_news(words.get(w), trace)}:
        words = words.put_all(new_words, report.at)
    made = {"threads": threads, "traces": traces, "chats": chats, "words": words}
    return remembering(state, drill=incident.drill, **made)


def _is_news(known: Trace | None, trace: Trace) -> bool:
    return known is None or (known.incident != trace.incident and _not_older(known, trace))


def _not_older(known: Trace | Thread | None, new: Trace | Evidence) -> bool:
    """Whether it is the latest word: what was held, merged or moved does not hide what came after it."""
    return known is None or known.incident is None or known.at <= new.at


def _change(change: Change, *, decides: bool = True) -> Handler:
    """A handler that changes its incident alone, by a person or by time.

    That is a new version of it, unless it is nothing that would alter what a person decides.
    """

    def handle(state: State, event: IncidentEvent) -> State:
        incident = state.incidents.get(event.incident_id)
        if incident is None:
            return state
        after = _given_time(change(incident, event), event)
        return put(state, changed(after, version=incident.version + decides))

    return handle


def _given_time(incident: Incident, event: IncidentEvent) -> Incident:
    """Whoever does something about it, or had it until now, gives it time before others are asked."""
    worked_on = getattr(event, "member", None) is not None or isinstance(event, events.ClaimReleased)
    if incident.waits_since is None or not worked_on:
        return incident
    return changed(incident, waits_since=event.at)


def _escalated(incident: Incident, event: events.IncidentEscalated) -> Incident:
    """By a person; or, nobody having taken it, up to that rung, which forgets nobody of a lower one."""
    incident = changed(incident, last_at=max(incident.last_at, event.at)) if event.member else incident
    if event.rung is None:
        return incident
    rung = RUNGS.index(event.rung) + 1
    asking = tuple(dict.fromkeys((*incident.asking, *event.groups)))
    return changed(incident, rung=rung, waits_since=event.at, asking=asking)


def _assessed(incident: Incident, event: events.IncidentAssessed) -> Incident:
    return changed(incident, status=event.status)


def _claimed(state: State, event: events.IncidentClaimed) -> State:
    """A new version where it passes to somebody; not where their own act renews it."""
    before = state.incidents.get(event.incident_id)
    same = before is not None and before.claim is not None and before.claim.member == event.member
    return _change(_with_claim, decides=not same)(state, event)


def _with_claim(incident: Incident, event: events.IncidentClaimed) -> Incident:
    claim = Claim(event.member, event.group, event.until)
    return changed(incident, claim=claim, last_at=max(incident.last_at, event.at))


def _attended(incident: Incident, event: events.IncidentAttended) -> Incident:
    others = tuple(v for v in incident.visits if v.member != event.member)
    if event.step != "left":
        others = (*others, Visit(event.member, event.group, event.step, event.at))[-MOST_VISITS:]
    incident = changed(incident, visits=others, last_at=max(incident.last_at, event.at))
    return _checked(incident, "went") if event.step == "there" else incident


def _seen(incident: Incident, event: events.IncidentSeen) -> Incident:
    incident = changed(_still_at_it(incident, event), seen=incident.seen + 1)
    return _checked(with_word(incident, event, "seen"), "went")


def _noted(incident: Incident, event: events.IncidentNoted) -> Incident:
    return with_word(_still_at_it(incident, event), event, "note")


def _still_at_it(incident: Incident, event: events.IncidentSeen | events.IncidentNoted) -> Incident:
    """Whoever is there, or on the way, and says something is so still."""
    visits = tuple(changed(v, at=event.at) if v.member == event.member else v for v in incident.visits)
    return changed(incident, visits=visits, last_at=max(incident.last_at, event.at))


def _checked(incident: Incident, how: Check) -> Incident:
    """Somebody of ours did this to find out whether it is so."""
    return incident if how in incident.checked else changed(incident, checked=(*incident.checked, how))


def _proposed(incident: Incident, event: events.ConfirmProposed) -> Incident:
    return changed(incident, proposed=Proposal(event.member, event.at), last_at=event.at)


def _released(incident: Incident, _: events.ClaimReleased) -> Incident:
    return changed(incident, claim=None)


def _confirmed(incident: Incident, event: events.IncidentConfirmed) -> Incident:
    said = event.statement.setting if isinstance(event.statement, Statement) else None
    setting = next((s for s in SETTINGS if s == said), None)
    incident = changed(
        incident,
        status="confirmed",
        ended_at=None,
        last_at=event.at,
        proposed=None,
        setting=setting,
        home=incident.home or setting == "home",
    )
    return with_told(incident, event, event.ask)


def _rejected(incident: Incident, event: events.IncidentRejected) -> Incident:
    return _over(changed(incident, status=event.outcome), event.at)


def _over(incident: Incident, at: datetime) -> Incident:
    return changed(incident, ended_at=incident.ended_at or at, claim=None, last_at=max(incident.last_at, at))


def _reporter_asked(state: State, event: events.ReporterAsked) -> State:
    """It counts among the questions of its sender."""
    incident = state.incidents.get(event.incident_id)
    report = incident.evidence.get(event.report_id) if incident else None
    if incident is None or report is None or report.asked is None:
        return state
    state = put(state, _checked(incident, "asked"))
    known = world(state, drill=incident.drill).asked
    asked = (*(known.get(report.asked) or ()), Asked(event.report_id, event.at))[-QUESTIONS:]
    return remembering(state, drill=incident.drill, asked=known.put(report.asked, asked, event.at))


_MOST_STANDS: Final = 4
"""How many of a moving incident's places are remembered."""


def _placed(incident: Incident, event: events.IncidentPlaced) -> Incident:
    by_person = event.member is not None or incident.placed_by_person
    place = _place(event.where) or incident.place
    moved_from = (incident.place,) if event.moved and incident.place is not None else ()
    stood = (*incident.stood, *moved_from)[-_MOST_STANDS:]
    return changed(incident, place=place, stood=stood, groups=event.groups, placed_by_person=by_person)


def _updated(incident: Incident, event: events.IncidentUpdated) -> Incident:
    return with_told(changed(incident, last_at=event.at), event, event.ask)


def _ended(incident: Incident, event: events.IncidentEnded) -> Incident:
    after = closed(incident.aftercare, event) if event.stage == "closed" else incident.aftercare
    ended = _over(changed(incident, status=event.stage, tally=event.tally, aftercare=after), event.at)
    return with_told(ended, event)


def _quiet(incident: Incident, event: events.IncidentQuiet) -> Incident:
    return changed(incident, status="no_news", ended_at=event.at, claim=None)


def _reopened(incident: Incident, event: events.IncidentReopened) -> Incident:
    incident = changed(incident, status=event.status, ended_at=None, last_at=event.at, proposed=None)
    return with_told(incident, event) if event.member else incident


def _split(incident: Incident, event: events.IncidentSplit) -> Incident:
    """All leave at once, so the rest is counted once; the events that follow attach them elsewhere."""
    return _without(incident, event.reports)


def _merged(state: State, event: events.IncidentMerged) -> State:
    incident, absorbed = state.incidents.get(event.incident_id), state.incidents.get(event.absorbed)
    if incident is None or absorbed is None:
        return state
    one = incident
    for report in _in_order(absorbed.evidence.values()):
        one = _with(one, report)
        state = changed(state, known=state.known.put(report.report, incident.id, event.at))
        state = _traced(state, report, incident)
    told = tuple(dict.fromkeys((*incident.told, *absorbed.told)))
    concerned = {share.group for share in incident.groups}
    groups = (*incident.groups, *(s for s in absorbed.groups if s.group not in concerned))[:MOST_GROUPS]
    one = changed(
        one,
        told=told,
        groups=groups,
        home=one.home or absorbed.home,
        rung=max(one.rung, absorbed.rung),
        checked=tuple(dict.fromkeys((*one.checked, *absorbed.checked))),
        aftercare=merged_aftercare(incident, absorbed),
        version=incident.version + 1,
        last_at=max(one.last_at, event.at),
    )
    gone = changed(
        _over(changed(absorbed, status="merged", was=absorbed.status, merged_into=incident.id), event.at),
        aftercare=taken_in(absorbed, incident),
        version=absorbed.version + 1,
    )
    return put(put(state, one), gone)


def _forgotten(state: State, event: events.IncidentForgotten) -> State:
    incident = state.incidents.get(event.incident_id)
    forgotten = state.forgotten.put(event.incident_id, True, event.at)  # noqa: FBT003 - a set's mark
    state = changed(state, forgotten=forgotten)
    return state if incident is None else drop(state, incident)


def _carried(state: State, event: events.IncidentCarried) -> State:
    if not isinstance(event.snapshot, events.IncidentSnapshot):
        return state
    incident = changed(snapshot.incident_from(event.snapshot.state), stated_at=event.at)
    if event.incident_id in state.incidents:
        return put(state, changed(state.incidents[event.incident_id], stated_at=event.at))
    reports = _in_order(incident.evidence.values())
    for report in reports:
        incident = changed(incident, **_spoken(incident, report))
    state = put(state, incident)
    for report in reports:
        state = changed(state, known=state.known.put(report.report, incident.id, event.at))
        state = _traced(state, report, incident)
    return state


INCIDENT_EVENTS: Final[dict[type[IncidentEvent], Handler]] = {
    events.IncidentOpened: _opened,
    events.ReportAttached: _attached,
    events.IncidentAssessed: _change(_assessed),
    events.IncidentEscalated: _change(_escalated, decides=False),
    events.IncidentClaimed: _claimed,
    events.ClaimReleased: _change(_released),
    events.IncidentAttended: _change(_attended, decides=False),
    events.IncidentSeen: _change(_seen),
    events.IncidentNoted: _change(_noted, decides=False),
    events.IncidentSentOn: _change(lambda incident, _event: incident, decides=False),
    events.ReporterAsked: _reporter_asked,
    events.ConfirmProposed: _change(_proposed),
    events.IncidentConfirmed: _change(_confirmed),
    events.IncidentRejected: _change(_rejected),
    events.IncidentPlaced: _change(_placed),
    events.IncidentUpdated: _change(_updated),
    events.IncidentEnded: _change(_ended),
    events.IncidentMerged: _merged,
    events.IncidentSplit: _change(_split),
    events.IncidentQuiet: _change(_quiet),
    events.IncidentReopened: _change(_reopened),
    events.YesAsked: evolve_accounts.yes_asked,
    events.YesSettled: evolve_accounts.yes_settled,
    events.IncidentForgotten: _forgotten,
    events.IncidentCarried: _carried,
    **{event: _change(change, decides=decides) for event, (change, decides) in AFTERCARE_EVENTS.items()},
}

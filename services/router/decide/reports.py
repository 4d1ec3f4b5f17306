"""One report becomes events: opened, attached, held or ignored, and who is told."""

from dataclasses import dataclass, replace
from typing import Final

from services.router.decide import ids, reasons
from services.router.decide.ask_back import ask, question_for
from services.router.decide.clues import precise
from services.router.decide.compared_anew import explained
from services.router.decide.draft import Draft, tell_first
from services.router.decide.echo import echo_in
from services.router.decide.follow_up import follow_up, raise_to_likely
from services.router.decide.judge import Judgement, group_ids, judge
from services.router.decide.limits import STILL_NEWS
from services.router.decide.mutes import muted
from services.router.decide.route import area_index, concerned
from services.router.decide.state import Held, State
from services.router.decide.text import alike
from services.router.decide.watch import note_police
from shared.contracts import incidents as events
from shared.contracts.base import GroupId, IncidentId, Place, ReportId
from shared.contracts.incidents import GroupShare, Outcome
from shared.contracts.reports import ReportContent, ReportReceived

_MOST_SHOWN: Final = 5
_MOST_BESIDE: Final = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an input, and why."""

    outcome: Outcome
    reason: str
    incident: IncidentId | None = None
    why: events.Why | None = None


def decide_report(draft: Draft, report: ReportReceived, *, again: bool = False) -> Answer:
    """Judge the report and emit what follows.

    `again`: it lay among the dead letters, as one of another hub may have waited for the link. What it tells
    of may be over by now, so after a while a person looks before anybody is told.
    """
    known = draft.state.known.get(report.report_id)
    if known is not None:
        return Answer("ignored", reasons.DUPLICATE_REPORT, IncidentId(known) if known else None)
    content = report.content
    if not isinstance(content, ReportContent):
        return Answer("ignored", reasons.CONTENT_GONE)
    if (echo := echo_in(content.text, draft.state.codes)) is not None:
        if not echo.theirs and content.position is None:
            return Answer("ignored", reasons.OUR_OWN_WORDS, draft.state.codes[echo.code])
        content = content.model_copy(update={"text": echo.theirs})
    ruling = judge(draft.state, content, drill=report.drill, now=draft.now, gazetteer=draft.gazetteer)
    if ruling.verdict in {"open", "hold"} and muted(
        draft.state, content, _holders(draft.state, ruling), draft.now, drill=report.drill
    ):
        ruling = replace(ruling, verdict="hold", reason=reasons.MUTED, joins_held=())
    elif ruling.verdict in {"open", "join"} and _came_late(draft, report, content, again=again):
        ruling = replace(ruling, verdict="hold", reason=reasons.CAME_LATE, joins_held=())
    elif content.flood and ruling.verdict == "open":
        ruling = replace(ruling, verdict="hold", reason=reasons.SENDER_FLOODS, joins_held=())
    shown = why(ruling).model_copy(update={"trusted": content.trusted})
    return replace(carry_out(draft, report, content, ruling), why=shown)


def _came_late(draft: Draft, report: ReportReceived, content: ReportContent, *, again: bool) -> bool:
    since = content.observed_at if content.passed_on else report.at if again else None
    return since is not None and draft.now - since > STILL_NEWS


def carry_out(draft: Draft, report: ReportReceived, content: ReportContent, ruling: Judgement) -> Answer:
    """Emit what follows from a judgement."""
    if ruling.verdict == "open" and ruling.place is not None:
        return _open(draft, report, content, ruling)
    if ruling.verdict == "join" and ruling.incident is not None:
        return _join(draft, report, content, ruling)
    if ruling.verdict == "hold":
        return _hold(draft, report, content, ruling)
    if ruling.reason == reasons.OTHER_POLICE and precise(ruling.place) and not report.drill:
        note_police(draft, report.report_id, group_ids(ruling.groups), held_of(content, ruling))
    return Answer("ignored", ruling.reason, ruling.incident)


def why(ruling: Judgement) -> events.Why:
    """What `explain` shows of a judgement."""
    return events.Why(
        kind=ruling.reckoned.kind,
        sure=ruling.reckoned.sure,
        because=dict(ruling.reckoned.because),
        first_hand=ruling.first_hand,
        who=ruling.understood.who,
        place=ruling.place,
        groups=ruling.groups,
        place_reason=ruling.located.reason,
        places=dict(ruling.located.considered),
        considered=tuple(
            events.Weighed(incident=c.incident.id, score=c.score, signs=dict(c.signs))
            for c in ruling.correlated.candidates[:_MOST_SHOWN]
        ),
        copy_of=ruling.correlated.copy_of.id if ruling.correlated.copy_of else None,
    )


def detail_of(
    content: ReportContent, place: Place | None, *, first_hand: bool | None, gist: events.Gist | None = None
) -> events.ReportDetail:
    """The report as its incident keeps it."""
    return events.ReportDetail(
        gist=gist,
        text=content.text,
        sender=content.sender,
        source=content.source,
        position=content.position,
        place=place,
        first_hand=first_hand,
        language=content.language,
        observed_at=content.observed_at,
        trusted=content.trusted,
        asked_as=content.asked_as,
        passed_on=content.passed_on,
    )


def open_incident(
    draft: Draft, incident: IncidentId, place: Place, groups: tuple[GroupShare, ...], *, drill: bool
) -> None:
    """Emit the opening; the caller attaches its reports next."""
    attempt = 0
    while (code := ids.code(incident, attempt)) in draft.state.codes:
        attempt += 1
    draft.emit(
        events.IncidentOpened,
        incident_id=incident,
        code=code,
        drill=drill,
        groups=groups,
        where=events.IncidentPlace(place=place),
    )


def _open(draft: Draft, report: ReportReceived, content: ReportContent, ruling: Judgement) -> Answer:
    incident = ids.incident_id(report.report_id)
    assert ruling.place is not None  # noqa: S101 - asked by the caller
    open_incident(draft, incident, ruling.place, ruling.groups, drill=report.drill)
    _attach(draft, incident, report.report_id, content, ruling)
    for held in ruling.joins_held:
        join_held(draft, held, incident, how="joined")
    _bring_along(draft, incident, drill=report.drill)
    tell_first(draft, incident)
    raise_to_likely(draft, incident)
    return Answer("opened", ruling.reason, incident)


def _bring_along(draft: Draft, incident: IncidentId, *, drill: bool) -> None:
    """What is held and of this incident, as is known now, joins it."""
    for held in explained(draft.state, incident, draft.now, drill=drill):
        join_held(draft, held, incident, how="joined")


def _attach(
    draft: Draft, incident: IncidentId, report: ReportId, content: ReportContent, ruling: Judgement
) -> None:
    detail = detail_of(content, ruling.place, first_hand=ruling.first_hand, gist=ruling.gist)
    draft.emit(events.ReportAttached, incident_id=incident, report_id=report, detail=detail)


def join_held(draft: Draft, report: ReportId, incident: IncidentId, *, how: str) -> None:
    """A held report joins an incident after all."""
    held = draft.state.held[report]
    draft.emit(events.HeldSettled, report_id=report, how=how, incident_id=incident)
    draft.emit(events.ReportAttached, incident_id=incident, report_id=report, detail=_detail_of_held(held))


def _detail_of_held(held: Held) -> events.ReportDetail:
    return events.ReportDetail(
        gist=held.evidence.gist,
        text=held.evidence.text,
        sender=held.evidence.sender,
        source=held.evidence.source,
        place=held.evidence.place,
        first_hand=held.evidence.first_hand,
        language=held.language,
        reported_at=held.evidence.at,
        seq=held.evidence.seq,
        trusted=held.evidence.trusted,
        asked_as=held.evidence.asked_as,
        passed_on=held.evidence.passed_on,
    )


def open_held(draft: Draft, held: Held) -> None:
    """A held report opens an incident after all, with the others that name the same area."""
    place, report = held.evidence.place, held.evidence.report
    groups = concerned(place, draft.state.groups, draft.gazetteer) if place else ()
    if place is None or not groups:
        return
    incident = ids.incident_id(report)
    open_incident(draft, incident, place, groups, drill=held.drill)
    for other in (held, *_beside(draft.state, held)):
        join_held(draft, other.evidence.report, incident, how="joined")
    _bring_along(draft, incident, drill=held.drill)
    tell_first(draft, incident)
    raise_to_likely(draft, incident)


def _beside(state: State, held: Held) -> list[Held]:
    """Other held reports of the same area, and copies of this one."""
    others = (h for h in state.all_held.values() if h.drill == held.drill and h is not held)
    found = [h for h in others if _of_one_area(h, held) or _is_copy(h, held)]
    return sorted(found, key=lambda h: h.evidence.report)[:_MOST_BESIDE]


def _of_one_area(one: Held, other: Held) -> bool:
    here, there = one.evidence.place, other.evidence.place
    return one.reason == other.reason and here is not None and there is not None and here.label == there.label


def _is_copy(one: Held, other: Held) -> bool:
    return one.reason == reasons.COPY_OF_HELD and alike(one.evidence.sketch, other.evidence.sketch)


def _join(draft: Draft, report: ReportReceived, content: ReportContent, ruling: Judgement) -> Answer:
    assert ruling.incident is not None  # noqa: S101 - asked by the caller
    before = draft.incident(ruling.incident)
    _attach(draft, ruling.incident, report.report_id, content, ruling)
    for held in ruling.joins_held:
        join_held(draft, held, ruling.incident, how="joined")
    follow_up(draft, before, ruling)
    raise_to_likely(draft, ruling.incident)
    return Answer("attached", ruling.reason, ruling.incident)


def _hold(draft: Draft, report: ReportReceived, content: ReportContent, ruling: Judgement) -> Answer:
    question = question_for(draft.state, report, ruling.reason, draft.now)
    draft.emit(
        events.ReportHeld,
        report_id=report.report_id,
        reason=ruling.reason,
        leans_to=ruling.incident,
        groups=_holders(draft.state, ruling),
        drill=report.drill,
        asked=question,
        detail=held_of(content, ruling),
    )
    if question is not None:
        ask(draft, report, question, ruling.understood)
    return Answer("held", ruling.reason, ruling.incident)


def held_of(content: ReportContent, ruling: Judgement) -> events.HeldReport:
    """The report as it is kept for a person."""
    return events.HeldReport(
        gist=ruling.gist,
        text=content.text,
        sender=content.sender,
        source=content.source,
        position=content.position,
        place=ruling.place,
        first_hand=ruling.first_hand,
        language=content.language,
        trusted=content.trusted,
        asked_as=content.asked_as,
        passed_on=content.passed_on,
    )


def _holders(state: State, ruling: Judgement) -> tuple[GroupId, ...]:
    """Whose verifiers see it in a digest: those of the place, of the incident it leans to, else fallbacks."""
    if ruling.groups:
        return group_ids(ruling.groups)
    leaning = state.incidents.get(ruling.incident) if ruling.incident else None
    if leaning is not None:
        return group_ids(leaning.groups)
    if ruling.place is not None:
        return ()
    return area_index(state.groups).fallbacks

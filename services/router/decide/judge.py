"""One report's judgement: understood, located, compared, and the verdict with its named reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services.router.decide import reasons
from services.router.decide.correlate import (
    CLAIMS,
    Candidate,
    Correlated,
    Report,
    correlate,
    gap_m,
    open_to,
    present,
)
from services.router.decide.dates import days_old
from services.router.decide.geo import distance_m
from services.router.decide.gist import gist_of
from services.router.decide.kinds import Context, Reckoned, reckon
from services.router.decide.locate import Hints, Located, locate, precise
from services.router.decide.route import area_index, concerned
from services.router.decide.state import Held, Incident, State
from services.router.decide.text import SKETCH_SIZE, sketch
from services.router.decide.understand import Understood, understand
from services.router.decide.weights import probability
from services.router.gazetteer.port import Gazetteer
from shared.contracts.base import GroupId, IncidentId, Place, ReportId
from shared.contracts.incidents import Gist, GroupShare
from shared.contracts.reports import ReportContent

Verdict = Literal["open", "join", "hold", "ignore"]

MOST_VAGUE_GROUPS: Final = 3
"""An area that concerns more groups than this tells nobody where to look."""

COPY_REACH_M: Final = 25_000.0
"""A copied text comes from phones all over a town; from farther away it is said of something else."""

A_COPY: Final = 0.85
"""The share of its marks that a text has in common with what it was copied from."""

CHORUS: Final = timedelta(minutes=30)
"""Vague reports within this time support each other."""

CLEAR: Final = 1.3
"""The strength of a report that says what is going on, not only that something is."""

RUMOURED: Final = 2
"""So many phrases of rumour make one, if nobody saw it."""

_NEWS: Final = frozenset({"update", "over", "wrong", "unclear", "help"})
_NOISE: Final = {
    "question": reasons.QUESTION,
    "old_news": reasons.OLD_NEWS,
    "chatter": reasons.CHATTER,
    "spam": reasons.SPAM,
    "drill": reasons.DRILL_TALK,
    "other_police": reasons.OTHER_POLICE,
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found and decided about one report; everything `explain` shows."""

    understood: Understood
    context: Context
    reckoned: Reckoned
    located: Located
    correlated: Correlated
    verdict: Verdict
    reason: str
    gist: Gist
    incident: IncidentId | None = None
    """Joined, or leaned to."""
    groups: tuple[GroupShare, ...] = ()
    joins_held: tuple[ReportId, ...] = ()
    """Held reports that this one brings along when it opens an incident."""
    first_hand: bool | None = None

    @property
    def place(self) -> Place | None:
        """Where the report is."""
        return self.located.place


@dataclass(frozen=True, slots=True)
class _Case:
    """What the rules look at."""

    state: State
    content: ReportContent
    understood: Understood
    context: Context
    reckoned: Reckoned
    gist: Gist
    located: Located
    found: Correlated
    groups: tuple[GroupShare, ...]
    first_hand: bool | None
    drill: bool
    now: datetime

    @property
    def place(self) -> Place | None:
        return self.located.place


@dataclass(frozen=True, slots=True)
class _Ruling:
    verdict: Verdict
    reason: str
    incident: IncidentId | None = None
    joins_held: tuple[ReportId, ...] = ()


def judge(
    state: State, content: ReportContent, *, drill: bool, now: datetime, gazetteer: Gazetteer
) -> Judgement:
    """Judge one report. Never raises, whatever the report holds."""
    case = _case(state, content, drill=drill, now=now, gazetteer=gazetteer)
    ruling = _rule(case)
    return Judgement(
        understood=case.understood,
        context=case.context,
        reckoned=case.reckoned,
        located=case.located,
        correlated=case.found,
        verdict=ruling.verdict,
        reason=ruling.reason,
        gist=case.gist,
        incident=ruling.incident,
        groups=case.groups,
        joins_held=ruling.joins_held,
        first_hand=case.first_hand,
    )


def _case(state: State, content: ReportContent, *, drill: bool, now: datetime, gazetteer: Gazetteer) -> _Case:
    understood = understand(content.text)
    first_hand = understood.first_hand if content.first_hand is None else content.first_hand
    thread = state.threads.get(content.sender) if content.sender else None
    before = present(state, thread.incident) if thread else None
    hints = Hints(
        area_index(state.groups).covers,
        before.place if before else None,
        hearsay=first_hand is False,
        witness=first_hand is True,
        languages=understood.languages,
        moved=understood.moved,
    )
    located = locate(content, gazetteer, hints)
    place = located.place
    gist = gist_of(content.text, understood)
    report = Report(
        content.text, understood, gist, place, located.said, content.sender, content.source, drill, first_hand
    )
    found = correlate(state, report, now)
    context = context_of(state, report, found, now)
    reckoned = reckon(understood, context)
    if _answers(state, report, now) and reckoned.kind not in {"over", "wrong", "spam", "old_news"}:
        reckoned = Reckoned("report", 1.0, 0.0, (("answers_its_sender", 1.0),))
    gist = gist.model_copy(update={"kind": reckoned.kind})
    groups = concerned(place, state.groups, gazetteer) if place and not _joins(found) else ()
    return _Case(state, content, understood, context, reckoned, gist, located, found, groups, first_hand, drill, now)


def _answers(state: State, report: Report, now: datetime) -> bool:
    """Whether it names the place that the same sender's cry, held for want of one, did not: "help raid", then where."""
    thread = state.threads.get(report.sender) if report.sender else None
    if thread is None or thread.incident is not None or now - thread.at > CHORUS or not report.said:
        return False
    held = state.held.get(thread.report)
    return held is not None and held.reason in _WITHOUT_PLACE


def context_of(state: State, report: Report, found: Correlated, now: datetime) -> Context:
    """What is known around the report's words."""
    best = found.best
    return Context(
        placed=report.said and precise(report.place),
        vague=report.said and report.place is not None and not precise(report.place),
        phone=report.place is not None and not report.said,
        linked=round(probability(best.score), 3) if best else 0.0,
        thread=best is not None and "sender" in best.signs,
        chat=best is not None and "chat" in best.signs,
        live=bool(len(state.live)),
        days_old=days_old(report.text, now),
    )


def _joins(found: Correlated) -> Candidate | None:
    """The likeliest incident, if it is more likely than not."""
    best = found.best
    return best if best is not None and best.score > 0 else None


def _rule(case: _Case) -> _Ruling:
    """The first rule that speaks."""
    kind = case.reckoned.kind
    if kind in _NOISE:
        return _Ruling("ignore", _NOISE[kind])
    if copy := _copy(case):
        return copy
    if kind == "empty":
        return _wordless(case)
    if joined := _joins(case.found):
        return _Ruling("join", _why(joined, kind), joined.incident.id)
    if kind in _NEWS:
        return _news_of_nothing(case)
    if kind == "rumour":
        return _Ruling("hold", reasons.RUMOUR)
    return _open(case) if _says_so(case) else _Ruling("hold", reasons.WHO_IS_UNCLEAR)


def _says_so(case: _Case) -> bool:
    """Whether it says that a raid is on, or that they are back, or answers for one that did."""
    understood, answers = case.understood, dict(case.reckoned.because).get("answers_its_sender")
    return bool(understood.told & CLAIMS) or understood.again or {"centre"} <= understood.told or bool(answers)


def _copy(case: _Case) -> _Ruling | None:
    """The same words again: of an open incident they are one more copy, of an ended one old news."""
    incident = case.found.copy_of
    if incident is None or _says_elsewhere(case, incident):
        return None
    if open_to(incident, case.now, claims=True):
        return _Ruling("join", reasons.SAME_TEXT, incident.id)
    if incident.ended and (case.content.position is None or case.found.copied >= A_COPY):
        return _Ruling("ignore", reasons.COPY_OF_OLD_NEWS, incident.id)
    return None


def _says_elsewhere(case: _Case, incident: Incident) -> bool:
    """Alike in words, but about another place: "vans outside 12 Rye Lane" is no copy of "… Mare Street"."""
    place = case.place
    if place is None or incident.place is None:
        return False
    many_words = len(sketch(case.content.text)) == SKETCH_SIZE
    if place.how == "coordinates" and many_words and case.found.copied >= A_COPY:
        # A copy comes from anywhere in town; "immigration raid here" and set phrases are nobody's copy.
        return distance_m(place.lat, place.lon, incident.place.lat, incident.place.lon) > COPY_REACH_M
    return precise(place) and precise(incident.place) and gap_m(place, incident.place) > 0


_WHY: Final = (
    ("copy", reasons.SAME_TEXT),
    ("same_spot", reasons.SAME_PLACE),
    ("sender", reasons.SAME_SENDER),
    ("in_area", reasons.ONLY_ONE_THERE),
    ("words", reasons.SAME_DETAILS),
    ("chat", reasons.SAME_CHAT),
)


def _why(joined: Candidate, kind: str) -> str:
    """The named reason of a join: what the message says, else the strongest link."""
    if kind == "over":
        return reasons.SAID_OVER
    if kind == "wrong":
        return reasons.SAID_WRONG
    return next((reason for sign, reason in _WHY if sign in joined.signs), reasons.ONLY_ONE_LIVE)


def _news_of_nothing(case: _Case) -> _Ruling:
    """News of what nobody reported: kept for a person if somebody may need one, else not for us."""
    kind, placed = case.reckoned.kind, precise(case.place)
    leaning = case.found.leaning
    if kind == "help":
        return _Ruling("hold", reasons.CRY_FOR_HELP, leaning)
    if kind == "update" and placed:
        return _Ruling("hold", reasons.WHO_IS_UNCLEAR)
    if kind == "unclear" and placed and case.first_hand is True:
        return _Ruling("hold", reasons.NOT_UNDERSTOOD)
    nothing = {"update": reasons.NO_SIGN, "over": reasons.NOTHING_TO_UPDATE, "wrong": reasons.SAID_NONE}
    return _Ruling("ignore", nothing.get(kind, reasons.NO_SIGN))


def _wordless(case: _Case) -> _Ruling:
    """No words, but somebody pressed the button somewhere: for a person. Nothing at all: for nobody."""
    if case.content.position is None and case.content.postcode is None:
        return _Ruling("ignore", reasons.NO_WORDS)
    if joined := _joins(case.found):
        return _Ruling("join", reasons.SAME_PLACE, joined.incident.id)
    return _Ruling("hold", reasons.NOT_UNDERSTOOD)


def _open(case: _Case) -> _Ruling:
    """A report that no known incident explains."""
    place = case.place
    if place is None:
        reason = reasons.COPY_OF_HELD if case.found.copy_of_held else case.located.reason
        return _Ruling("hold", reason, case.found.leaning)
    if case.understood.rumour >= RUMOURED and case.first_hand is not True:
        return _Ruling("hold", reasons.RUMOUR)
    alike = _alike_held(case)
    if precise(place):
        reason = reasons.PLACED_REPORT if case.groups else reasons.NOBODYS_AREA
        return _Ruling("open", reason, joins_held=alike)
    return _open_vaguely(case, place, alike)


def _open_vaguely(case: _Case, place: Place, alike: tuple[ReportId, ...]) -> _Ruling:
    if case.found.copy_of_held:
        return _Ruling("hold", reasons.COPY_OF_HELD)
    if case.understood.rumour and case.first_hand is not True:
        return _Ruling("hold", reasons.RUMOUR)
    if chorus := _chorus(case, place):
        return _Ruling("open", reasons.VAGUE_BUT_SUPPORTED, joins_held=(*chorus, *alike))
    if not case.groups or len(case.groups) > MOST_VAGUE_GROUPS:
        return _Ruling("hold", reasons.FAR_TOO_VAGUE)
    return _Ruling("hold", reasons.TOO_VAGUE)


def _alike_held(case: _Case) -> tuple[ReportId, ...]:
    """Held reports that are this one's earlier copy, or its sender's earlier message."""
    found = [case.found.copy_of_held] if case.found.copy_of_held else []
    found += _held_near(case)
    thread = case.state.threads.get(case.content.sender) if case.content.sender else None
    if thread is not None and thread.report in case.state.held and case.now - thread.at <= CHORUS:
        found.append(thread.report)
    return tuple(dict.fromkeys(r for r in found if case.state.held[r].drill == case.drill))


_UNSURE_HELD: Final = frozenset(
    {reasons.WHO_IS_UNCLEAR, reasons.NOT_UNDERSTOOD, reasons.TOO_VAGUE, reasons.CRY_FOR_HELP}
)


def _held_near(case: _Case) -> list[ReportId]:
    """Held reports of the last half hour that this one explains: of the same place."""
    place = case.place
    if place is None or len(case.state.held) > _CHORUS_LOOKS_AT:
        return []
    return sorted(
        h.evidence.report
        for h in case.state.held.values()
        if h.reason in _UNSURE_HELD and case.now - h.evidence.at <= CHORUS and _at_one_place(h.evidence.place, place)
    )[:_CHORUS_JOINS]


def _at_one_place(one: Place | None, other: Place) -> bool:
    if one is None:
        return False
    if precise(one) and precise(other):
        return gap_m(one, other) <= 0
    return distance_m(one.lat, one.lon, other.lat, other.lon) <= max(one.radius_m, other.radius_m)


_WITHOUT_PLACE: Final = frozenset({reasons.NO_PLACE, reasons.AMBIGUOUS_PLACE, reasons.CRY_FOR_HELP, reasons.COPY_OF_HELD})
_VAGUE_HELD: Final = frozenset({reasons.TOO_VAGUE, reasons.COPY_OF_HELD})
_CHORUS_LOOKS_AT: Final = 200
_CHORUS_JOINS: Final = 50


def _chorus(case: _Case, place: Place) -> tuple[ReportId, ...]:
    """Held reports of others, about the same area, of the last half hour."""
    if len(case.state.held) > _CHORUS_LOOKS_AT:
        return ()
    found = [h.evidence.report for h in case.state.held.values() if _sings_along(case, place, h)]
    return tuple(sorted(found))[:_CHORUS_JOINS]


def _sings_along(case: _Case, place: Place, held: Held) -> bool:
    theirs = held.evidence.place
    if theirs is None or held.reason not in _VAGUE_HELD or held.drill != case.drill:
        return False
    other_voice = held.evidence.sender is None or held.evidence.sender != case.content.sender
    recent = case.now - held.evidence.at <= CHORUS
    return other_voice and recent and theirs.label == place.label


def group_ids(groups: tuple[GroupShare, ...]) -> tuple[GroupId, ...]:
    """The ids of the groups concerned."""
    return tuple(share.group for share in groups)

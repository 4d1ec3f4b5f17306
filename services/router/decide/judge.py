"""One report's judgement: understood, located, compared, and the verdict with its named reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services.router.decide import reasons
from services.router.decide.correlate import Candidate, Correlated, agrees, correlate, open_to, present
from services.router.decide.geo import distance_m
from services.router.decide.locate import PRECISE_M, Hints, Located, locate, precise
from services.router.decide.route import area_index, concerned
from services.router.decide.state import Held, Incident, State
from services.router.decide.text import SKETCH_SIZE, sketch
from services.router.decide.understand import Understood, understand
from services.router.gazetteer.port import Gazetteer
from shared.contracts.base import GroupId, IncidentId, Place, ReportId
from shared.contracts.incidents import GroupShare
from shared.contracts.reports import ReportContent

Verdict = Literal["open", "join", "hold", "ignore"]

WITNESS_AREA_M: Final = 2_000.0
"""A witness who names only an area no wider than this opens an incident there."""

COPY_REACH_M: Final = 25_000.0
"""A copied text comes from phones all over a town; from farther away it is said of something else."""

A_COPY: Final = 0.85
"""The share of its marks that a text has in common with what it was copied from."""

CHORUS: Final = timedelta(minutes=30)
"""Vague reports within this time support each other."""

_NEWS: Final = frozenset({"update", "over", "wrong", "other_police", "unclear", "help"})
_NOISE: Final = {
    "question": reasons.QUESTION,
    "old_news": reasons.OLD_NEWS,
    "chatter": reasons.CHATTER,
    "spam": reasons.SPAM,
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found and decided about one report; everything `explain` shows."""

    understood: Understood
    located: Located
    correlated: Correlated
    verdict: Verdict
    reason: str
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
    located: Located
    found: Correlated
    groups: tuple[GroupShare, ...]
    first_hand: bool | None
    drill: bool
    now: datetime


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
        located=case.located,
        correlated=case.found,
        verdict=ruling.verdict,
        reason=ruling.reason,
        incident=ruling.incident,
        groups=case.groups,
        joins_held=ruling.joins_held,
        first_hand=case.first_hand,
    )


def _case(state: State, content: ReportContent, *, drill: bool, now: datetime, gazetteer: Gazetteer) -> _Case:
    understood = understand(content.text)
    thread = state.threads.get(content.sender) if content.sender else None
    before = present(state, thread.incident) if thread else None
    hints = Hints(area_index(state.groups).covers, before.place if before else None)
    located = locate(content, gazetteer, hints)
    place = located.place
    found = correlate(state, text=content.text, sender=content.sender, place=place, drill=drill, now=now)
    first_hand = understood.first_hand if content.first_hand is None else content.first_hand
    groups = concerned(place, state.groups, gazetteer) if place and _needs_groups(found) else ()
    return _Case(state, content, understood, located, found, groups, first_hand, drill, now)


def _needs_groups(found: Correlated) -> bool:
    """Routing costs most; a report that joins at its very place needs none of its own."""
    return not any(c.link == "place" and c.incident.live for c in found.candidates)


def _rule(case: _Case) -> _Ruling:
    kind = case.understood.kind
    if kind in _NOISE:
        return _Ruling("ignore", _NOISE[kind])
    if copy := _copy(case):
        return copy
    if kind in _NEWS:
        return _news(case)
    if kind == "empty":
        return _wordless(case)
    return _join(case) or _thread(case) or _open(case)


def _copy(case: _Case) -> _Ruling | None:
    """The same words again: of an open incident they are one more copy, of an ended one old news."""
    incident = case.found.copy_of
    if incident is None or _says_elsewhere(case, incident):
        return None
    if open_to(incident, case.now):
        return _Ruling("join", reasons.SAME_TEXT, incident.id)
    if incident.ended and case.content.position is None:
        return _Ruling("ignore", reasons.COPY_OF_OLD_NEWS, incident.id)
    return None


def _says_elsewhere(case: _Case, incident: Incident) -> bool:
    """Alike in words, but about another place: "vans outside 12 Rye Lane" is no copy of "… Mare Street"."""
    place = case.located.place
    if place is None or incident.place is None:
        return False
    many_words = len(sketch(case.content.text)) == SKETCH_SIZE
    if place.how == "coordinates" and many_words and case.found.copied >= A_COPY:
        # A copy comes from anywhere in town; "immigration raid here" and set phrases are nobody's copy.
        return distance_m(place.lat, place.lon, incident.place.lat, incident.place.lon) > COPY_REACH_M
    both = precise(place) and precise(incident.place)
    return both and agrees(place, incident.place) is None


def _news(case: _Case) -> _Ruling:
    """News of an incident joins it; without one it opens nothing."""
    kind = case.understood.kind
    reason = {"over": reasons.SAID_OVER, "wrong": reasons.SAID_WRONG}.get(kind, reasons.NEWS_OF_IT)
    if candidates := case.found.by("place") or case.found.by("thread"):
        return _Ruling("join", reason, candidates[0].incident.id)
    around = _live(case.found.by("area"))
    if len(around) == 1 and kind != "other_police":
        return _Ruling("join", reason, around[0].incident.id)
    return _news_of_nothing(case)


def _live(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    return tuple(c for c in candidates if c.incident.live)


def _news_of_nothing(case: _Case) -> _Ruling:
    kind, placed = case.understood.kind, precise(case.located.place)
    if kind == "help":
        return _Ruling("hold", reasons.CRY_FOR_HELP)
    if kind == "update" and placed:
        return _Ruling("hold", reasons.WHO_IS_UNCLEAR)
    if kind == "unclear" and placed and case.first_hand is True:
        return _Ruling("hold", reasons.NOT_UNDERSTOOD)
    nothing = {
        "update": reasons.NO_SIGN,
        "over": reasons.NOTHING_TO_UPDATE,
        "wrong": reasons.SAID_NONE,
        "other_police": reasons.OTHER_POLICE,
    }
    return _Ruling("ignore", nothing.get(kind, reasons.NO_SIGN))


def _wordless(case: _Case) -> _Ruling:
    """No words, but somebody pressed the button somewhere: for a person. Nothing at all: for nobody."""
    if case.content.position is None and case.content.postcode is None:
        return _Ruling("ignore", reasons.NO_WORDS)
    if candidates := case.found.by("place"):
        return _Ruling("join", reasons.SAME_PLACE, candidates[0].incident.id)
    return _Ruling("hold", reasons.NOT_UNDERSTOOD)


def _join(case: _Case) -> _Ruling | None:
    """A report at the place of a known incident, or in an area where there is exactly one."""
    for candidate in case.found.by("place"):
        incident = candidate.incident
        if incident.live:
            return _Ruling("join", reasons.SAME_PLACE, incident.id)
        if case.first_hand is not True:
            return _Ruling("join", reasons.AFTER_THE_END, incident.id)
        if _just_ended(incident, case.now):
            # Perhaps they are back, perhaps it is a late word: a person sees it in the next digest.
            return _Ruling("hold", reasons.AFTER_THE_END, incident.id)
    around = _live(case.found.by("area"))
    place = case.located.place
    if around and place is not None:
        if len(around) == 1:
            return _Ruling("join", reasons.ONLY_ONE_THERE, around[0].incident.id)
        if not precise(place):
            return _Ruling("hold", reasons.SEVERAL_POSSIBLE, around[0].incident.id)
    return None


_JUST: Final = timedelta(minutes=10)


def _just_ended(incident: Incident, now: datetime) -> bool:
    return incident.ended_at is not None and now - incident.ended_at <= _JUST


def _thread(case: _Case) -> _Ruling | None:
    """The same sender again, naming no other precise place."""
    candidates = case.found.by("thread")
    if not candidates or (precise(case.located.place) and case.located.place.how != "coordinates"):  # type: ignore[union-attr]
        return None
    incident = candidates[0].incident
    if _far(case.located.place, incident.place):
        return None
    return _Ruling("join", reasons.SAME_SENDER, incident.id)


def _far(one: Place | None, other: Place | None) -> bool:
    """Whether a place is clearly another than the thread's: the sender has moved on."""
    if one is None or other is None:
        return False
    return distance_m(one.lat, one.lon, other.lat, other.lon) > one.radius_m + other.radius_m + PRECISE_M


def _open(case: _Case) -> _Ruling:
    place = case.located.place
    if place is None:
        reason = reasons.COPY_OF_HELD if case.found.copy_of_held else case.located.reason
        return _Ruling("hold", reason)
    if not case.groups:
        return _Ruling("hold", reasons.NOBODYS_AREA)
    alike = _alike_held(case)
    if precise(place):
        return _Ruling("open", reasons.PLACED_REPORT, joins_held=alike)
    return _open_vaguely(case, place, alike)


def _open_vaguely(case: _Case, place: Place, alike: tuple[ReportId, ...]) -> _Ruling:
    if case.found.copy_of_held:
        return _Ruling("hold", reasons.COPY_OF_HELD)
    if place.radius_m <= WITNESS_AREA_M:
        if case.first_hand is True:
            return _Ruling("open", reasons.WITNESS_IN_AREA, joins_held=alike)
        if chorus := _chorus(case, place):
            return _Ruling("open", reasons.VAGUE_BUT_SUPPORTED, joins_held=(*chorus, *alike))
    return _Ruling("hold", reasons.TOO_VAGUE)


def _alike_held(case: _Case) -> tuple[ReportId, ...]:
    """Held reports that are this one's earlier copy, or its sender's earlier message."""
    found = [case.found.copy_of_held] if case.found.copy_of_held else []
    thread = case.state.threads.get(case.content.sender) if case.content.sender else None
    if thread is not None and thread.report in case.state.held and case.now - thread.at <= CHORUS:
        found.append(thread.report)
    return tuple(dict.fromkeys(r for r in found if case.state.held[r].drill == case.drill))


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

"""One report's judgement: understood, located, compared, and the verdict with its named reason."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from services.router.decide import reasons
from services.router.decide.case import Case
from services.router.decide.chat_home import home_of
from services.router.decide.clues import Hints, precise
from services.router.decide.company import (
    alike_held,
    answers,
    asked_of,
    chorus,
    live_places,
    own_held,
    place_before,
    short_for,
    told_before,
    where_they_were,
)
from services.router.decide.correlate import Candidate, Correlated, correlate, open_to
from services.router.decide.dates import age
from services.router.decide.gist import gist_of
from services.router.decide.kinds import Context, Reckoned, reckon
from services.router.decide.likeness import A_COPY, COPY_REACH_M, Report, gap_m, present
from services.router.decide.locate import Located, locate
from services.router.decide.reading import CLAIM
from services.router.decide.route import area_index, concerned, outside
from services.router.decide.state import Incident, State, Thread, Trace
from services.router.decide.text import SKETCH_SIZE, sketch
from services.router.decide.understand import Understood, understand
from services.router.decide.weights import probability
from services.router.decide.worlds import world
from shared.contracts.base import GroupId, IncidentId, Place, ReportId
from shared.contracts.incidents import Gist, GroupShare
from shared.contracts.reports import ReportContent
from shared.gazetteer.port import Gazetteer
from shared.geo import distance_m

Verdict = Literal["open", "join", "hold", "ignore"]

MOST_VAGUE_GROUPS: Final = 3
"""An area that concerns more groups than this tells nobody where to look."""

RUMOURED: Final = 2
"""So many phrases of rumour make one, if nobody saw it."""

_SIGHT: Final = frozenset({"act", "force", "officer", "van", "now"})
"""With one of these "again" is of them; "the tube is packed again" is not."""

_UNSURE: Final = 0.6
"""What the rules call a rumour is no report for less than this."""

_ANSWERS: Final = "answers_its_sender"
_JUST: Final = timedelta(minutes=10)
_LATELY: Final = timedelta(minutes=6)
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
    """Held reports that this one brings along when it opens an incident, or joins one as their answer."""
    first_hand: bool | None = None

    @property
    def place(self) -> Place | None:
        """Where the report is."""
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
    state = world(state, drill=drill)
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


def _case(state: State, content: ReportContent, *, drill: bool, now: datetime, gazetteer: Gazetteer) -> Case:
    understood = understand(content.text)
    first_hand = understood.first_hand if content.first_hand is None else content.first_hand
    thread = state.threads.get(content.sender) if content.sender else None
    before = present(state, thread.incident) if thread else None
    covered = area_index(state.groups).covers
    hints = Hints(
        covered,
        before.place if before else None,
        hearsay=first_hand is False,
        witness=first_hand is True,
        languages=understood.languages,
        moved=understood.moved,
        leaves="over" in understood.told,
        home=home_of(content.chat, gazetteer, covered),
        live=live_places(state),
    )
    located = locate(content, gazetteer, hints)
    asked_at = place_before(state, asked_of(content), now, drill=drill)
    if asked_at is not None and located.reason == reasons.NO_PLACE:
        located = replace(located, place=asked_at, reason="found")
    if located.reason == reasons.NO_PLACE and (there := where_they_were(state, content, understood, now)):
        located = replace(located, place=there, reason="found")
    place = located.place
    abroad = place is not None and outside(place, state.groups, gazetteer)
    if abroad and not located.said and (hints.hearsay or hints.thread is not None):
        # A relative abroad, who was told of something here or told of it before: no word of their phone.
        located, place, abroad = Located(None, reasons.NO_PLACE), None, False
    if not understood.told & CLAIM and short_for(state, located):
        located, place = Located(None, reasons.NO_PLACE), None
    gist = gist_of(content.text, understood)
    report = Report(
        text=content.text,
        understood=understood,
        gist=gist,
        place=place,
        said=located.said,
        sender=content.sender,
        source=content.source,
        drill=drill,
        first_hand=first_hand,
        elsewhere=place is None and bool(located.considered),
        waits=_waits(state, thread),
        home=hints.home,
        asked_as=content.asked_as,
        short=len(sketch(content.text)) < SKETCH_SIZE,
    )
    found = correlate(state, report, now)
    context = context_of(state, report, found, now)
    reckoned = reckon(understood, context)
    if answers(state, report, now) and reckoned.kind not in {"over", "wrong", "old_news"}:
        reckoned = Reckoned("report", 1.0, 0.0, ((_ANSWERS, 1.0),))
    foretold = reckoned.kind == "chatter" and _foretells(report, understood)
    if foretold or (understood.kind == "rumour" and reckoned.kind == "report" and reckoned.sure < _UNSURE):
        reckoned = replace(reckoned, kind="rumour")
    gist = gist.model_copy(update={"kind": reckoned.kind})
    groups = concerned(place, state.groups, gazetteer) if place else ()
    return Case(
        state,
        content,
        understood,
        context,
        reckoned,
        gist,
        located,
        found,
        groups,
        first_hand,
        drill,
        now,
        gazetteer,
        abroad,
    )


def _foretells(report: Report, understood: Understood) -> bool:
    """Whether it says that they will come to a place: for a person, however much it reads like a flyer."""
    told = understood.told
    return report.said and "future" in told and bool(told & CLAIM) and not told & {"event", "chatter"}


def _waits(state: State, thread: Thread | None) -> bool:
    """Whether the sender's last report named a place and still waits for a person."""
    held = state.held.get(thread.report) if thread is not None and thread.incident is None else None
    return held is not None and held.evidence.place is not None


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
        sender_lately=_lately(state.threads.get(report.sender) if report.sender else None, now),
        chat_lately=_lately(state.chats.get(report.source) if report.source else None, now),
        live=bool(len(state.live)),
        age=age(report.text, now),
    )


def _lately(told: Thread | Trace | None, now: datetime) -> bool:
    """Whether that was minutes ago."""
    return told is not None and now - told.at <= _LATELY


def _joins(found: Correlated) -> Candidate | None:
    """The likeliest incident, if it is more likely than not."""
    best = found.best
    return best if best is not None and best.score > 0 else None


def _rule(case: Case) -> _Ruling:  # noqa: PLR0911 - one a rule
    """The first rule that speaks."""
    kind = case.reckoned.kind
    if kind in _NOISE:
        return _Ruling("ignore", _NOISE[kind])
    if copy := _copy(case):
        return copy
    joined = _joins(case.found)
    if case.outside and joined is None:
        return _Ruling("ignore", reasons.OUTSIDE)
    if kind == "empty":
        return _wordless(case)
    if kind == "rumour":
        return _Ruling("hold", reasons.RUMOUR)
    if joined:
        brings = own_held(case) if _answers(case) else ()
        return _after_the_end(case, joined) or _Ruling("join", _why(joined, kind), joined.incident.id, brings)
    if kind in _NEWS and not (_another_lot(case) or _came_back(case)):
        return _more_of_held(case) or _news_of_nothing(case)
    if _says_so(case):
        return _open(case)
    if {"help", "act"} <= case.understood.told:
        return _news_of_nothing(case)
    return _more_of_held(case) or _Ruling("hold", reasons.WHO_IS_UNCLEAR)


def _more_of_held(case: Case) -> _Ruling | None:
    """More of a report that waits: with the place that it lacked both open, else both wait."""
    waiting = told_before(case)
    if not waiting:
        return None
    if precise(case.place) and case.groups and case.reckoned.kind not in {"over", "wrong"}:
        return _Ruling("open", reasons.PLACED_REPORT, joins_held=tuple(h.evidence.report for h in waiting))
    return _Ruling("hold", reasons.MORE_OF_HELD)


def _says_so(case: Case) -> bool:
    """Whether it says that a raid is on, or that they are back, or answers for one that did."""
    understood = case.understood
    told = understood.told
    return bool(told & CLAIM) or _is_back(case) or {"centre"} <= told or _answers(case) or _another_lot(case)


def _is_back(case: Case) -> bool:
    return case.understood.again and bool(case.understood.told & _SIGHT)


def _came_back(case: Case) -> bool:
    """Whether news of no known raid says that they are back at a place that is known."""
    return case.reckoned.kind == "update" and _is_back(case) and precise(case.place)


def _another_lot(case: Case) -> bool:
    """Whether it tells of more of what is going on, at another place: "another lot outside the tube"."""
    return (
        case.understood.apart and case.located.said and bool(case.state.live) and case.first_hand is not False
    )


def _answers(case: Case) -> bool:
    return any(name == _ANSWERS for name, _ in case.reckoned.because)


def _copy(case: Case) -> _Ruling | None:
    """The same words again: of an open incident they are one more copy, of an ended one old news."""
    incident = case.found.copy_of
    if incident is None or _says_elsewhere(case, incident):
        return None
    if open_to(incident, case.now, claims=True):
        return _Ruling("join", reasons.SAME_TEXT, incident.id)
    if incident.ended and (case.content.position is None or case.found.copied >= A_COPY):
        return _Ruling("ignore", reasons.COPY_OF_OLD_NEWS, incident.id)
    return None


def _says_elsewhere(case: Case, incident: Incident) -> bool:
    """Alike in words, but about another place: "vans outside 12 Rye Lane" is no copy of "… Mare Street"."""
    place = case.place
    if place is None or incident.place is None:
        return False
    many_words = len(sketch(case.content.text)) == SKETCH_SIZE
    if not case.located.said and many_words and case.found.copied >= A_COPY:
        # A copy comes from anywhere in town; "immigration raid here" and set phrases are nobody's copy.
        return distance_m(place.lat, place.lon, incident.place.lat, incident.place.lon) > COPY_REACH_M
    return precise(place) and precise(incident.place) and gap_m(place, incident.place) > 0


def _after_the_end(case: Case, joined: Candidate) -> _Ruling | None:
    """A witness of what a person has just ended: perhaps they are back, perhaps it is a late word."""
    incident = joined.incident
    ended = incident.ended_at if incident.status != "no_news" else None
    if ended is None or case.first_hand is not True or case.reckoned.kind != "report":
        return None
    back = next((c for c in case.found.candidates if c.score > 0 and c.incident.live), None)
    if back is not None:  # somebody saw before that they are back
        return _Ruling("join", _why(back, case.reckoned.kind), back.incident.id)
    if case.now - ended <= _JUST and "other_street" not in joined.signs:
        return _Ruling("hold", reasons.AFTER_THE_END, incident.id)
    return _open(case)


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


def _news_of_nothing(case: Case) -> _Ruling:
    """News of what nobody reported: kept for a person if somebody may need one, else not for us."""
    kind, placed = case.reckoned.kind, precise(case.place)
    leaning = case.found.leaning
    if kind == "help" or {"help", "act"} <= case.understood.told:
        return _Ruling("hold", reasons.CRY_FOR_HELP, leaning or _only_live(case))
    seen = case.located.said and {"act", "force"} <= case.understood.told
    if kind == "update" and (placed or seen):
        return _Ruling("hold", reasons.WHO_IS_UNCLEAR)
    if kind == "unclear" and placed and case.first_hand is True:
        return _Ruling("hold", reasons.NOT_UNDERSTOOD)
    nothing = {"update": reasons.NO_SIGN, "over": reasons.NOTHING_TO_UPDATE, "wrong": reasons.SAID_NONE}
    return _Ruling("ignore", nothing.get(kind, reasons.NO_SIGN))


def _only_live(case: Case) -> IncidentId | None:
    """The only event that is going on: whoever cries for help now is likely there, though not at a drill."""
    live = list(case.state.live)
    return live[0] if len(live) == 1 else None


def _wordless(case: Case) -> _Ruling:
    """No words, but somebody pressed the button somewhere: for a person. Nothing at all: for nobody."""
    if case.content.position is None and case.content.postcode is None:
        return _Ruling("ignore", reasons.NO_WORDS)
    joined = _joins(case.found)
    if joined is not None and joined.signs.keys() & {"same_spot", "in_area", "sender"}:
        return _Ruling("join", reasons.SAME_PLACE, joined.incident.id)
    return _Ruling("hold", reasons.NOT_UNDERSTOOD)


def _open(case: Case) -> _Ruling:
    """A report that no known incident explains."""
    place = case.place
    if place is None:
        reason = reasons.COPY_OF_HELD if case.found.copy_of_held else case.located.reason
        return _Ruling("hold", reason, case.found.leaning)
    if case.understood.rumour >= RUMOURED and case.first_hand is not True:
        return _Ruling("hold", reasons.RUMOUR)
    alike = alike_held(case)
    if precise(place):
        reason = reasons.PLACED_REPORT if case.groups else reasons.NOBODYS_AREA
        return _Ruling("open", reason, joins_held=alike)
    return _open_vaguely(case, place, alike)


def _open_vaguely(case: Case, place: Place, alike: tuple[ReportId, ...]) -> _Ruling:
    if case.found.copy_of_held:
        return _Ruling("hold", reasons.COPY_OF_HELD)
    if case.understood.rumour and case.first_hand is not True:
        return _Ruling("hold", reasons.RUMOUR)
    if singing := chorus(case, place):
        return _Ruling(
            "open", reasons.VAGUE_BUT_SUPPORTED, joins_held=tuple(dict.fromkeys((*singing, *alike)))
        )
    if not case.groups or len(case.groups) > MOST_VAGUE_GROUPS:
        return _Ruling("hold", reasons.FAR_TOO_VAGUE)
    return _Ruling("hold", reasons.TOO_VAGUE)


def group_ids(groups: tuple[GroupShare, ...]) -> tuple[GroupId, ...]:
    """The ids of the groups concerned."""
    return tuple(share.group for share in groups)

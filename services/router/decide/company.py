"""Held reports that belong to what a new report tells: its copy, its sender's cry, its place, its chorus."""

from datetime import datetime, timedelta
from typing import Final

from services.router.decide import reasons
from services.router.decide.case import Case
from services.router.decide.clues import Hints, precise
from services.router.decide.likeness import Report, gap_m, label_words, present
from services.router.decide.limits import QUESTION_WAITS
from services.router.decide.locate import Located, locate
from services.router.decide.reading import CLAIM
from services.router.decide.route import area_index
from services.router.decide.state import Held, State
from services.router.decide.understand import Understood, understand
from shared.contracts.base import Place, ReportId
from shared.contracts.reports import ReportContent
from shared.geo import distance_m
from shared.text import tokens

CHORUS: Final = timedelta(minutes=30)
"""Vague reports within this time support each other."""


def asked_of(content: ReportContent) -> str | None:
    """By which pseudonym questions to whoever sent it count, and its answers are known."""
    return content.asked_as or content.sender


def waiting(state: State, asked_as: str | None, now: datetime) -> tuple[Held, ...]:
    """The held reports, drill or not, of whoever is asked by this name, that still wait for their answer."""
    asked = (state.asked.get(asked_as) or ()) if asked_as is not None else ()
    return tuple(
        held for a in asked if now - a.at <= QUESTION_WAITS and (held := state.held.get(a.report)) is not None
    )


def answers(state: State, report: Report, now: datetime) -> bool:
    """Whether it names the place that the same sender's cry lacked: "help raid", then where.

    Asked for it, they may send their location alone, or come to it in a second message.
    """
    located = report.place is not None and (report.said or not report.understood.words)
    asked = (h for h in waiting(state, report.asked_as or report.sender, now) if h.drill == report.drill)
    if located and any(h.reason in _ASKED_WHERE for h in asked):
        return True
    thread = state.threads.get(report.sender) if report.sender else None
    if thread is None or thread.incident is not None or now - thread.at > CHORUS or not report.said:
        return False
    held = state.held.get(thread.report)
    return held is not None and held.reason in _WITHOUT_PLACE and held.drill == report.drill


def place_before(state: State, asked_as: str | None, now: datetime, *, drill: bool) -> Place | None:
    """Where the report is of which its sender was asked what they see; they need not say it twice."""
    asked = (h for h in waiting(state, asked_as, now) if h.drill == drill)
    return next((h.evidence.place for h in asked if precise(h.evidence.place)), None)


def where_they_were(
    state: State, content: ReportContent, understood: Understood, now: datetime
) -> Place | None:
    """Where a raid is whose people "are back": where its sender, or its chat, told that they had left."""
    if "again" not in understood.told or "over" in understood.told or understood.support:
        return None
    thread = state.threads.get(content.sender) if content.sender else None
    chat = state.chats.get(content.source) if content.source else None
    for told in (thread, chat):
        incident = present(state, told.incident) if told is not None else None
        left = (incident.said_over_at or incident.ended_at) if incident is not None else None
        if incident is not None and left is not None and now - left <= _COME_BACK:
            return incident.place
    return None


_COME_BACK: Final = timedelta(hours=36)
"""Within this "they are back" is of the same place, this morning's or yesterday's."""


def alike_held(case: Case) -> tuple[ReportId, ...]:
    """Held reports that are this one's earlier copy, or its sender's earlier message."""
    found = [case.found.copy_of_held] if case.found.copy_of_held else []
    return tuple(dict.fromkeys((*_of_one_kind(case, [*found, *_held_near(case)]), *own_held(case))))


def own_held(case: Case) -> tuple[ReportId, ...]:
    """Held reports of the same sender: the last one, and those that they were asked about."""
    sender = case.content.sender
    found = [held.evidence.report for held in waiting(case.state, asked_of(case.content), case.now)]
    thread = case.state.threads.get(sender) if sender else None
    if thread is not None and thread.report in case.state.held and case.now - thread.at <= CHORUS:
        found.append(thread.report)
    return _of_one_kind(case, found)


def _of_one_kind(case: Case, reports: list[ReportId]) -> tuple[ReportId, ...]:
    """Those that are a drill if this one is, and none else; each once."""
    return tuple(dict.fromkeys(r for r in reports if case.state.held[r].drill == case.drill))


def told_before(case: Case) -> tuple[Held, ...]:
    """The held reports of a raid of which this one tells more: of its sender, or of its chat and place."""
    if len(case.state.held) > CHORUS_LOOKS_AT:
        return ()
    lately = (h for h in case.state.all_held.values() if h.drill == case.drill and h.reason in _ASKED_WHERE)
    found = [h for h in lately if case.now - h.evidence.at <= CHORUS and _tells_more(case, h)]
    return tuple(sorted(found, key=lambda h: (h.evidence.at, h.evidence.report)))


def _tells_more(case: Case, held: Held) -> bool:
    there, here = held.evidence.place, case.place
    near = there is None or here is None or _around(here, there)
    if case.content.sender is not None and case.content.sender == held.evidence.sender:
        return near
    in_its_chat = case.content.source is not None and case.content.source == held.evidence.source
    if there is None:
        return in_its_chat and case.now - held.evidence.at <= _AT_ONCE and _says_where(case, held)
    return in_its_chat and near


def _says_where(case: Case, held: Held) -> bool:
    """Whether it names a place and reports nothing of its own: somebody else of the chat knows where."""
    known = held.evidence.gist.venues if held.evidence.gist else ()
    of_it = not case.gist.venues or bool(set(case.gist.venues) & set(known))
    return of_it and case.located.said and not case.understood.told & CLAIM


def _around(here: Place, there: Place) -> bool:
    return distance_m(here.lat, here.lon, there.lat, there.lon) <= there.radius_m + here.radius_m + _BEYOND_M


_BEYOND_M: Final = 1_000.0
_AT_ONCE: Final = timedelta(minutes=6)


_UNSURE_HELD: Final = frozenset(
    {
        reasons.WHO_IS_UNCLEAR,
        reasons.NOT_UNDERSTOOD,
        reasons.TOO_VAGUE,
        reasons.CRY_FOR_HELP,
        reasons.COPY_OF_HELD,
    }
)


def _held_near(case: Case) -> list[ReportId]:
    """Held reports of the last half hour that this one explains: of the same place."""
    place = case.place
    if place is None or len(case.state.held) > CHORUS_LOOKS_AT:
        return []
    lately = [h for h in case.state.all_held.values() if case.now - h.evidence.at <= CHORUS]
    return sorted(
        h.evidence.report
        for h in lately
        if (_waits_here(h) and _at_one_place(h.evidence.place, place)) or _settled_here(case, h, place)
    )[:_CHORUS_JOINS]


def _waits_here(held: Held) -> bool:
    """Whether it waits for what a report of the same place tells."""
    return held.reason in _UNSURE_HELD or (held.reason == reasons.RUMOUR and precise(held.evidence.place))


def _settled_here(case: Case, held: Held, place: Place) -> bool:
    """Whether the name that could not be settled is that of a street where this report sees a raid."""
    if held.reason != reasons.AMBIGUOUS_PLACE or not precise(place):
        return False
    text = held.evidence.text
    covered = area_index(case.state.groups).covers
    hints = Hints(covered, live=(place,), languages=understand(text).languages)
    return _at_one_place(locate(ReportContent(text=text), case.gazetteer, hints).place, place)


def _at_one_place(one: Place | None, other: Place) -> bool:
    if one is None:
        return False
    if precise(one) and precise(other):
        return gap_m(one, other) <= 0
    return distance_m(one.lat, one.lon, other.lat, other.lon) <= max(one.radius_m, other.radius_m)


_WITHOUT_PLACE: Final = frozenset(
    {reasons.NO_PLACE, reasons.AMBIGUOUS_PLACE, reasons.CRY_FOR_HELP, reasons.COPY_OF_HELD}
)


_ASKED_WHERE: Final = _WITHOUT_PLACE | {reasons.TOO_VAGUE, reasons.FAR_TOO_VAGUE}


_VAGUE_HELD: Final = frozenset({reasons.TOO_VAGUE, reasons.COPY_OF_HELD})


CHORUS_LOOKS_AT: Final = 200
"""While more are held nobody is compared with them: in a flood a report must not cost a look at thousands."""


_CHORUS_JOINS: Final = 50


_LIVE_LOOKED_AT: Final = 12
_AROUND_M: Final = 5_000.0


def live_places(state: State) -> tuple[Place, ...]:
    """Where something is going on, if that is at few places."""
    if len(state.live) > _LIVE_LOOKED_AT:
        return ()
    return tuple(
        p for name in sorted(state.live) if (p := state.incidents[name].place) is not None and precise(p)
    )


def short_for(state: State, located: Located) -> bool:
    """Whether an area named is short for a street where something is going on: "Golborne" for Golborne Road.

    Only where nothing is going on in the area of that very name.
    """
    area = located.place
    if area is None or not located.said or precise(area) or len(state.live) > _LIVE_LOOKED_AT:
        return False
    live = [place for name in state.live if (place := state.incidents[name].place) is not None]
    near = any(
        distance_m(area.lat, area.lon, p.lat, p.lon) <= area.radius_m + p.radius_m + _AROUND_M for p in live
    )
    names = set(tokens(area.label.split(",", maxsplit=1)[0]))
    return not near and any(precise(p) and names <= label_words(p.label) for p in live)


def chorus(case: Case, place: Place) -> tuple[ReportId, ...]:
    """Held reports of others, about the same area, of the last half hour."""
    if len(case.state.held) > CHORUS_LOOKS_AT:
        return ()
    found = [h.evidence.report for h in case.state.all_held.values() if _sings_along(case, place, h)]
    return tuple(sorted(found))[:_CHORUS_JOINS]


def _sings_along(case: Case, place: Place, held: Held) -> bool:
    theirs = held.evidence.place
    if theirs is None or held.reason not in _VAGUE_HELD or held.drill != case.drill:
        return False
    other_voice = held.evidence.sender is None or held.evidence.sender != case.content.sender
    recent = case.now - held.evidence.at <= CHORUS
    return other_voice and recent and theirs.label == place.label

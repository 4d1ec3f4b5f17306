"""Held reports that belong to what a new report tells: its copy, its sender's cry, its place, its chorus."""

from datetime import datetime, timedelta
from typing import Final

from services.router.decide import reasons
from services.router.decide.case import Case
from services.router.decide.clues import precise
from services.router.decide.geo import distance_m
from services.router.decide.likeness import Report, gap_m
from services.router.decide.state import Held, State
from shared.contracts.base import Place, ReportId

CHORUS: Final = timedelta(minutes=30)
"""Vague reports within this time support each other."""


def answers(state: State, report: Report, now: datetime) -> bool:
    """Whether it names the place that the same sender's cry lacked: "help raid", then where."""
    thread = state.threads.get(report.sender) if report.sender else None
    if thread is None or thread.incident is not None or now - thread.at > CHORUS or not report.said:
        return False
    held = state.held.get(thread.report)
    return held is not None and held.reason in _WITHOUT_PLACE


def alike_held(case: Case) -> tuple[ReportId, ...]:
    """Held reports that are this one's earlier copy, or its sender's earlier message."""
    found = [case.found.copy_of_held] if case.found.copy_of_held else []
    found += _held_near(case)
    thread = case.state.threads.get(case.content.sender) if case.content.sender else None
    if thread is not None and thread.report in case.state.held and case.now - thread.at <= CHORUS:
        found.append(thread.report)
    return tuple(dict.fromkeys(r for r in found if case.state.held[r].drill == case.drill))


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
    if place is None or len(case.state.held) > _CHORUS_LOOKS_AT:
        return []
    return sorted(
        h.evidence.report
        for h in case.state.held.values()
        if h.reason in _UNSURE_HELD
        and case.now - h.evidence.at <= CHORUS
        and _at_one_place(h.evidence.place, place)
    )[:_CHORUS_JOINS]


def _at_one_place(one: Place | None, other: Place) -> bool:
    if one is None:
        return False
    if precise(one) and precise(other):
        return gap_m(one, other) <= 0
    return distance_m(one.lat, one.lon, other.lat, other.lon) <= max(one.radius_m, other.radius_m)


_WITHOUT_PLACE: Final = frozenset(
    {reasons.NO_PLACE, reasons.AMBIGUOUS_PLACE, reasons.CRY_FOR_HELP, reasons.COPY_OF_HELD}
)


_VAGUE_HELD: Final = frozenset({reasons.TOO_VAGUE, reasons.COPY_OF_HELD})


_CHORUS_LOOKS_AT: Final = 200


_CHORUS_JOINS: Final = 50


def chorus(case: Case, place: Place) -> tuple[ReportId, ...]:
    """Held reports of others, about the same area, of the last half hour."""
    if len(case.state.held) > _CHORUS_LOOKS_AT:
        return ()
    found = [h.evidence.report for h in case.state.held.values() if _sings_along(case, place, h)]
    return tuple(sorted(found))[:_CHORUS_JOINS]


def _sings_along(case: Case, place: Place, held: Held) -> bool:
    theirs = held.evidence.place
    if theirs is None or held.reason not in _VAGUE_HELD or held.drill != case.drill:
        return False
    other_voice = held.evidence.sender is None or held.evidence.sender != case.content.sender
    recent = case.now - held.evidence.at <= CHORUS
    return other_voice and recent and theirs.label == place.label

"""Held reports that an incident explains which opened after them: compared once more with what is known."""

from datetime import datetime
from typing import Final

from services.router.decide import reasons
from services.router.decide.company import CHORUS, CHORUS_LOOKS_AT
from services.router.decide.correlate import correlate
from services.router.decide.likeness import Report
from services.router.decide.state import Held, State
from services.router.decide.text import SKETCH_SIZE
from services.router.decide.understand import understand
from services.router.decide.worlds import world
from shared.contracts.base import IncidentId, ReportId

_STAYS: Final = frozenset({reasons.RUMOUR, reasons.MUTED, reasons.AFTER_THE_END})
"""Held for a reason that no incident answers."""


def explained(state: State, incident: IncidentId, now: datetime, *, drill: bool) -> tuple[ReportId, ...]:
    """The held reports that are more likely than not of this incident."""
    if len(state.held) > CHORUS_LOOKS_AT:
        return ()
    known = world(state, drill=drill)
    waiting = [
        held
        for held in state.all_held.values()
        if held.drill == drill and held.reason not in _STAYS and now - held.evidence.at <= CHORUS
    ]
    return tuple(sorted(h.evidence.report for h in waiting if _is_of(known, incident, h, now)))


def _is_of(state: State, incident: IncidentId, held: Held, now: datetime) -> bool:
    best = correlate(state, _report(held), now).best
    return best is not None and best.incident.id == incident and best.score > 0


def _report(held: Held) -> Report:
    """What correlation asked when it came."""
    known = held.evidence
    return Report(
        text=known.text,
        understood=understand(known.text),
        gist=known.gist,
        place=known.place,
        said=known.place is not None and not known.place.label.startswith("near "),
        sender=known.sender,
        source=known.source,
        drill=held.drill,
        first_hand=known.first_hand,
        elsewhere=held.reason == reasons.AMBIGUOUS_PLACE,
        short=len(known.sketch) < SKETCH_SIZE,
    )

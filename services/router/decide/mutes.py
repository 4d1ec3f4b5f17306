"""What a group's people muted for a day: a sender, or words that are copied on and on.

Nothing is lost by it: a muted report is kept and listed like every report that waits, but opens nothing,
asks nobody back and stands in no digest. It holds only where every group concerned mutes it, so that no
group silences what its neighbour wants to hear; and on its own side only: what is muted in an exercise
silences nothing real, nor the other way round.
"""

from collections.abc import Sequence
from datetime import datetime

from services.router.decide.state import DAWN, Evidence, Incident, Mute, State
from services.router.decide.text import alike, sketch
from shared.contracts.base import GroupId, IncidentId, ReportId
from shared.contracts.reports import ReportContent


def report_of(state: State, report: ReportId) -> Evidence | None:
    """The report as an incident or a person's list has it."""
    if (held := state.held.get(report)) is not None:
        return held.evidence
    incident = incident_of(state, report)
    return incident.evidence.get(report) if incident else None


def incident_of(state: State, report: ReportId) -> Incident | None:
    """The incident that the report belongs to."""
    name = state.known.get(report)
    return state.incidents.get(IncidentId(name)) if name else None


def of_exercise(state: State, report: ReportId) -> bool:
    """Whether the report is one of an exercise."""
    if (held := state.held.get(report)) is not None:
        return held.drill
    incident = incident_of(state, report)
    return incident is not None and incident.drill


def muted(
    state: State, content: ReportContent, groups: tuple[GroupId, ...], now: datetime, *, drill: bool
) -> bool:
    """Whether each of these groups mutes its sender or its words."""
    if not state.mutes or not groups:
        return False
    words = sketch(content.text)
    current = (mute for mute in state.mutes.values() if now < mute.until and mute.drill == drill)
    return set(groups) <= {mute.group for mute in current if _covers(mute, content.sender, words)}


def rests_until(state: State, incident: Incident) -> datetime:
    """Until when nothing but what its groups mute asks for their attention; past where anything else does."""
    if not state.mutes or not incident.evidence or incident.seen:
        return DAWN
    groups = [share.group for share in incident.groups]
    mutes = [mute for mute in state.mutes.values() if mute.drill == incident.drill]
    reports = incident.evidence.values()
    return min((_muted_until(mutes, g, e) for g in groups for e in reports), default=DAWN)


def _muted_until(known: Sequence[Mute], group: GroupId, report: Evidence) -> datetime:
    mutes = (m for m in known if m.group == group)
    return max((m.until for m in mutes if _covers(m, report.sender, report.sketch)), default=DAWN)


def _covers(mute: Mute, sender: str | None, words: tuple[int, ...]) -> bool:
    """Whether it is of this sender, or of these words."""
    if mute.sender is not None:
        return mute.sender == sender
    return alike(mute.sketch, words)

"""Commands that spare a group's attention for a while: mute, unmute, flood mode."""

from services.router.decide import ids, reasons
from services.router.decide.draft import Draft
from services.router.decide.limits import FLOOD_LIFE, MUTE_LIFE
from services.router.decide.mutes import incident_of, report_of
from services.router.decide.permissions import concerns
from services.router.decide.state import DAWN
from shared.contracts import desk
from shared.contracts import incidents as events
from shared.contracts.base import GroupId, ReportId


def mute(draft: Draft, command: desk.Mute) -> str:
    """The report's sender, or its words, ask for this group's attention no more for a day."""
    report = report_of(draft.state, command.report_id)
    if report is None or not _theirs(draft, command.report_id, command.group):
        return reasons.UNKNOWN_REPORT
    if not (report.sender if command.what == "sender" else report.sketch):
        return reasons.NOTHING_TO_MUTE
    draft.emit(
        events.MuteSet,
        mute_id=ids.mute_id(command.id),
        group=command.group,
        member=command.member,
        report_id=command.report_id,
        what=command.what,
        reason=command.reason,
        until=draft.now + MUTE_LIFE,
    )
    return reasons.APPLIED


def _theirs(draft: Draft, report: ReportId, group: GroupId) -> bool:
    held = draft.state.held.get(report)
    if held is not None:
        return not held.groups or group in held.groups
    incident = incident_of(draft.state, report)
    return incident is not None and concerns(incident, group)


def unmute(draft: Draft, command: desk.Unmute) -> str:
    """Undo it."""
    known = draft.state.mutes.get(command.mute_id)
    if known is None or known.until <= draft.now or known.group != command.group:
        return reasons.NOT_MUTED
    draft.emit(events.MuteLifted, mute_id=command.mute_id, member=command.member)
    return reasons.APPLIED


def flood(draft: Draft, command: desk.Flood) -> str:
    """For some hours this group's verifiers hear of incidents in digests only, or singly again."""
    if command.group not in draft.state.groups:
        return reasons.UNKNOWN_GROUP
    if not command.on and draft.state.floods.get(command.group, DAWN) <= draft.now:
        return reasons.UNCHANGED
    draft.emit(
        events.FloodSet,
        group=command.group,
        member=command.member,
        until=draft.now + FLOOD_LIFE if command.on else None,
    )
    return reasons.APPLIED

"""Commands about exercises: a group begins one at a time, and ends it. Reports are flagged at the door."""

from datetime import timedelta

from services.router.decide import reasons
from services.router.decide.draft import Draft
from services.router.decide.limits import DRILL_AFTER, DRILL_LIFE, DRILL_LONGEST
from shared.contracts import drills


def begin(draft: Draft, command: drills.BeginDrill) -> str:
    """The group trains from now on, if it does not already."""
    if command.group not in draft.state.groups:
        return reasons.UNKNOWN_GROUP
    known = draft.state.drills.get(command.group)
    if known is not None and not known.ended and draft.now < known.until:
        return reasons.DRILL_GOES_ON
    if command.name is not None and command.script is None:
        return reasons.CONTENT_GONE
    long = _length(command)
    if long > DRILL_LONGEST:
        return reasons.DRILL_TOO_LONG
    draft.emit(
        drills.DrillBegun,
        drill_id=command.drill_id,
        group=command.group,
        member=command.member,
        begun_at=command.at,
        until=command.at + max(DRILL_LIFE, long + DRILL_AFTER),
        name=command.name,
        speed=command.speed,
        script=command.script,
    )
    return reasons.APPLIED


def _length(command: drills.BeginDrill) -> timedelta:
    """Until its last message."""
    script = command.script if isinstance(command.script, drills.DrillScript) else drills.DrillScript()
    return timedelta(seconds=max((m.t for m in script.messages), default=0.0) / command.speed)


def end(draft: Draft, command: drills.EndDrill) -> str:
    """It is over now, also where its time was over already by the log's clock, which may run ahead."""
    known = draft.state.drills.get(command.group)
    if known is None or known.id != command.drill_id:
        return reasons.UNKNOWN_DRILL
    if known.ended:
        return reasons.UNCHANGED
    draft.emit(drills.DrillEnded, drill_id=command.drill_id, group=command.group, member=command.member)
    return reasons.APPLIED

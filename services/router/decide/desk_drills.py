"""Exercises: a group begins one at a time, and ends it, or its time does. Reports are flagged at the door.

Its verifiers are told of both, over the channels that carry exercises: what is marked DRILL in between is no
surprise to them, and nobody waits for an exercise that is over.
"""

from collections.abc import Iterator
from datetime import timedelta

from services.router.decide import ids, reasons
from services.router.decide.draft import Draft
from services.router.decide.due import exercise_over
from services.router.decide.limits import (
    DRILL_AFTER,
    DRILL_LIFE,
    DRILL_LONGEST,
    DRILL_OVER_IS_NEWS,
    DRILL_TOLD_LIFE,
)
from shared.contracts import drills
from shared.contracts.alerts import AlertKind, AlertRaised
from shared.contracts.base import GroupId


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
    _tell(draft, command.group, "DRILL_BEGUN")
    return reasons.APPLIED


def _tell(draft: Draft, group: GroupId, kind: AlertKind) -> None:
    """The group's verifiers, if any channel of theirs carries exercises."""
    known = draft.state.groups[group]
    channels = known.channels.channels if known.channels else ()
    if not any(channel.carries("verifiers", drill=True) for channel in channels):
        return
    draft.emit(
        AlertRaised,
        alert_id=ids.alert_id(draft.next_id(), group, "verifiers"),
        group=group,
        group_version=known.version,
        audience="verifiers",
        kind=kind,
        urgency="normal",
        not_after=draft.now + DRILL_TOLD_LIFE,
        drill=True,
    )


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
    if command.group in draft.state.groups and (known.waits or draft.now < known.until):
        _tell(draft, command.group, "DRILL_ENDED")
    return reasons.APPLIED


def exercises(draft: Draft) -> Iterator[None]:
    """Whoever was told that an exercise began is told that its time is over, where nobody ended it before."""
    for group, drill in sorted(draft.state.drills.items()):
        over = exercise_over(drill)
        if over <= draft.now < drill.until + DRILL_OVER_IS_NEWS and group in draft.state.groups:
            _tell(draft, group, "DRILL_ENDED")
            yield

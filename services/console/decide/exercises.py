"""Exercises: what a group trains, until when. Its messages are kept as long as they may be played. Pure."""

from collections.abc import Iterable

from services.console.decide.draft import Draft
from shared.contracts import drills as d
from shared.exercises import RUNNING


def needs(_draft: Draft, event: d.DrillEvent) -> Iterable[str]:
    """The exercise."""
    yield f"exercise:{event.drill_id}"


def begun(draft: Draft, event: d.DrillBegun, _place: float) -> None:
    """A group trains."""
    messages = event.script.messages if isinstance(event.script, d.DrillScript) else ()
    draft.put(
        f"exercise:{event.drill_id}",
        {
            "id": event.drill_id,
            "group": event.group,
            "member": event.member,
            "at": event.at.isoformat(),
            "begun_at": event.begun_at.isoformat(),
            "until": event.until.isoformat(),
            "ended_at": None,
            "name": event.name,
            "speed": event.speed,
            "count": len(messages),
            "lasts_s": max((m.t for m in messages), default=0.0) / event.speed,
            "messages": [m.model_dump(mode="json", exclude_none=True) for m in messages],
        },
    )
    draft.score(f"exercises:{event.group}", event.drill_id, event.begun_at.timestamp())
    draft.score(RUNNING, event.drill_id, event.until.timestamp())


def ended(draft: Draft, event: d.DrillEnded, _place: float) -> None:
    """Nothing more is played."""
    draft.score(RUNNING, event.drill_id, None)
    if draft.get(f"exercise:{event.drill_id}"):
        exercise = draft.edit(f"exercise:{event.drill_id}")
        exercise.update(ended_at=event.at.isoformat(), ended_by=event.member, messages=[])

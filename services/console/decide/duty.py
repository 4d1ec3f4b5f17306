"""The rota: a group's shifts, who has them, and what they left to the next ones. Pure."""

from collections.abc import Iterable

from services.console.decide.draft import Draft
from shared.contracts import duty as d


def needs(_draft: Draft, event: d.ShiftOffered | d.ShiftEvent) -> Iterable[str]:
    """The shift."""
    yield f"shift:{event.shift_id}"


def offered(draft: Draft, event: d.ShiftOffered, _place: float) -> None:
    """A shift, new or said again; notes left to it stay."""
    shift = draft.edit(f"shift:{event.shift_id}")
    shift.update(
        id=event.shift_id,
        group=event.group,
        begins=event.begins.isoformat(),
        ends=event.ends.isoformat(),
        places=event.places,
        takers=list(event.takers),
    )
    shift.setdefault("notes", [])
    draft.score(f"duty:{event.group}", event.shift_id, event.begins.timestamp())


def taken(draft: Draft, event: d.ShiftTaken, _place: float) -> None:
    """Somebody will be on duty."""
    if draft.get(f"shift:{event.shift_id}"):
        draft.edit(f"shift:{event.shift_id}")["takers"].append(event.member)


def given_up(draft: Draft, event: d.ShiftGivenUp, _place: float) -> None:
    """Somebody will not be on duty after all."""
    if draft.get(f"shift:{event.shift_id}"):
        shift = draft.edit(f"shift:{event.shift_id}")
        shift["takers"] = [m for m in shift["takers"] if m != event.member]


def noted(draft: Draft, event: d.ShiftNoted, _place: float) -> None:
    """What whoever was on duty leaves to the next ones; None once its key is destroyed."""
    if draft.get(f"shift:{event.shift_id}"):
        text = event.note.text if isinstance(event.note, d.HandoverNote) else None
        note = {"member": event.member, "at": event.at.isoformat(), "text": text}
        draft.edit(f"shift:{event.shift_id}")["notes"].append(note)


def dropped(draft: Draft, event: d.ShiftDropped, _place: float) -> None:
    """It is a shift no more."""
    shift = draft.get(f"shift:{event.shift_id}")
    if shift:
        draft.score(f"duty:{shift['group']}", event.shift_id, None)
    draft.delete(f"shift:{event.shift_id}")

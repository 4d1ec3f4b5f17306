"""Dead letters as documents: what lies where and why, and whether it still waits for somebody. Pure.

A letter and that it was closed come by two streams, in either order. One that was closed waits again only if
its message is buried later for another reason.
"""

from collections.abc import Iterable
from typing import Final

from services.console.decide.draft import Document, Draft
from shared.contracts.dead import DeadClosed, DeadWhy, letter_of
from shared.contracts.keys import DeadLettered

INDEX: Final = "dead"
"""The letters that wait, the newest first."""


def needs(_draft: Draft, event: DeadLettered | DeadClosed) -> Iterable[str]:
    """The letter."""
    yield f"dead:{_name(event)}"


def lettered(draft: Draft, event: DeadLettered, place: float) -> None:
    """A service could not handle a message."""
    letter = draft.edit(f"dead:{_name(event)}")
    letter.update(service=event.service, stream=event.stream, seq=event.seq, subject=event.subject)
    letter["detail"] = event.detail or letter.get("detail", "")
    letter.setdefault("reasons", {}).setdefault(event.reason, event.at.isoformat())
    letter.setdefault("place", place)
    _index(draft, letter)


def closed(draft: Draft, event: DeadClosed, _place: float) -> None:
    """Somebody had it handled again, or let it go."""
    letter = draft.edit(f"dead:{_name(event)}")
    letter["closed"] = {
        "at": event.at.isoformat(),
        "how": event.how,
        "member": event.member,
        "why": event.why.text if isinstance(event.why, DeadWhy) else "",
    }
    _index(draft, letter)


def waits(letter: Document) -> bool:
    """Whether somebody still has to decide about it."""
    over = (letter.get("closed") or {}).get("at", "")
    return any(at > over for at in letter.get("reasons", {}).values())


def name_of(letter: Document) -> str:
    """What people call it."""
    return letter_of(letter["service"], letter["stream"], letter["seq"])


def _index(draft: Draft, letter: Document) -> None:
    if "place" in letter:
        draft.score(INDEX, name_of(letter), letter["place"] if waits(letter) else None)


def _name(event: DeadLettered | DeadClosed) -> str:
    return letter_of(event.service, event.stream, event.seq)

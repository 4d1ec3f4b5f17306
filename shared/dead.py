"""Dead letters: what could not be handled is named in DEAD, with its reason and where it lies."""

from datetime import datetime

from shared.contracts.catalog import encode
from shared.contracts.keys import DeadLettered
from shared.ports import Bus, Entry, Stored


async def dead_letter(  # noqa: PLR0913 - each is part of the record
    bus: Bus, entry: Entry, *, service: str, reason: str, at: datetime, detail: str = ""
) -> Stored:
    """Record that `service` could not handle the entry. The content stays where it lies.

    Await it before settling the origin; the same entry and reason are recorded once.
    """
    letter = DeadLettered(
        id=f"dead.{service}.{entry.stream}.{entry.seq}.{reason}",
        at=at,
        service=service,
        reason=reason,
        stream=entry.stream,
        subject=entry.subject,
        seq=entry.seq,
        detail=detail[:200],
    )
    return await bus.publish(encode(letter, source=service))

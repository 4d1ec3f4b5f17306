"""What people ask of the subscribers' book, handed on: stored sealed, by a door that can't read the book.

So it can give away nothing: whether a contact is known changes nothing here. While NATS is away the spool
takes it.
"""

from typing import Final

import structlog

from services.ingest.door import Door
from services.ingest.intake import Accepted
from shared.contracts.base import ReportId
from shared.contracts.subscribers import (
    MAX_SAID,
    CodeGiven,
    LeftByLink,
    Said,
    SignedUp,
    SubscriptionAsked,
)
from shared.errors import BusError, KeyUnavailableError, SpoolFullError
from shared.http import Problem
from shared.plugins.spec import IncomingReport
from shared.report_ids import id_from

log = structlog.get_logger()

_MOST_ADDRESS: Final = 320
_RETRY_S: Final = 5


async def said(door: Door, instance: str, message: IncomingReport) -> Accepted:
    """Hand on what somebody wrote to a subscription account; a group's talk has no way back: ignored."""
    name = ReportId(id_from(door.intake.master.tag("said", instance, message.source_id)))
    if not message.contact or len(message.contact) > _MOST_ADDRESS:
        door.counts[f"bridge.{instance}.ignored.no_contact"] += 1
        return Accepted(name)
    content = Said(
        way=instance, address=message.contact, text=message.text[:MAX_SAID], language=message.language
    )
    return Accepted(name, duplicate=await ask(door, content, name))


async def ask(door: Door, content: Said | SignedUp | CodeGiven | LeftByLink, name: str) -> bool:
    """Store it under this name; whether it had been before. Raises `Problem` 503 where it can't be."""
    try:
        duplicate = await door.intake.ask(SubscriptionAsked(id=name, at=door.now(), content=content))
    except (SpoolFullError, BusError, KeyUnavailableError) as error:
        door.counts["subscribing.cannot_store"] += 1
        log.error("subscription_not_stored", error=type(error).__name__)  # noqa: TRY400 - never the content
        raise Problem(
            503, "cannot_store", "We cannot store this just now. Try again shortly.", retry_after_s=_RETRY_S
        ) from None
    door.counts[f"subscribing.{type(content).__name__.lower()}"] += 1
    return duplicate

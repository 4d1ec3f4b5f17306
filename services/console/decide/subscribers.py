"""How many subscribers a group has, and when somebody opened their list: what the ledger says of them. Pure.

The figures come from the notifier, rounded up to fives; who the people are no part of the console can learn.
Whoever reckons what a message costs finds here how many it goes to at the most (`following`).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from services.console.decide.draft import Document, Draft
from shared.contracts.ledger import LedgerNote, SubscribersCounted, SubscribersOpened

_SHOWN: Final = 5
"""Openings that the page names, the latest."""


def key(group: str) -> str:
    """The document."""
    return f"subscribers:{group}"


def needs(_draft: Draft, event: LedgerNote) -> Iterable[str]:
    """The group's figures."""
    yield key(event.group)


def counted(draft: Draft, event: SubscribersCounted, _place: float) -> None:
    """So many there are now."""
    figures = event.model_dump(mode="json", exclude={"type", "id"})
    draft.edit(key(event.group)).update(figures)


def opened(draft: Draft, event: SubscribersOpened, _place: float) -> None:
    """Somebody who has the hub's keys looked at them, or handed in a list."""
    document = draft.edit(key(event.group))
    latest = [*document.get("opened", ()), {"act": event.act, "at": event.at.isoformat()}]
    document["opened"] = latest[-_SHOWN:]


def shown(document: Document | None) -> dict[str, Any] | None:
    """For the group's page; None where nobody can subscribe, or nobody has."""
    if not document:
        return None
    opened_at = [
        {**one, "at": datetime.fromisoformat(one["at"])} for one in reversed(document.get("opened", ()))
    ]
    return {
        "total": 0,
        "texts": 0,
        "ways": {},
        "languages": {},
        "choices": {},
        **document,
        "opened": opened_at,
    }

"""Watches: ordinary police, seen by several at one place, kept as one quiet line for two hours. Pure."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from services.console.decide.draft import Draft
from shared.contracts.base import HUB
from shared.contracts.incidents import WatchNoted, WatchPlace

LASTS: Final = timedelta(hours=2)
"""So long a report of a raid there is told with what was seen before."""


def needs(_draft: Draft, event: WatchNoted) -> Iterable[str]:
    """The watch."""
    yield f"watch:{event.watch_id}"


def noted(draft: Draft, event: WatchNoted, _place: float) -> None:
    """It begins."""
    where = event.where if isinstance(event.where, WatchPlace) else None
    draft.put(
        f"watch:{event.watch_id}",
        {
            "watch_id": event.watch_id,
            "at": event.at.isoformat(),
            "until": (event.at + LASTS).isoformat(),
            "since": (where.since if where else event.at).isoformat(),
            "reports": where.reports if where else 0,
            "place": where.place.model_dump(mode="json") if where else None,
        },
    )
    for group in event.groups or (HUB,):
        draft.score(f"watch:{group}", event.watch_id, event.at.timestamp())

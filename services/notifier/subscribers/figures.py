"""Writes into the ledger how many subscribers each group has: for its page, and for what a message costs.

The ledger is where others may read; the book stays closed to them. Written seconds after a figure
changes, many changes at once, and once a day so that it is there though the ledger forgets.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from services.notifier.decide.book import Book
from services.notifier.decide.figures import Figures, in_fives
from services.notifier.decide.pseudo import EMAIL, Kin
from services.notifier.subscribers.ways import Ways
from shared.contracts.base import GroupId
from shared.contracts.catalog import encode
from shared.contracts.ledger import Following, SubscribersCounted
from shared.ports import Clock, Outgoing

_AGAIN: Final = timedelta(days=1)
_SLICE: Final = 500


class Counting:
    """Counts and says so; two notifiers that say the same at the same time write one record."""

    def __init__(
        self, book: Book, ways: Ways, clock: Clock, publish: Callable[[Outgoing], Awaitable[None]]
    ) -> None:
        self._book, self._ways, self._clock, self._publish = book, ways, clock, publish
        self._said: dict[GroupId, SubscribersCounted] = {}

    async def say(self) -> None:
        """Write what has changed since."""
        now = self._clock.now()
        for group in sorted(self._book.by_group.keys() | self._said.keys()):
            record = await self._counted(group, now)
            if _is_news(record, self._said.get(group)):
                await self._publish(encode(record, source="notifier"))
                self._said[group] = record

    async def _counted(self, group: GroupId, now: datetime) -> SubscribersCounted:
        figures, newest = Figures(group, self._ways.is_sms), self._book.newest
        for n, person in enumerate(self._book.followers(group)):
            figures.add(person.details)
            if n % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)
        known = (kin for kin in sorted(figures.kin) if self._ways.spec(kin.way))
        following = tuple(self._following(kin, figures.kin[kin]) for kin in known)
        return _named(figures.record("counted", now, following), newest)

    def _following(self, kin: Kin, people: int) -> Following:
        return Following(
            channel=kin.id,
            kind=self._ways.kind(kin.way),
            language=kin.language,
            choice=kin.choice,
            people=in_fives(people),
            max_chars=self._ways.max_chars(kin.way),
            sms=self._ways.is_sms(kin.way),
            leaves_by_link=kin.way == EMAIL,
            price_pence=self._ways.pence_a_segment(kin.way),
        )


def _named(record: SubscribersCounted, newest: int) -> SubscribersCounted:
    """By how far the book was read and what it says: said twice, it is one; what changed is another."""
    says = hashlib.sha256(record.model_dump_json(exclude={"id", "at"}).encode()).hexdigest()[:16]
    return record.model_copy(update={"id": f"counted.{record.group}.{newest}.{says}"})


def _is_news(now: SubscribersCounted, before: SubscribersCounted | None) -> bool:
    if before is None:
        return True
    same = now.model_copy(update={"id": before.id, "at": before.at}) == before
    return not same or now.at - before.at >= _AGAIN

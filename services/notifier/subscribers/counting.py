"""Tells the desk how many subscribers each group has, and how they are written to: figures, and nobody.

The book is the notifier's alone. What the desk foretells, and what needs a second person, has to count people
all the same. Said when a figure changes, once a minute at the most, and once a day, so that the ledger never
forgets it.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from services.notifier.decide.book import Book
from services.notifier.decide.pseudo import EMAIL, Kin
from services.notifier.subscribers.ways import Ways
from shared.contracts.base import GroupId
from shared.contracts.catalog import encode
from shared.contracts.ledger import FollowersCounted, Following
from shared.contracts.subscribers import Choice
from shared.errors import BusError
from shared.ports import Bus, Clock

log = structlog.get_logger()
_SLICE: Final = 500
_EVERY_S: Final = 60.0


class Counting:
    """Counts, and says it."""

    def __init__(
        self, bus: Bus, book: Book, ways: Ways, clock: Clock, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._bus, self._book, self._ways = bus, book, ways
        self._clock, self._sleep = clock, sleep
        self._said: dict[GroupId, str] = {}

    async def run(self, groups: Callable[[], list[GroupId]]) -> None:
        """Say it for as long as the book is kept."""
        while True:
            for group in groups():
                try:
                    await self._say(group)
                except BusError as error:  # the next round says it
                    log.warning("followers_not_said", group=group, error=type(error).__name__)
            await self._sleep(_EVERY_S)

    async def _say(self, group: GroupId) -> None:
        following = await self._following(group)
        now = self._clock.now()
        mark = hashlib.sha256(f"{now.date()} {following}".encode()).hexdigest()[:16]
        if self._said.get(group) == mark:
            return
        name = f"followers.{group}.{int(now.timestamp() * 1000)}.{mark}"
        counted = FollowersCounted(id=name, at=now, group=group, following=following)
        await self._bus.publish(encode(counted, source="notifier"))
        self._said[group] = mark

    async def _following(self, group: GroupId) -> tuple[Following, ...]:
        kin: Counter[Kin] = Counter()
        for n, person in enumerate(self._book.followers(group)):
            if n % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)
            choices = {f.choice for f in person.details.follows if f.group == group}
            choice: Choice = "witness" if "witness" in choices else "information"
            kin[Kin(person.details.way, person.details.language, choice)] += 1
        return tuple(self._counted(one, kin[one]) for one in sorted(kin) if self._ways.spec(one.way))

    def _counted(self, kin: Kin, people: int) -> Following:
        return Following(
            channel=kin.id,
            kind=self._ways.kind(kin.way),
            language=kin.language,
            choice=kin.choice,
            people=people,
            max_chars=self._ways.max_chars(kin.way),
            sms=self._ways.is_sms(kin.way),
            leaves_by_link=kin.way == EMAIL,
            price_pence=self._ways.pence_a_segment(kin.way),
        )

"""Follows the book's stream: folds it, names in DEAD what has no place there, knows how far it has read.

Guarantees: what stands under a subject that others may write to, and is no request, never reaches the book; a
fold that may have missed an end is not gone on with.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import structlog

from services.notifier.decide.book import Book
from services.notifier.decide.subscribing import Asked
from services.notifier.reading import Opener
from shared.contracts.base import Sealed
from shared.contracts.catalog import Spoilt, decode, decode_each, subject_of
from shared.contracts.subscribers import (
    AnswerClaimed,
    BookRecord,
    SubscriberKept,
    SubscriberLeft,
    SubscriptionAsked,
    SubscriptionImported,
)
from shared.dead import dead_letter
from shared.errors import BusError, MalformedMessageError, MissedTooMuchError
from shared.ports import Bus, Clock, Entry

log = structlog.get_logger()
T = TypeVar("T")

STREAM: Final = "SUBSCRIBERS"
TOMBS_STAY: Final = timedelta(hours=24)
"""How long an end stays to be read by other notifiers, that were away or slow."""
_LONGEST_AWAY: Final = TOMBS_STAY - timedelta(hours=1)
_ALL: Final = "subscribers.v1.*"
_PAUSE_S: Final = 0.5
_SLICE: Final = 100
"""Entries folded before others have their turn: some milliseconds."""
Request = SubscriptionAsked | SubscriptionImported


class Following:
    """The book as far as it was read."""

    def __init__(
        self, bus: Bus, keyring: Opener, clock: Clock, *, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._bus, self._keyring, self._clock, self._sleep = bus, keyring, clock, sleep
        self.book = Book()
        self.position = 0
        """The place in the stream up to which all is folded."""
        self._whole_at: datetime | None = None
        """When all was last known that stood in the stream."""
        self._news = asyncio.Event()

    async def read(self) -> None:
        """Fold what comes, for ever."""
        count = 0
        async with aclosing(self._bus.read(STREAM)) as entries:
            async for entry in entries:
                await self._fold(entry)
                self.position = entry.seq
                self.wake()
                count += 1
                if count % _SLICE == 0:
                    await asyncio.sleep(0)

    async def _fold(self, entry: Entry) -> None:
        for message in decode_each(entry):
            if isinstance(message, Spoilt):
                await self._bury(entry, message.problem)
                continue
            if subject_of(message) != entry.subject:
                # The front door writes to one subject, and may be another's by now: it asks, and no more.
                await self._bury(entry, f"{message.type} has no place on {entry.subject}")
                continue
            try:
                later = isinstance(message, SubscriptionAsked | SubscriptionImported)
                self._learn(entry.seq, message if later else await self._keyring.open(message))
            except MalformedMessageError as error:
                await self._bury(entry, str(error))

    def _learn(self, seq: int, message: Any) -> None:
        match message:
            case SubscriptionAsked():
                self.book.ask(seq, message)
            case SubscriptionImported():
                self.book.hand_in(seq)
            case SubscriberKept():
                self.book.keep(seq, message)
            case SubscriberLeft():
                self.book.leave(seq, message)
            case AnswerClaimed():
                self.book.claim(seq, message)
            case BookRecord():
                self.book.settle(seq, message)

    async def _bury(self, entry: Entry, problem: str) -> None:
        log.error("dead_letter", stream=entry.stream, seq=entry.seq, reason="unreadable")
        at = self._clock.now()
        await self.patiently(
            lambda: dead_letter(
                self._bus, entry, service="notifier", reason="unreadable", at=at, detail=problem
            )
        )

    async def caught_up(self) -> None:
        """Return once everything is folded that stood there when this was called."""
        last = await self.patiently(lambda: self._bus.last(STREAM, _ALL))
        asked_at = self._clock.now()
        if self._whole_at is not None and asked_at - self._whole_at > _LONGEST_AWAY:
            raise MissedTooMuchError  # else whoever left meanwhile would be written to for ever
        while last is not None and not await self.folded(last.seq):
            last = await self.patiently(lambda: self._bus.last(STREAM, _ALL))
        self._whole_at = asked_at

    async def folded(self, seq: int) -> bool:
        """Return once the message at that place is folded; False if it is erased before."""
        while self.position < seq:
            news = self._news  # of before we look, or what comes meanwhile would not be heard
            if await self.is_gone(seq):
                return self.position >= seq
            await _heard(news, _PAUSE_S)
        return True

    async def is_gone(self, seq: int) -> bool:
        """Whether the message at that place is erased."""
        return await self.patiently(lambda: self._bus.get(STREAM, seq)) is None

    async def request(self, seq: int) -> Request | None:
        """What is asked there, sealed; None if it is erased."""
        if asked := self.book.asked.get(seq):
            return asked
        entry = await self.patiently(lambda: self._bus.get(STREAM, seq))
        found = decode(entry) if entry else None
        return found if isinstance(found, SubscriptionAsked | SubscriptionImported) else None

    async def content(self, asked: Request) -> Asked | None:
        """What is asked; None for what can't be read, which asks nothing."""
        try:
            opened = await self._keyring.open(asked)
        except MalformedMessageError:
            return None
        return None if isinstance(opened.content, Sealed) else opened.content

    def wake(self) -> None:
        """Something happened that those who wait want to know of."""
        self._news.set()
        self._news = asyncio.Event()

    async def hear(self, within_s: float = _PAUSE_S) -> None:
        """Wait for news, or a while."""
        await _heard(self._news, within_s)

    async def patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """The result, once NATS is there."""
        while True:
            try:
                return await attempt()
            except BusError as error:
                log.warning("subscribers_wait", error=type(error).__name__)
                await self._sleep(_PAUSE_S)


async def _heard(news: asyncio.Event, within_s: float) -> None:
    try:
        async with asyncio.timeout(within_s):
            await news.wait()
    except TimeoutError:
        return

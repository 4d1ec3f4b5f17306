"""Keeps the book: reads its stream, decides what is asked in its order, answers, erases what is spent.

Guarantees: a request is decided once, however many notifiers there are, because its record's id is the
request's place in the stream; it is answered at least once and at most twice; whoever left is erased at
once, and what a crash left behind at the next start. It owns no state but the fold, and ends rather than
keep one that may have missed an end.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import structlog

from services.notifier.decide.book import Book, Person
from services.notifier.decide.book_records import lapse_of, record_of
from services.notifier.decide.subscribing import Asked, Moment, Outcome, World, decide, lapsed
from services.notifier.reading import Opener
from shared.contracts.base import Sealed
from shared.contracts.catalog import Spoilt, decode, decode_each, encode, subject_of
from shared.contracts.subscribers import (
    AnswerClaimed,
    BookRecord,
    CodeGiven,
    Imported,
    LeftByLink,
    Said,
    SignedUp,
    SubscriberKept,
    SubscriberLeft,
    SubscriptionAsked,
    SubscriptionImported,
    Unreachable,
)
from shared.dead import dead_letter
from shared.errors import BusError, MalformedMessageError, MissedTooMuchError
from shared.faults import fault_point
from shared.ports import Bus, Clock, Entry

log = structlog.get_logger()
T = TypeVar("T")

STREAM: Final = "SUBSCRIBERS"
TOMBS_STAY: Final = timedelta(hours=24)
"""How long an end stays to be read by other notifiers, that were away or slow."""
_LONGEST_AWAY: Final = TOMBS_STAY - timedelta(hours=1)
_ALL: Final = "subscribers.v1.*"
_PAUSE_S: Final = 0.5
_SWEEP_S: Final = 10.0
_SLICE: Final = 100
"""Entries folded before others have their turn: some milliseconds."""
MOST_ANSWERS: Final = 2
_IMPORTS_AT_ONCE: Final = 16

Answering = Callable[[Asked, BookRecord, Person | None, int], Awaitable[None]]
"""Say what the record answers to whoever asked; the last is which attempt it is."""


class Keeping:
    """The book, kept. `ready` once all that stood there at the start is folded."""

    def __init__(  # noqa: PLR0913 - each is another thing it works with
        self,
        bus: Bus,
        keyring: Opener,
        clock: Clock,
        *,
        world: Callable[[], Awaitable[World]],
        answer: Answering,
        lease_s: float,
        claimant: str,
        import_room: Callable[[str], bool] = lambda _way: True,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        fault: Callable[[str], None] = fault_point,
    ) -> None:
        self._bus, self._keyring, self._clock = bus, keyring, clock
        self._import_room = import_room
        self._world, self._answer = world, answer
        self._lease_s, self._claimant, self._sleep, self._fault = lease_s, claimant, sleep, fault
        self.book = Book()
        self.ready = asyncio.Event()
        self._position = 0
        self._whole_at: datetime | None = None
        """When all was last known that stood in the stream."""
        self._news = asyncio.Event()
        self._mine: set[int] = set()
        """Requests whose records are ours, and so their first answers."""
        self._answering: dict[int, asyncio.Task[None]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Keep it until asked to stop; an answer that is under way is finished."""
        loops = [asyncio.create_task(work()) for work in (self._read, self._work, self._sweep_always)]
        stopping = asyncio.create_task(_until(stop))
        try:
            done, _ = await asyncio.wait({stopping, *loops}, return_when=asyncio.FIRST_COMPLETED)
            for ended in done:  # a loop ends by a mistake of ours only; then loudly
                ended.result()
            await asyncio.gather(*self._answering.values(), return_exceptions=True)
        finally:
            tasks = [stopping, *loops, *self._answering.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def ask(self, content: Asked, name: str) -> None:
        """Ask something of the book ourselves; the same name again is the same request."""
        asked = SubscriptionAsked(id=name, at=self._clock.now(), content=content)
        await self._patiently(partial(self._store, asked))

    # --- reading -------------------------------------------------------------------------------

    async def _read(self) -> None:
        count = 0
        async with aclosing(self._bus.read(STREAM)) as entries:
            async for entry in entries:
                await self._fold(entry)
                self._position = entry.seq
                self._wake()
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
        await self._patiently(
            lambda: dead_letter(
                self._bus, entry, service="notifier", reason="unreadable", at=at, detail=problem
            )
        )

    async def caught_up(self) -> None:
        """Return once everything is folded that stood there when this was called."""
        last = await self._patiently(lambda: self._bus.last(STREAM, _ALL))
        asked_at = self._clock.now()
        if self._whole_at is not None and asked_at - self._whole_at > _LONGEST_AWAY:
            raise MissedTooMuchError  # else whoever left meanwhile would be written to for ever
        while last is not None and self._position < last.seq:
            await self._hear()
            if self._position < last.seq and await self._is_gone(last.seq):
                last = await self._patiently(lambda: self._bus.last(STREAM, _ALL))
        self._whole_at = asked_at

    async def _is_gone(self, seq: int) -> bool:
        return await self._patiently(lambda: self._bus.get(STREAM, seq)) is None

    # --- deciding ------------------------------------------------------------------------------

    async def _work(self) -> None:
        await self.caught_up()
        self._forget_the_erased()
        self.ready.set()
        while True:
            self._begin_answers()
            await self.caught_up()
            request = self.book.waiting() or self._next_import()
            if request is None or not await self._decide(request):
                await self._hear()

    def _next_import(self) -> int | None:
        """A line of a list, when nobody waits who asks themselves, and only so many at a time."""
        return self.book.next_import() if len(self._answering) < _IMPORTS_AT_ONCE else None

    def _forget_the_erased(self) -> None:
        """Records whose requests are no longer there have been answered."""
        for request in [seq for seq in self.book.done if not self.book.is_there(seq)]:
            self.book.answered(request)

    async def _decide(self, request: int) -> bool:
        """Decide it; False if it is a line of a list, for which there is no room in this hour."""
        asked = await self._request(request)
        if asked is None:
            self.book.answered(request)  # another has decided, answered and erased it
            return True
        content = await self._content(asked)
        if isinstance(content, Imported) and not self._import_room(content.way):
            return False
        person = self._whose(content) if content else None
        at = Moment(request, asked.id, asked.at)
        outcome = (
            decide(content, person.details if person else None, at, await self._world())
            if content
            else Outcome()
        )
        fresh = f"s{secrets.token_hex(10)}"
        record = record_of(outcome, person, request, asked.at, fresh=fresh)
        self._fault("notifier.before_book")
        stored = await self._patiently(partial(self._store, record))
        self._fault("notifier.after_book")
        if not stored.duplicate:
            self._mine.add(request)
        while self._position < stored.seq and not await self._is_gone(stored.seq):
            await self._hear()
        if request not in self.book.done:
            self.book.answered(request)  # decided, and what was decided has been erased since
        return True

    async def _request(self, seq: int) -> SubscriptionAsked | SubscriptionImported | None:
        """What is asked there, sealed; None if it is erased."""
        if asked := self.book.asked.get(seq):
            return asked
        entry = await self._patiently(lambda: self._bus.get(STREAM, seq))
        found = decode(entry) if entry else None
        return found if isinstance(found, SubscriptionAsked | SubscriptionImported) else None

    async def _content(self, asked: SubscriptionAsked | SubscriptionImported) -> Asked | None:
        """What is asked; None for what can't be read, which asks nothing."""
        try:
            opened = await self._keyring.open(asked)
        except MalformedMessageError:
            return None
        return None if isinstance(opened.content, Sealed) else opened.content

    def _whose(self, asked: Asked) -> Person | None:
        match asked:
            case Said() | SignedUp() | Unreachable() | Imported():
                return self.book.find(asked.way, asked.address)
            case CodeGiven():
                return self.book.with_ticket(asked.ticket)
            case LeftByLink():
                return self.book.people.get(asked.subscriber)

    async def _store(self, message: Any) -> Any:
        sealed = await self._keyring.seal(message)
        return await self._bus.publish(encode(sealed, source="notifier"))

    # --- answering -----------------------------------------------------------------------------

    def _begin_answers(self) -> None:
        for request in self.book.done:
            if request not in self._answering:
                task = asyncio.create_task(self._see_answered(request))
                self._answering[request] = task
                task.add_done_callback(partial(self._ended, request))

    def _ended(self, request: int, task: asyncio.Task[None]) -> None:
        self._answering.pop(request, None)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            # Its own words may hold what somebody wrote; its type does not.
            log.error("subscriber_not_answered", error=type(error).__name__)
            self.book.answered(request)
        self._wake()

    async def _see_answered(self, request: int) -> None:
        """Answer what we decided; what another did, only if that other seems to have stopped half-way."""
        done = self.book.done[request]
        if request in self._mine:
            self._mine.discard(request)
            await self._say(request, done.record, attempt=1)
        elif done.record.answer is not None:
            await self._sleep(self._lease_s)
            if not await self._is_gone(request) and await self._claimed(request):
                await self._say(request, done.record, attempt=MOST_ANSWERS)
        self.book.answered(request)

    async def _claimed(self, request: int) -> bool:
        """Whether the second attempt is ours: there is no third."""
        claim = AnswerClaimed(
            id=f"answer.{request}.{MOST_ANSWERS}",
            at=self._clock.now(),
            request=request,
            attempt=MOST_ANSWERS,
            claimant=self._claimant,
        )
        stored = await self._patiently(lambda: self._bus.publish(encode(claim, source="notifier")))
        return not stored.duplicate

    async def _say(self, request: int, record: BookRecord, *, attempt: int) -> None:
        asked = await self._request(request)
        content = await self._content(asked) if asked else None
        if content is not None and record.answer is not None:
            name = record.subscriber if isinstance(record, SubscriberKept) else ""
            await self._answer(content, record, self.book.people.get(name), attempt)
        self._fault("notifier.after_answer")

    # --- erasing -------------------------------------------------------------------------------

    async def _sweep_always(self) -> None:
        await self.ready.wait()
        while True:
            await self._sweep(self._clock.now())
            await self._hear(_SWEEP_S)

    async def _sweep(self, now: datetime) -> None:
        """Erase what is spent; let those go who never confirmed, and ends that everybody has read."""
        for person in list(self.book.people.values()):
            if lapsed(person.details, now):
                await self._lapse(person, now)
        for seq in [seq for seq, tomb in self.book.tombs.items() if tomb.at < now - TOMBS_STAY]:
            del self.book.tombs[seq]
            self.book.spent.add(seq)
        while self.book.spent:
            seq = self.book.spent.pop()
            self._fault("notifier.before_erasing")
            await self._patiently(partial(self._bus.erase, STREAM, seq))

    async def _lapse(self, person: Person, now: datetime) -> None:
        """Let them go, unless something is asked that is not decided: it may be their code, sent in time."""
        await self.caught_up()
        if self.book.waiting() is None and self.book.people.get(person.name) == person:
            await self._patiently(partial(self._store, lapse_of(person, now)))

    # --- waiting -------------------------------------------------------------------------------

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _hear(self, within_s: float = _PAUSE_S) -> None:
        """Wait for news, or a while."""
        news = self._news
        try:
            async with asyncio.timeout(within_s):
                await news.wait()
        except TimeoutError:
            return

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """The result, once NATS is there."""
        while True:
            try:
                return await attempt()
            except BusError as error:
                log.warning("subscribers_wait", error=type(error).__name__)
                await self._sleep(_PAUSE_S)


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()

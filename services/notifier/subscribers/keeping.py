"""Keeps the book: decides what is asked in its order, answers, erases what is spent.

Guarantees: a request is decided once, however many notifiers there are, because its record's id is the
request's place in the stream; it is answered at least once and at most twice; whoever left is erased at
once, and what a crash left behind at the next start. It owns no state but the fold.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog

from services.notifier.decide.book import Person
from services.notifier.decide.book_records import lapse_of, record_of
from services.notifier.decide.subscribing import Asked, Moment, Outcome, World, decide, lapsed
from services.notifier.reading import Opener
from services.notifier.subscribers.following import STREAM, TOMBS_STAY, Following
from shared.contracts.catalog import encode
from shared.contracts.subscribers import (
    AnswerClaimed,
    BookRecord,
    CodeGiven,
    Imported,
    LeftByLink,
    Said,
    SignedUp,
    SubscriberKept,
    SubscriptionAsked,
    Unreachable,
)
from shared.faults import fault_point
from shared.ports import Bus, Clock

log = structlog.get_logger()

_SWEEP: Final = timedelta(seconds=10)
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
        self._following = Following(bus, keyring, clock, sleep=sleep)
        self.book, self.caught_up = self._following.book, self._following.caught_up
        self.hear = self._following.hear
        self.ready = asyncio.Event()
        self._mine: set[int] = set()
        """Requests whose records are ours, and so their first answers."""
        self._saying = 0
        """Answers that are being sent."""
        self._answering: dict[int, asyncio.Task[None]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Keep it until asked to stop; an answer that is under way is finished."""
        works = (self._following.read, self._work, self._sweep_always)
        loops = [asyncio.create_task(work()) for work in works]
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
        await self._following.patiently(partial(self._store, asked))

    # --- deciding ------------------------------------------------------------------------------

    async def _work(self) -> None:
        await self._following.caught_up()
        self._forget_the_erased()
        self.ready.set()
        while True:
            self._begin_answers()
            await self._following.caught_up()
            request = self.book.waiting() or self._next_import()
            if request is None or not await self._decide(request):
                await self._following.hear()

    def _next_import(self) -> int | None:
        """A line of a list, when nobody waits who asks themselves, and only so many at a time."""
        return self.book.next_import() if len(self._mine) + self._saying < _IMPORTS_AT_ONCE else None

    def _forget_the_erased(self) -> None:
        """Records whose requests are no longer there have been answered."""
        for request in [seq for seq in self.book.done if not self.book.is_there(seq)]:
            self.book.answered(request)

    async def _decide(self, request: int) -> bool:
        """Decide it; False if it is a line of a list, for which there is no room in this hour."""
        asked = await self._following.request(request)
        if asked is None:
            self.book.answered(request)  # another has decided, answered and erased it
            return True
        content = await self._following.content(asked)
        person = self._whose(content) if content else None
        at = Moment(request, asked.id, asked.at)
        outcome = (
            decide(content, person.details if person else None, at, await self._world())
            if content
            else Outcome()
        )
        if outcome.kept and isinstance(content, Imported) and not self._import_room(content.way):
            return False
        fresh = f"s{secrets.token_hex(10)}"
        record = record_of(outcome, person, request, asked.at, fresh=fresh)
        self._fault("notifier.before_book")
        stored = await self._following.patiently(partial(self._store, record))
        self._fault("notifier.after_book")
        if not stored.duplicate:
            self._mine.add(request)
        await self._following.folded(stored.seq)
        if request not in self.book.done:
            self.book.answered(request)  # decided, and what was decided has been erased since
        return True

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
        self._following.wake()

    async def _see_answered(self, request: int) -> None:
        """Answer what we decided; what another did, only if that other seems to have stopped half-way."""
        done = self.book.done[request]
        if request in self._mine:
            self._mine.discard(request)
            await self._say(request, done.record, attempt=1)
        elif done.record.answer is not None:
            await self._sleep(self._lease_s)
            if not await self._following.is_gone(request) and await self._claimed(request):
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
        stored = await self._following.patiently(lambda: self._bus.publish(encode(claim, source="notifier")))
        return not stored.duplicate

    async def _say(self, request: int, record: BookRecord, *, attempt: int) -> None:
        asked = await self._following.request(request)
        content = await self._following.content(asked) if asked else None
        if content is not None and record.answer is not None:
            name = record.subscriber if isinstance(record, SubscriberKept) else ""
            self._saying += 1
            try:
                await self._answer(content, record, self.book.people.get(name), attempt)
            finally:
                self._saying -= 1
        self._fault("notifier.after_answer")

    # --- erasing -------------------------------------------------------------------------------

    async def _sweep_always(self) -> None:
        """Erase what is spent as soon as there is news; look through everybody once in a while."""
        await self.ready.wait()
        looked: datetime | None = None
        while True:
            now = self._clock.now()
            if looked is None or now - looked >= _SWEEP:
                looked = now
                await self._let_go(now)
            await self._erase()
            await self._following.hear(_SWEEP.total_seconds())

    async def _let_go(self, now: datetime) -> None:
        """Let those go who never confirmed, and ends that everybody has read."""
        for person in list(self.book.people.values()):
            if lapsed(person.details, now):
                await self._lapse(person, now)
        for seq in [seq for seq, tomb in self.book.tombs.items() if tomb.at < now - TOMBS_STAY]:
            del self.book.tombs[seq]
            self.book.spent.add(seq)

    async def _erase(self) -> None:
        while self.book.spent:
            seq = self.book.spent.pop()
            self._fault("notifier.before_erasing")
            await self._following.patiently(partial(self._bus.erase, STREAM, seq))

    async def _lapse(self, person: Person, now: datetime) -> None:
        """Let them go, unless something is asked that is not decided: it may be their code, sent in time."""
        await self._following.caught_up()
        if self.book.waiting() is None and self.book.people.get(person.name) == person:
            await self._following.patiently(partial(self._store, lapse_of(person, now)))


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()

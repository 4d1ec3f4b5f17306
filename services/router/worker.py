"""Moves inputs through the decider into the log: fold, decide, append behind the fence, go on.

Guarantees: every input is decided exactly once, in one stored message with all that follows from
it. A message that is refused, or whose fate is unknown, leaves no trace here: the state before it
is kept, the log is read on to its end, and what is still undecided is decided again. While one message
is being stored the next inputs are decided (`ahead`), and stored only after it. A router that
loses the fence to another stands by until inputs wait undecided.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final, Literal

import structlog

from services.router.ahead import Ahead
from services.router.counted import Counted
from services.router.decide.chat_ask import asked_about
from services.router.decide.decider import Input, step
from services.router.decide.desk_dead import to_decide_again
from services.router.decide.limits import TICK_FILLS
from services.router.decide.reasons import DECIDE_FAILED, STILL_FAILS
from services.router.decide.state import State
from services.router.fold import LogFold
from services.router.inbox import Inbox
from services.router.keeper import Keeper
from services.router.reading import Reader
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import Message
from shared.contracts.catalog import packed
from shared.contracts.incidents import IncidentForgotten, IncidentOpened, InputDecided
from shared.errors import (
    AlreadyStoredError,
    BusError,
    BusRefusedError,
    StaleWriterError,
)
from shared.faults import fault_point
from shared.gazetteer.port import Gazetteer
from shared.ports import Bus, Clock, Entry
from shared.sealing import Keyring

log = structlog.get_logger()

PIPELINE: Final = 64
"""Inputs decided at once at most."""

_PAUSE_S: Final = 0.2
_LEAST_WAIT_S: Final = 0.02
_REFUSED_PAUSE_S: Final = 1.0

Role = Literal["folding", "active", "standby"]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often time itself is decided about, and when a standby takes over. Seconds."""

    tick_s: float = 1.0
    takeover_s: float = 1.5
    idle_takeover_s: float = 5.0


@dataclass(frozen=True, slots=True)
class _Decision:
    """The events of one input, and the state that they lead to."""

    stream: str
    seq: int
    messages: Sequence[Message]
    state: State
    stored_at: datetime | None = None
    """When its input was stored; None of a tick."""


class _TooLargeError(BusRefusedError):
    """The events of one input take more than one message may hold."""

    def __init__(self, decision: _Decision) -> None:
        super().__init__(f"What follows from {decision.stream} {decision.seq} is too large for one message.")
        self.decision = decision


class Router:
    """One router process. `run` until stopped; the rest is for /health."""

    def __init__(
        self,
        bus: Bus,
        keyring: Keyring,
        clock: Clock,
        gazetteer: Gazetteer,
        *,
        patience: Patience | None = None,
    ) -> None:
        self._bus, self._keyring, self._clock, self._gazetteer = bus, keyring, clock, gazetteer
        self._patience = patience or Patience()
        self._fold = LogFold(bus, keyring)
        self._reader = Reader(bus, keyring, clock)
        self.keeper = Keeper(bus, keyring, clock, lambda: self._fold.state)
        self._news = asyncio.Event()
        self._ahead = Ahead()
        self._desk = Inbox("DESK", self._news)
        self._reports = Inbox("REPORTS", self._news)
        self._desk_first_until = 0
        self._log_time: tuple[datetime, datetime] | None = None
        self._next_tick = 0.0
        self._too_large: set[tuple[str, int]] = set()
        self._idle_due_since: float | None = None
        self.role: Role = "folding"
        self.counted = Counted()

    @property
    def state(self) -> State:
        """The fold of the log as far as this router has it."""
        return self._fold.state

    def use_gazetteer(self, gazetteer: Gazetteer) -> None:
        """From the next decision on, place reports by this one."""
        self._gazetteer = gazetteer

    @property
    def log_seq(self) -> int:
        """The last sequence of DECISIONS that is folded."""
        return self._fold.seq

    async def run(self, stop: asyncio.Event) -> None:
        """Fold the log, then decide until stopped; a batch that has begun is finished."""
        await self._catch_up(stop)
        await self._become_active()
        readers = [
            asyncio.create_task(self._fill(inbox), name=f"read-{inbox.stream}")
            for inbox in (self._desk, self._reports)
        ]
        helpers = [*readers, asyncio.create_task(self._wake(stop), name="wake")]
        try:
            while not stop.is_set():
                await (self._stand_by() if self.role == "standby" else self._guarded(self._turn(), stop))
                for reader in readers:
                    if reader.done():
                        reader.result()
            await self._guarded(self._settle(), stop)
        finally:
            for task in helpers:
                task.cancel()
            await self._ahead.end()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _wake(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._news.set()

    async def _fill(self, inbox: Inbox) -> None:
        await inbox.fill(self._bus, after=self._fold.state.position(inbox.stream))

    async def _turn(self) -> None:
        """One step as the active router: decide what waits and let time pass; with neither, wait for news."""
        decided = await self._decide_waiting()
        if not (await self._tick() or decided):
            await self._wait()

    async def _guarded(self, work: Awaitable[object], stop: asyncio.Event) -> None:
        """Do it; where something could not be stored, the log says how things stand."""
        try:
            await work
        except (StaleWriterError, AlreadyStoredError):
            log.info("fence_lost", log_seq=self._fold.seq)
            self.role = "standby"
        except BusRefusedError as error:
            log.error("append_refused", error=str(error))  # noqa: TRY400 - the sentence says it all
            await asyncio.sleep(_REFUSED_PAUSE_S)
        except BusError as error:
            log.warning("bus_away", error=type(error).__name__)
        else:
            return
        await self._ahead.given_up()
        await self._catch_up(stop)

    async def _decide_waiting(self) -> bool:
        """Decide up to 64 waiting inputs, people's before reports, and have stored what follows from them."""
        self._drop_decided()
        decisions = await self._decided_next()
        if not decisions:
            if self._ahead.ended:
                await self._settle()
            return False
        sealed = await self._sealed(decisions)
        if await self._settle():
            self._ahead.begin(self._append(decisions, sealed), decisions[-1].state, self._news.set)
        return True

    async def _decided_next(self) -> list[_Decision]:
        state, decisions = self._ahead.state(self._fold.state), []
        for inbox, entry in self._take():
            fault_point("router.before_decide")
            messages, state = await self._decide(inbox, entry, state)
            fault_point("router.after_decide")
            decisions.append(_Decision(inbox.stream, entry.seq, messages, state, entry.stored_at))
        return decisions

    async def _settle(self) -> bool:
        """Wait until what is on its way is stored; False: one input of it is to be decided otherwise."""
        try:
            await self._ahead.settled()
        except _TooLargeError as error:
            self._too_large.add((error.decision.stream, error.decision.seq))
            return False
        return True

    def _take(self) -> list[tuple[Inbox, Entry]]:
        state = self._ahead.state(self._fold.state)
        taken = [(self._desk, entry) for entry in self._desk.first(PIPELINE, after=state.desk_seq)]
        reached = taken[-1][1].seq if taken else state.desk_seq
        if reached >= self._desk_first_until:
            reports = self._reports.first(PIPELINE - len(taken), after=state.reports_seq)
            taken += [(self._reports, entry) for entry in reports]
        return taken

    async def _decide(self, inbox: Inbox, entry: Entry, state: State) -> tuple[tuple[Message, ...], State]:
        given = await self._reader.read(inbox.stream, entry)
        if abouts := asked_about(state, given.message):
            given = replace(given, reporter=await self._reader.reporter(abouts))
        if (seq := to_decide_again(state, given.message)) is not None:
            given = replace(given, again=await self._reader.again(seq))
        now = given.message.at if given.message else entry.stored_at
        problem = "too large for one message"
        if (inbox.stream, entry.seq) not in self._too_large:
            try:
                return step(state, given, now, self._gazetteer)
            except Exception as error:  # noqa: BLE001 - a report that breaks the judgement must not stop all others
                problem = f"{type(error).__name__} while deciding"
        if given.again is not None:  # the report stays where it is, and whoever asked is told
            still = replace(given, again=Input("REPORTS", given.again.seq, flaw=STILL_FAILS))
            return step(state, still, now, self._gazetteer)
        await self._reader.bury(entry, DECIDE_FAILED, problem)
        flawed = Input(inbox.stream, entry.seq, flaw=DECIDE_FAILED)
        return step(state, flawed, now, self._gazetteer)

    async def _append(self, decisions: Sequence[_Decision], sealed: Sequence[Sequence[Message]]) -> None:
        """Store the decisions in order, in as few messages as hold them, each behind the fence."""
        most = self._bus.most_bytes
        waiting = list(decisions)
        for count, message in packed(sealed, source="router", most=most):
            if len(message.body) > most:
                raise _TooLargeError(waiting[0])
            fault_point("router.before_append")
            seq = await self._bus.append(message, after=self._fold.seq)
            fault_point("router.after_append")
            stored, waiting = waiting[:count], waiting[count:]
            self._fold.commit(stored[-1].state, seq)
            for decision in stored:
                self._report(decision.messages)
                if decision.stream == "REPORTS" and decision.stored_at is not None:
                    self.counted.waited(decision.stored_at, self._clock.now())
        self._drop_decided()

    async def _sealed(self, decisions: Sequence[_Decision]) -> list[list[Message]]:
        events = [m for decision in decisions for m in decision.messages]
        new = {m.incident_id for m in events if isinstance(m, IncidentOpened)}
        sealed = iter(await self._keyring.seal_all(events, new=new))
        return [list(islice(sealed, len(decision.messages))) for decision in decisions]

    def _report(self, messages: Sequence[Message]) -> None:
        """One line a decision, with ids and the reason; and wake the keeper for what is to be forgotten."""
        alerts = 0
        for message in messages:
            if isinstance(message, AlertRaised):
                alerts += 1
                self.counted.raised(message)
            elif isinstance(message, IncidentForgotten):
                self.keeper.news.set()
            elif isinstance(message, InputDecided):
                self.counted.decided(message)
                log.info(
                    "input_decided",
                    stream=message.input.stream,
                    seq=message.input.seq,
                    outcome=message.outcome,
                    reason=message.reason,
                    report_id=message.report_id,
                    incident_id=message.incident_id,
                    alerts=alerts,
                )
                alerts = 0

    def _drop_decided(self) -> None:
        for inbox in (self._desk, self._reports):
            inbox.drop_decided(self._fold.state.position(inbox.stream))

    async def _tick(self) -> bool:
        """Decide about the time that has passed, once a second.

        While inputs wait, it has passed as far as they are decided: one of them may be the news that
        somebody would be told is missing. Digests go out in a flood all the same.
        """
        loop_time = asyncio.get_running_loop().time()
        if loop_time < self._next_tick:
            return False
        self._next_tick = loop_time + self._patience.tick_s
        if not await self._settle():
            return True
        now = self._fold.state.now if len(self._desk) or len(self._reports) else self._now()
        due = self._due(now)
        if due.messages and now != self._fold.state.now and await self._unread():
            now = self._fold.state.now
            due = self._due(now)
        if not due.messages:
            return False
        await self._append_tick(due, now)
        self._next_tick = 0.0  # a full tick may have left some for the next
        return True

    async def _append_tick(self, due: _Decision, now: datetime) -> None:
        """Store what is due; less of it, if all that is too large for one message."""
        most = TICK_FILLS
        while True:
            try:
                return await self._append([due], await self._sealed([due]))
            except _TooLargeError:
                if most == 1:
                    raise
                most //= 2
                due = self._due(now, most)

    def _due(self, now: datetime, most: int = TICK_FILLS) -> _Decision:
        seq = self._fold.seq
        given = Input("TICK", seq, most=most)
        return _Decision("TICK", seq, *step(self._fold.state, given, now, self._gazetteer))

    def _now(self) -> datetime:
        """The wall's time, or the log's own where that runs ahead (a simulation): it passes all the same."""
        wall, log_now = self._clock.now(), self._fold.state.now
        if self._log_time is None or self._log_time[0] != log_now:
            self._log_time = (log_now, wall)
        return max(wall, log_now + (wall - self._log_time[1]))

    async def _unread(self) -> bool:
        """Whether a stream holds inputs that this router has not read yet."""
        for inbox in (self._desk, self._reports):
            last = await self._bus.last_seq(inbox.stream)
            decided = self._fold.state.position(inbox.stream)
            if last > decided and await self._bus.get(inbox.stream, last) is not None:
                return True
        return False

    async def _wait(self) -> None:
        """Until news comes or the next tick is due."""
        self._news.clear()
        if self._take():
            return
        left = max(_LEAST_WAIT_S, self._next_tick - asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(left):
                await self._news.wait()
        except TimeoutError:
            return

    async def _stand_by(self) -> None:
        """Follow the log; take over when inputs, or due time, stay undecided."""
        try:
            moved = await self._fold.catch_up()
            self._drop_decided()
            if moved:
                self._idle_due_since = None
            if self._abandoned():
                await self._become_active()
                return
        except BusError as error:
            log.warning("bus_away", error=type(error).__name__)
        await asyncio.sleep(_PAUSE_S)

    def _abandoned(self) -> bool:
        waited = max(self._desk.waited_s(), self._reports.waited_s())
        if waited > self._patience.takeover_s:
            return True
        now = asyncio.get_running_loop().time()
        if not self._due(self._now()).messages:
            self._idle_due_since = None
        elif self._idle_due_since is None:
            self._idle_due_since = now
        return (
            self._idle_due_since is not None and now - self._idle_due_since > self._patience.idle_takeover_s
        )

    async def _become_active(self) -> None:
        """From now on decide: what people had decided before this moment comes before any report."""
        last = await self._last_desk()
        log.info("router_active", log_seq=self._fold.seq, desk_until=last)
        self._desk_first_until, self.role, self._idle_due_since = last, "active", None

    async def _last_desk(self) -> int:
        while True:
            try:
                last = await self._bus.last_seq("DESK")
                return last if last and await self._bus.get("DESK", last) is not None else 0
            except BusError as error:
                log.warning("bus_away", error=type(error).__name__)
                await asyncio.sleep(_PAUSE_S)

    async def _catch_up(self, stop: asyncio.Event) -> None:
        """Read the log to its end, however long NATS is away."""
        while not stop.is_set():
            try:
                await self._fold.catch_up()
            except BusError as error:
                log.warning("bus_away", error=type(error).__name__)
                await asyncio.sleep(_PAUSE_S)
            else:
                self._drop_decided()
                return

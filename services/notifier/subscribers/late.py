"""What goes on already, for somebody who joins now: once, claimed and recorded like any delivery.

It has an alert id of its own, made of the alert's and the person's pseudonym of the alert's day, so that it
is the same whoever tells them and when; and since it stands in the ledger, they hear the end like everybody
who was told. What a crash left half-way is gone on with by whoever answers their code again: from what the
ledger holds, under the next attempt's number, never as a third copy. While a kill switch is on, or cannot be
read, nothing is claimed and nobody is told.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from services.notifier.decide.book import Person
from services.notifier.decide.expand import channel_of
from services.notifier.decide.ledger import Chunk, Claim, Finished, Wait
from services.notifier.decide.pseudo import Kin, chunked, kin_of
from services.notifier.decide.retry import Plan, plan
from services.notifier.delivery import Bill, Delivery, Ending, ForSubscribers, alert_settled, expanded
from services.notifier.engine import Claimed, Engine, Job
from services.notifier.gates import Gates
from services.notifier.kill_switch import KillSwitches
from services.notifier.subscribers.audience import Audience
from services.notifier.subscribers.ways import Ways
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import AlertId, GroupId
from shared.contracts.ledger import LATE, AlertExpanded, AlertSettled, LedgerRecord, RecipientOutcome
from shared.plugins.spec import RenderedMessage
from shared.ports import Clock, Entry

log = structlog.get_logger()

_MOST_TRIES: Final = 5
"""Attempts while the provider surely took nothing: some fifteen seconds; then it is recorded as expired."""
_LOOK_AGAIN_S: Final = 1.0
LEFT_OVER_S: Final = 600.0
"""After so long without news nobody is trying any more, here or elsewhere."""
Words = Callable[[Kin], RenderedMessage]
Choosing = Callable[[], Awaitable[ForSubscribers | None]]


class Attempting(Protocol):
    """Makes attempts at a chunk (the engine's `Attempts`)."""

    async def claim(
        self, delivery: Delivery, alert: AlertRaised, job: Job, *, expansion: AlertExpanded | None = None
    ) -> Claimed | None:
        """Claim; None if another was first."""
        ...

    async def make(
        self, delivery: Delivery, alert: AlertRaised, made: Claimed, *, expired: bool
    ) -> Ending | None:
        """Send what is claimed, and record it; how the alert ended, if this ended it."""
        ...


@dataclass(frozen=True, slots=True)
class Lent:
    """What of the engine is needed to tell them."""

    attempts: Attempting
    switches: KillSwitches
    gates: Gates
    engine: Engine
    finish: Callable[[Delivery, AlertRaised], Awaitable[None]]
    """Record how the alert ended, and name it where a person has to look."""
    prices: Callable[[Delivery, AlertRaised, Sequence[str]], Mapping[str, float]]
    """What telling one of them costs: it counts for the cap, which never holds back what was promised."""


@dataclass(frozen=True, slots=True)
class Latest:
    """What a community was told last of an incident, with its entry; and whether it `still` is the last."""

    alert: AlertRaised
    entry: Entry
    still: Callable[[], bool]


@dataclass(slots=True)
class _Late:
    """One alert for one person. `frozen` until it stands in the ledger."""

    alert: AlertRaised
    delivery: Delivery
    still: Callable[[], bool]
    frozen: AlertExpanded | None = None

    def step(self) -> Claim | Wait | Finished:
        if self.frozen is not None:
            return Claim(1, self.frozen.chunks[0])
        return self.delivery.ledger.chunks[0].next_step(lapsed=self.delivery.lapsed.get(0, 0))

    @property
    def recipient(self) -> str:
        return (self.frozen.chunks if self.frozen else (self.delivery.ledger.chunks[0].recipients,))[0][0]


@dataclass(slots=True)
class _Known:
    """One such alert as the ledger knows it, and when that was last heard of, by our own clock."""

    delivery: Delivery
    group: GroupId
    heard: float = 0.0


class Latecomers:
    """Tells them."""

    def __init__(self, lent: Lent, audience: Audience, clock: Clock, ways: Ways) -> None:
        self._lent, self._audience, self._clock, self._ways = lent, audience, clock, ways
        self._known: dict[AlertId, _Known] = {}
        """What the ledger holds of those who joined late and of whom nobody knows yet how it ended."""
        self._settled: set[AlertId] = set()
        self._under_way: set[AlertId] = set()
        """Who is being told here just now: they may have sent two codes at once."""

    def learn(self, record: LedgerRecord) -> None:
        """A record of the ledger, by this notifier before it began anew, or by another."""
        if is_late(record.alert_id):
            known = self._of(record.alert_id, record.group)
            known.delivery.ledger.apply(record)
            self._forget_if_settled(record.alert_id, known.delivery)

    async def tell(self, latest: Latest, person: Person, choose: Choosing, words: Words) -> None:
        """Tell them, unless somebody did; or go on where somebody stopped."""
        alert = latest.alert
        name = self._id(alert, person)
        if name in self._under_way or name in self._settled:
            return
        self._under_way.add(name)
        try:
            mine = alert.model_copy(update={"alert_id": name})
            late = _Late(mine, self._of(name, alert.group).delivery, latest.still)
            if await self._is_for_them(late, choose):
                self._prepare(late, latest.entry, words)
                while await self._go_on(late):
                    pass
            self._forget_if_settled(name, late.delivery)
        finally:
            self._under_way.discard(name)

    def left_over(self) -> list[AlertSettled]:
        """The last records of those whom nobody has gone on with for long: a stop or a crash came between."""
        now = self._lent.engine.monotonic()
        left = {
            name: known
            for name, known in self._known.items()
            if name not in self._under_way and now - known.heard >= LEFT_OVER_S
        }
        return [
            alert_settled(name, known.group, self._clock.now(), self._end_of(known.delivery))
            for name, known in left.items()
            if known.delivery.ledger.expanded
        ]

    def _end_of(self, delivery: Delivery) -> Ending:
        chunk = delivery.ledger.chunks[0]
        step = chunk.next_step(lapsed=max(chunk.claims, default=0))
        if isinstance(step, Finished):
            delivery.end_chunk(0, step)
            return delivery.outcome()
        return 0, tuple(self._not_told(chunk, recipient) for recipient in chunk.recipients), "expired"

    def _not_told(self, chunk: Chunk, recipient: str) -> RecipientOutcome:
        kin = kin_of(channel_of(recipient))
        return RecipientOutcome(
            recipient=recipient,
            result="unknown" if chunk.copies(recipient) else "rejected",
            channel_kind=self._ways.kind(kin.way) if kin else "unknown",
            reason="left_over",
        )

    def _of(self, name: AlertId, group: GroupId) -> "_Known":
        known = self._known.setdefault(name, _Known(Delivery(), group))
        known.heard = self._lent.engine.monotonic()
        return known

    def _forget_if_settled(self, name: AlertId, delivery: Delivery) -> None:
        if delivery.ledger.settled:
            self._settled.add(name)
            self._known.pop(name, None)

    async def _is_for_them(self, late: _Late, choose: Choosing) -> bool:
        ledger = late.delivery.ledger
        if not ledger.expanded and (found := await choose()) is not None:
            late.frozen = _frozen(late.alert, found)
        return not ledger.settled and (ledger.expanded or late.frozen is not None)

    def _prepare(self, late: _Late, entry: Entry, words: Words) -> None:
        kin = kin_of(channel_of(late.recipient))
        if kin is None:
            raise ValueError("someone who is no subscriber was to be told late")
        delivery = late.delivery
        delivery.alert, delivery.entry, delivery.open_chunks = late.alert, entry, {0}
        delivery.channels = {kin.id: kin.definition(self._ways.kind(kin.way))}
        delivery.messages = {(kin.id, self._ways.max_chars(kin.way)): words(kin)}
        if late.frozen is not None and (prices := self._lent.prices(delivery, late.alert, (kin.id,))):
            late.frozen = late.frozen.model_copy(update={"prices": prices})

    async def _go_on(self, late: _Late) -> bool:
        """One step; whether there is another."""
        match late.step():
            case Finished() as how:
                late.delivery.end_chunk(0, how)
                await self._lent.finish(late.delivery, late.alert)
                late.delivery.ledger.settled = True
            case Wait(attempt):
                await self._lent.engine.sleep(self._lent.engine.lease_s)
                late.delivery.lapsed[0] = attempt
            case Claim() as claim:
                return await self._attempt(late, claim) and not late.delivery.ledger.settled
        return not late.delivery.ledger.settled

    async def _attempt(self, late: _Late, claim: Claim) -> bool:
        """Make it; False where a switch is on, or where it is overtaken and they were promised nothing."""
        lent, group = self._lent, late.alert.group
        after = self._plan(late, claim)
        await lent.engine.sleep(after.after_s)
        hopeless = after.hopeless or not await self._may_be_sent(late)
        if why := await lent.switches.stopped(lent.switches.ask(group)):
            log.warning("late_not_told", group=group, reason=why)
            return False
        if late.frozen is not None and not late.still():
            return False
        job = Job(late.alert.alert_id, 0, claim.attempt, claim.recipients)
        lane = late.delivery.lane(late.alert, late.recipient)
        lent.gates.enter(lane, 1, job.who)
        try:
            made = await lent.attempts.claim(late.delivery, late.alert, job, expansion=late.frozen)
            late.frozen = None
            if not late.still():
                hopeless, late.delivery.overtaken = True, "superseded"
            if made is not None:
                ending = await lent.attempts.make(late.delivery, late.alert, made, expired=hopeless)
                late.delivery.ledger.settled |= ending is not None
        finally:
            lent.gates.leave(lane.account, job.who)
        return True

    async def _may_be_sent(self, late: _Late) -> bool:
        """Wait until their way may be sent by; False if that is too late."""
        account = late.delivery.account(late.alert, late.recipient)
        while (wait := self._lent.gates.wait_s(account)) is not None:
            if self._left_s(late) <= wait:
                return False
            await self._lent.engine.sleep(max(wait, _LOOK_AGAIN_S))
        return True

    def _left_s(self, late: _Late) -> float:
        return (late.alert.not_after - self._clock.now()).total_seconds()

    def _plan(self, late: _Late, claim: Claim) -> Plan:
        """When, or that there is no use in it."""
        if claim.attempt > _MOST_TRIES:
            return Plan(0.0, claim.recipients, hopeless=True)
        return plan(
            claim.recipients,
            claim.after,
            attempt=claim.attempt - 1,
            jitter=self._lent.engine.jitter(),
            left_s=self._left_s(late),
        )

    def _id(self, alert: AlertRaised, person: Person) -> AlertId:
        """The same for the same person and alert, whenever they are told."""
        called = self._audience.called(person, alert.at.date())
        found = hashlib.sha256(f"{alert.alert_id}\n{called}".encode()).hexdigest()
        return AlertId(f"{LATE}{found[:32]}")


def is_late(alert_id: str) -> bool:
    """Whether it is an alert of one person who joined late."""
    return alert_id.startswith(LATE)


def _frozen(mine: AlertRaised, found: ForSubscribers) -> AlertExpanded | None:
    """The record that freezes the one person; None where it is not for them."""
    for kin, who in found.kin.items():
        return expanded(mine, Bill(tuple(chunked(kin, who, 1))), found.at)
    return None

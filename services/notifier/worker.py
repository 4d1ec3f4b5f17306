"""The notifier's engine: alerts become recipients, chunks, claims, sends and outcomes.

Guarantees (DESIGN 7, 8, 10): nothing is sent that is not claimed in the ledger; an attempt that
was claimed and not settled counts as a possible copy, and nobody gets a third; whoever is not
told is named with the reason; urgent goes first and groups in turn; a kill switch that is on or
cannot be read holds everything. It owns no state but the fold of DECISIONS and LEDGER, so it may
be killed anywhere and any number of them may run.
"""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Final

import structlog

from services.notifier.attempts import Attempts
from services.notifier.budget import Budget
from services.notifier.costs import Costs
from services.notifier.decide.breaker import speaks_of_provider
from services.notifier.decide.lanes import Lane
from services.notifier.decide.ledger import Claim, Finished, Wait
from services.notifier.decide.overtaken import Overtaken, corrects, may_overtake, overtakes
from services.notifier.decide.remembered import Remembered
from services.notifier.decide.retry import LEASE_LAPSED, Plan, plan
from services.notifier.delivery import Delivery, Ending, alert_settled
from services.notifier.directory import Directory
from services.notifier.engine import BEGIN, END, ENDING, EXPANDING, Engine, Job, Planned
from services.notifier.gates import Gates
from services.notifier.kill_switch import Asked, KillSwitches
from services.notifier.limit import HourlyLimit
from services.notifier.preparing import Preparation
from services.notifier.reading import Opener, Reader
from services.notifier.receipts import Receipts
from services.notifier.records import LedgerWriter
from services.notifier.subscribers.late import Lent, is_late
from services.notifier.subscribers.subscribers import Subscribers
from services.notifier.work import Work, cancel
from shared.contracts.alerts import AlertRaised
from shared.contracts.catalog import encode
from shared.contracts.incidents import IncidentMerged, IncidentSentOn
from shared.contracts.ledger import (
    AlertExpanded,
    AlertSettled,
    DeliveryReceipted,
    LedgerRecord,
    MessagesWaiting,
)
from shared.lifecycle import WorkerEndedError
from shared.ports import Bus, Clock, Entry
from shared.spending import stand_in_chunks

log = structlog.get_logger()

_HOLD_S: Final = 1.0
_FRESH_S: Final = 0.1
"""How long what was asked of the kill switch for an alert's first chunk may wait for the alert's words."""
_AFTER_FAILURE_S: Final = 5.0
_LOOK_AT_MONEY_S: Final = 5.0


class Notifier:
    """One notifier. `run` until told to stop."""

    def __init__(  # noqa: PLR0913 - each is another thing it works with
        self,
        bus: Bus,
        keyring: Opener,
        clock: Clock,
        directory: Directory,
        engine: Engine | None = None,
        *,
        subscribers: Subscribers | None = None,
    ) -> None:
        self._clock, self._directory = clock, directory
        self._engine = engine or Engine()
        self._bus = bus
        self._writer = LedgerWriter(bus, self._engine.sleep)
        self._reader = Reader(
            bus, keyring, clock, directory, is_own=self._writer.is_own, sleep=self._engine.sleep
        )
        self._switches = KillSwitches(bus)
        self._subscribers = subscribers
        self._remembered = Remembered()
        self._costs = Costs(directory, clock, self._remembered, subscribers)
        self._budget = Budget(directory, self._costs, clock)
        self._preparation = Preparation(
            self._reader,
            directory,
            clock,
            engine=self._engine,
            costs=self._costs,
            remembered=self._remembered,
            subscribers=subscribers,
        )
        self._gates = Gates(self._engine, directory.per_second)
        self._work = Work(self._engine, self._gates, self._do)
        self.receipts = Receipts(self._writer, directory, clock)
        """What providers say later; the door takes it."""
        self._attempts = Attempts(
            self._writer,
            directory,
            clock,
            engine=self._engine,
            gates=self._gates,
            keyring=keyring,
            receipts=self.receipts,
            remembered=self._remembered,
            subscribers=subscribers,
        )
        if subscribers is not None:
            lent = Lent(
                self._attempts,
                self._switches,
                self._gates,
                self._engine,
                self._record_end,
                self._costs.prices,
            )
            subscribers.attach(self._reader, self._remembered.merged, lent)
        self._deliveries: dict[str, Delivery] = {}
        self._limit = HourlyLimit(
            directory,
            clock,
            self._remembered,
            engine=self._engine,
            work=self._work,
            deliveries=self._deliveries,
        )
        self._settled: set[str] = set()
        self._foreign: dict[tuple[str, int], tuple[int, float]] = {}
        self._ledger_read = asyncio.Event()
        self._held: dict[str, str] = {}

    # --- life ----------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; then finish what is claimed and return."""
        stopping = asyncio.create_task(_until(stop))
        loops = {
            asyncio.create_task(
                self._reader.ledger(self._on_record, self._limit.learn, self._ledger_read.set)
            ),
            asyncio.create_task(self._follow_decisions()),
            asyncio.create_task(self._begin_work()),
            asyncio.create_task(self._sweep()),
            asyncio.create_task(self._warn()),
            asyncio.create_task(self._watch_limit()),
        }
        try:
            ended, _ = await asyncio.wait({stopping, *loops}, return_when=asyncio.FIRST_COMPLETED)
            for task in ended - {stopping}:
                task.result()
                raise WorkerEndedError("The notifier's reading ended although nobody asked it to.")
            await self._work.drain()
        finally:
            self._work.draining = True
            await cancel({stopping, *loops})
            await self._work.cancel()
            await self._switches.close()
            await self._writer.close()

    async def health(self) -> dict[str, object]:
        """Whether it can work, and figures; 503 until the ledger is read and while NATS is away."""
        return {
            "ok": self._ledger_read.is_set() and self._bus.connected,
            "waiting": len(self._work.lanes),
            "under_way": self._work.lanes.under_way,
            "alerts_open": len(self._deliveries),
            "outcomes": {
                f"{kind}.{result}": n for (kind, result), n in sorted(self._attempts.counted.items())
            },
            "receipts": dict(sorted(self.receipts.counted.items())),
            "bad_credentials": sorted(self._attempts.without_credentials),
            "held": dict(self._held),
            "spending": self._budget.figures(),
            "channels_held": self._gates.held(self._clock.now()),
            "waiting_for_the_hour": self._limit.figures(),
            **({"subscribers": self._subscribers.health()} if self._subscribers else {}),
        }

    @property
    def ready(self) -> bool:
        """Whether the ledger is read, so that a receipt's message is known if it ever was."""
        return self._ledger_read.is_set()

    async def _follow_decisions(self) -> None:
        await self._ledger_read.wait()
        await self._reader.decisions(self._on_alert, self._on_decided, self._settle_unreadable)

    async def _begin_work(self) -> None:
        """Not before all is read that was decided: or what began would go though its end stands there."""
        await self._caught_up()
        self._work.begin()
        await asyncio.Future()

    async def _caught_up(self) -> None:
        await self._ledger_read.wait()
        await self._reader.caught_up()

    async def _sweep(self) -> None:
        """Now and then: what others abandoned, and what waits in vain."""
        while True:
            await self._engine.sleep(self._engine.lease_s / 4)
            self._take_over()
            for job in self._work.lanes.pull(self._in_vain):
                self._put_hopeless(job)

    def _take_over(self) -> None:
        """Hold claims for abandoned that others made a lease ago, by this process's own clock."""
        now = self._engine.monotonic()
        for (alert_id, chunk), (attempt, seen) in list(self._foreign.items()):
            if now - seen >= self._engine.lease_s:
                del self._foreign[alert_id, chunk]
                if delivery := self._deliveries.get(alert_id):
                    delivery.lapsed[chunk] = attempt
                    self._advance(delivery, chunk)

    def _in_vain(self, lane: Lane, job: Job) -> bool:
        """Whether its alert will be too old before its account may be sent by."""
        alert = d.alert if (d := self._deliveries.get(job.alert_id)) else None
        if d is None or alert is None or lane.account is None:
            return False
        return self._left_s(d, alert, job) <= (self._gates.wait_s(lane.account) or 0.0)

    async def _warn(self) -> None:
        """Tell groups that their money for text messages goes; what is told is told by the ledger once."""
        await self._caught_up()
        while True:
            for alert in self._budget.due():
                self._take_up(alert, None)
            await self._engine.sleep(_LOOK_AT_MONEY_S)

    async def _watch_limit(self) -> None:
        """What waits for its group's hour goes when it may; how much does, the ledger says."""
        await self._caught_up()
        await self._limit.watch(self._say)

    async def _say(self, waiting: MessagesWaiting) -> None:
        message = encode(waiting, source="notifier")
        await self._reader.patiently(partial(self._bus.publish, message))

    # --- what comes in -------------------------------------------------------------------------

    def _on_record(self, record: LedgerRecord) -> None:
        self.receipts.learn(record)
        self._attempts.threads.learn(record)
        self._remembered.learn(record)
        if isinstance(record, DeliveryReceipted):
            return
        if self._subscribers is not None:
            self._subscribers.learn(record)
        if is_late(record.alert_id):
            return
        if isinstance(record, AlertSettled):
            self._forget(record.alert_id)
        if record.alert_id in self._settled:
            return
        delivery = self._deliveries.setdefault(record.alert_id, Delivery())
        delivery.ledger.apply(record)
        chunk = getattr(record, "chunk", None)
        if delivery.begun_at and isinstance(chunk, int):
            self._advance(delivery, chunk)

    def _on_alert(self, alert: AlertRaised, entry: Entry) -> None:
        if self._subscribers is not None:
            self._subscribers.heard(alert, entry)
        if may_overtake(alert):
            for earlier in list(self._deliveries.values()):
                if earlier.alert is not None:
                    self._compare(alert, earlier, earlier.alert)
        self._take_up(alert, entry)

    def _compare(self, alert: AlertRaised, earlier: Delivery, about: AlertRaised) -> None:
        """What the alert makes pointless of an earlier one."""
        if by := overtakes(alert, about, self._remembered.merged):
            self._overtake(earlier, by)
        elif corrects(alert, about, self._remembered.merged):
            earlier.corrected = True
            if self._limit.holds(about):
                self._overtake(earlier, "corrected")

    def _on_decided(self, event: IncidentSentOn | IncidentMerged) -> None:
        if isinstance(event, IncidentSentOn):
            self._limit.sent_on(event)
            return
        self._remembered.merged.learn(event)
        if self._subscribers is not None:
            self._subscribers.merged(event)

    def _take_up(self, alert: AlertRaised, entry: Entry | None) -> None:
        if alert.alert_id in self._settled:
            return
        delivery = self._deliveries.setdefault(alert.alert_id, Delivery())
        if delivery.alert is None:
            delivery.alert, delivery.entry = alert, entry
            self._work.put(_whole(alert, EXPANDING), Job(alert.alert_id))

    def _forget(self, alert_id: str) -> None:
        self._settled.add(alert_id)
        self._deliveries.pop(alert_id, None)
        self._remembered.stood_in.ended(alert_id)

    def _overtake(self, delivery: Delivery, by: Overtaken) -> None:
        """It is no longer so: what has not gone out by now is only recorded."""
        delivery.overtaken = by
        for chunk in sorted(delivery.open_chunks) if delivery.begun_at else ():
            self._advance(delivery, chunk)

    # --- what is done in which order -----------------------------------------------------------

    def _put_hopeless(self, job: Job) -> None:
        """To be recorded, not sent: no provider can keep that waiting."""
        if (delivery := self._deliveries.get(job.alert_id)) is not None:
            job = replace(job, hopeless=True)
            delivery.planned[job.chunk] = job.planned
            self._work.put(_whole(_given(delivery.alert), ENDING), job)

    async def _do(self, job: Job) -> None:
        delivery = self._deliveries.get(job.alert_id)
        if delivery is None:
            return
        try:
            if job.chunk == BEGIN:
                await self._begin(delivery)
            elif job.chunk == END:
                await self._finish(delivery)
            else:
                await self._send(delivery, job)
        except Exception:
            log.exception("delivery_failed", alert_id=job.alert_id, chunk=job.chunk)
            self._work.later(_AFTER_FAILURE_S, lambda: self._again(job))

    def _again(self, job: Job) -> None:
        """Take up what failed: an alert from its beginning, a chunk from what the ledger says."""
        delivery = self._deliveries.get(job.alert_id)
        if delivery is None or delivery.alert is None:
            return
        if job.chunk < 0:
            self._work.put(_whole(delivery.alert, EXPANDING), job)
        else:
            delivery.planned.pop(job.chunk, None)
            self._advance(delivery, job.chunk)

    def _left_s(self, delivery: Delivery, alert: AlertRaised, job: Job) -> float:
        return delivery.left_s(alert, job.chunk, job.recipients[0], self._clock.now())

    # --- expanding -----------------------------------------------------------------------------

    async def _begin(self, delivery: Delivery) -> None:
        """Make the words, freeze the recipients, and start on the chunks."""
        alert = _given(delivery.alert)
        asked = self._engine.monotonic(), self._switches.ask(alert.group)
        if not await self._preparation.ready(delivery, alert):
            await self._unreadable(delivery, alert)
            return
        first = None if delivery.ledger.expanded else await self._expand(delivery, alert, asked)
        delivery.begun_at = self._clock.now()
        delivery.open_chunks = set(delivery.ledger.chunks)
        if not delivery.open_chunks:
            await self._finish(delivery)
        if first is not None:
            self._work.start(*first)
        for chunk in sorted(delivery.open_chunks):
            self._advance(delivery, chunk)

    async def _expand(
        self, delivery: Delivery, alert: AlertRaised, asked: tuple[float, Asked]
    ) -> tuple[Lane, int, Job] | None:
        """Freeze the recipients; where the first chunk may go at once, with its claim, to be started then."""
        expansion = self._preparation.expansion(delivery, alert)
        self._remembered.learn(expansion)  # now, lest another alert's cost be reckoned without it
        if self._subscribers is not None:  # now, lest an end be decided meanwhile without them
            self._subscribers.audience.learn(expansion, stored=False)
        first = await self._reserved(delivery, alert, expansion, asked)
        if first is None:
            await self._attempts.freeze(delivery, alert, expansion)
            self._engine.fault("notifier.after_expand")
            return None
        lane, size, job = first
        delivery.planned[job.chunk] = job.planned
        self._work.attempts.add(job.name)
        try:
            claim = await self._attempts.claim(delivery, alert, job, expansion=expansion)
            self._engine.fault("notifier.after_expand")
        except BaseException:
            self._unplan(delivery, lane, size, job)
            raise
        if claim is None:
            self._unplan(delivery, lane, size, job)
            return None
        return lane, size, replace(job, claimed=claim)

    def _unplan(self, delivery: Delivery, lane: Lane, size: int, job: Job) -> None:
        """What was to be done next is for the ledger to say again."""
        delivery.planned.pop(job.chunk, None)
        self._work.attempts.discard(job.name)
        self._work.give_back(lane, size, job)

    async def _reserved(
        self, delivery: Delivery, alert: AlertRaised, expansion: AlertExpanded, asked: tuple[float, Asked]
    ) -> tuple[Lane, int, Job] | None:
        """The first chunk with its room taken, if it may be sent now."""
        waits = 0 in stand_in_chunks(expansion)  # of those, the ledger says who is to be told
        if waits or not expansion.chunks:
            return None
        job = Job(alert.alert_id, 0, 1, expansion.chunks[0])
        if self._only_recorded(delivery, alert, job) or await self._stopped(alert, asked):
            return None
        lane = delivery.lane(alert, job.recipients[0])
        if not self._limit.allows(alert, job) or not self._work.reserve(lane, job):
            return None
        return lane, len(job.recipients), job

    async def _stopped(self, alert: AlertRaised, asked: tuple[float, Asked]) -> str | None:
        """What the kill switch says; asked anew if that was too long ago."""
        fresh = self._engine.monotonic() - asked[0] < _FRESH_S
        return await self._switches.stopped(asked[1] if fresh else self._switches.ask(alert.group))

    # --- sending -------------------------------------------------------------------------------

    def _advance(self, delivery: Delivery, chunk: int) -> None:
        """Start what the ledger says comes next for a chunk, unless it is under way here."""
        if chunk not in delivery.open_chunks or delivery.waits(chunk):
            return
        alert = _given(delivery.alert)
        step = delivery.ledger.chunks[chunk].next_step(lapsed=delivery.lapsed.get(chunk, 0))
        match step:
            case Finished():
                if delivery.end_chunk(chunk, step):
                    self._work.put(_whole(alert, ENDING), Job(alert.alert_id, END))
                for following in delivery.next_chunks(chunk):
                    self._advance(delivery, following)
            case Wait(attempt):
                if (alert.alert_id, chunk, attempt) not in self._work.attempts:
                    self._watch(alert.alert_id, chunk, attempt)
            case Claim(attempt):
                planned = delivery.planned.get(chunk, Planned(0))
                overtaken = delivery.overtaken is not None and not planned.only_recorded
                if planned.attempt != attempt or overtaken:
                    self._schedule(delivery, alert, chunk, step)

    def _watch(self, alert_id: str, chunk: int, attempt: int) -> None:
        if self._foreign.get((alert_id, chunk), (0, 0.0))[0] != attempt:
            self._foreign[alert_id, chunk] = (attempt, self._engine.monotonic())

    def _schedule(self, delivery: Delivery, alert: AlertRaised, chunk: int, claim: Claim) -> None:
        job = Job(alert.alert_id, chunk, claim.attempt, claim.recipients)
        if job.name in self._work.attempts:
            return  # it is being claimed, and looks itself before it sends
        if delivery.overtaken:
            self._put_hopeless(job)
            return
        if any(o.reason == LEASE_LAPSED for o in claim.after):
            delivery.held_at[chunk] = self._clock.now()
        held = any(map(speaks_of_provider, claim.after))  # then it is the gate whose pauses grow
        after: Plan = plan(
            claim.recipients,
            claim.after,
            attempt=1 if held else claim.attempt - 1,
            jitter=self._engine.jitter(),
            left_s=self._left_s(delivery, alert, job),
        )
        job = replace(job, recipients=after.recipients)
        if after.hopeless:
            self._put_hopeless(job)
            return
        delivery.planned[chunk] = job.planned
        lane = delivery.lane(alert, after.recipients[0])
        self._work.later(after.after_s, lambda: self._work.put(lane, job))

    async def _send(self, delivery: Delivery, job: Job) -> None:
        alert = _given(delivery.alert)
        if job.claimed is None and not await self._may_be_claimed(delivery, alert, job):
            return
        if job.probe:
            job = delivery.alone(job)
        self._work.attempts.add(job.name)
        try:
            claim = job.claimed or await self._attempts.claim(delivery, alert, job)
            expired = self._only_recorded(delivery, alert, job)
            ending = await self._attempts.make(delivery, alert, claim, expired=expired) if claim else None
        finally:
            self._work.attempts.discard(job.name)
        if ending is not None:
            self._ended(alert, ending)
            return
        if delivery.planned.get(job.chunk) == job.planned:
            del delivery.planned[job.chunk]
        self._advance(delivery, job.chunk)

    def _only_recorded(self, delivery: Delivery, alert: AlertRaised, job: Job) -> bool:
        """Whether it is too late to send it."""
        too_late = delivery.overtaken is not None or self._left_s(delivery, alert, job) <= 0
        return job.hopeless or too_late

    async def _may_be_claimed(self, delivery: Delivery, alert: AlertRaised, job: Job) -> bool:
        """Whether it is still to be done and nothing holds it; what is only recorded waits for nobody."""
        if delivery.planned.get(job.chunk) != job.planned:
            return False
        if self._only_recorded(delivery, alert, job):
            return True
        if why := await self._switches.stopped(self._switches.ask(alert.group)):
            self._hold(delivery, alert, job, why)
            return False
        self._held.pop(alert.group, None)
        if delivery.planned.get(job.chunk) != job.planned:
            return False  # its end came while the switch was being read
        if delivery.corrected and not self._limit.allows(alert, job):
            self._overtake(delivery, "corrected")
            return False
        return self._limit.admits(delivery, alert, job)

    def _hold(self, delivery: Delivery, alert: AlertRaised, job: Job, why: str) -> None:
        """Put it back for a while; say so once per group and reason."""
        if self._held.get(alert.group) != why:
            self._held[alert.group] = why
            log.warning("sending_held", group=alert.group, reason=why)
        delivery.held_at[job.chunk] = self._clock.now()
        lane = delivery.lane(alert, job.recipients[0])
        self._work.later(_HOLD_S, lambda: self._work.put(lane, job))

    # --- ends ----------------------------------------------------------------------------------

    async def _finish(self, delivery: Delivery) -> None:
        await self._record_end(delivery, _given(delivery.alert))

    async def _record_end(self, delivery: Delivery, alert: AlertRaised) -> None:
        outcome = delivery.outcome()
        if outcome[2] == "flagged" and delivery.entry is not None:
            await self._reader.bury(delivery.entry, "ambiguous_twice")
        record = alert_settled(alert.alert_id, alert.group, self._clock.now(), outcome)
        await self._writer.write(record, urgent=alert.urgency == "urgent")
        self._ended(alert, outcome)

    def _ended(self, alert: AlertRaised, ending: Ending) -> None:
        self._forget(alert.alert_id)
        log.info(
            "alert_settled",
            alert_id=alert.alert_id,
            group=alert.group,
            delivered=ending[0],
            unsent=len(ending[1]),
            reason=ending[2],
        )

    async def _unreadable(self, delivery: Delivery, alert: AlertRaised) -> None:
        if delivery.entry is not None:
            await self._reader.bury(delivery.entry, "unreadable")
        await self._settle_unreadable(alert.alert_id, alert.group)

    async def _settle_unreadable(self, alert_id: str, group: str) -> None:
        if alert_id not in self._settled:
            record = alert_settled(alert_id, group, self._clock.now(), (0, (), "unreadable"))
            await self._writer.write(record, urgent=True)
            self._forget(alert_id)


def _whole(alert: AlertRaised, kind: str) -> Lane:
    """The lane of what is about a whole alert, or is only recorded."""
    return Lane(alert.urgency == "urgent", alert.group, kind)


def _given(alert: AlertRaised | None) -> AlertRaised:
    """The alert, which everything that was put in a lane has."""
    if alert is None:
        raise RuntimeError("a delivery without its alert was taken up")
    return alert


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()

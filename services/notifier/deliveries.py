"""All alerts on their way: what comes next for each chunk, as the ledger says, and doing it.

Guarantees: nothing is sent that is not claimed; what is no longer so is recorded, never sent, wherever it
waits; of two pieces of work for one attempt only the one that is planned does anything; a failure of ours is
tried again from what the ledger says.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from services.notifier.attempts import Attempts
from services.notifier.decide.breaker import speaks_of_provider
from services.notifier.decide.lanes import Lane
from services.notifier.decide.ledger import Claim, Finished, Wait
from services.notifier.decide.overtaken import Overtaken, corrects, may_overtake, overtakes
from services.notifier.decide.remembered import Remembered
from services.notifier.decide.retry import LEASE_LAPSED, Plan, plan
from services.notifier.delivery import Delivery, Ending, alert_settled
from services.notifier.directory import Directory
from services.notifier.engine import BEGIN, END, ENDING, EXPANDING, Engine, Job, Planned
from services.notifier.freezing import Freezing
from services.notifier.gates import Gates
from services.notifier.kill_switch import KillSwitches
from services.notifier.limit import HourlyLimit
from services.notifier.preparing import Preparation
from services.notifier.reading import Reader
from services.notifier.records import LedgerWriter
from services.notifier.subscribers.subscribers import Subscribers
from services.notifier.work import Work
from shared.contracts.alerts import AlertRaised
from shared.contracts.ledger import AlertSettled, LedgerRecord
from shared.ports import Clock, Entry

log = structlog.get_logger()

_HOLD_S: Final = 1.0
_AFTER_FAILURE_S: Final = 5.0


class Deliveries:
    """Takes alerts up (`take_up`), learns what the ledger says (`learn`), and brings each to its end."""

    def __init__(  # noqa: PLR0913 - each is another thing it works with
        self,
        engine: Engine,
        clock: Clock,
        *,
        reader: Reader,
        writer: LedgerWriter,
        directory: Directory,
        preparation: Preparation,
        attempts: Attempts,
        switches: KillSwitches,
        gates: Gates,
        remembered: Remembered,
        subscribers: Subscribers | None = None,
    ) -> None:
        self._engine, self._clock, self._gates = engine, clock, gates
        self._reader, self._writer = reader, writer
        self._attempts, self._switches, self._remembered = attempts, switches, remembered
        self._open: dict[str, Delivery] = {}
        self._settled: set[str] = set()
        self._foreign: dict[tuple[str, int], tuple[int, float]] = {}
        """Attempts of others, by chunk, and since when we have seen them."""
        self.held: dict[str, str] = {}
        """Why what groups send is held, by group."""
        self.work = Work(engine, gates, self._do)
        self.limit = HourlyLimit(
            directory, clock, remembered, engine=engine, work=self.work, deliveries=self._open
        )
        self._freezing = Freezing(
            engine,
            clock,
            preparation=preparation,
            attempts=attempts,
            switches=switches,
            work=self.work,
            limit=self.limit,
            remembered=remembered,
            subscribers=subscribers,
        )

    def __len__(self) -> int:
        """How many alerts are on their way."""
        return len(self._open)

    def queued(self, now: datetime) -> dict[str, dict[str, float]]:
        """What waits in lanes, urgent and usual: how much, and since when its oldest alert is due."""
        found = {name: {"waiting": 0, "oldest_age_s": 0.0} for name in ("urgent", "usual")}
        for lane, job in self.work.lanes:
            one = found["urgent" if lane.urgent else "usual"]
            one["waiting"] += 1
            if (delivery := self._open.get(job.alert_id)) is not None and delivery.alert is not None:
                one["oldest_age_s"] = max(one["oldest_age_s"], (now - delivery.alert.at).total_seconds())
        return found

    # --- what comes in -------------------------------------------------------------------------

    def learn(self, record: LedgerRecord) -> None:
        """A record by another notifier, or by this one before it began anew."""
        if isinstance(record, AlertSettled):
            self._forget(record.alert_id)
        if record.alert_id in self._settled:
            return
        delivery = self._open.setdefault(record.alert_id, Delivery())
        delivery.ledger.apply(record)
        chunk = getattr(record, "chunk", None)
        if delivery.begun_at and isinstance(chunk, int):
            self._advance(delivery, chunk)

    def raised(self, alert: AlertRaised, entry: Entry) -> None:
        """An alert was read, in the log's order."""
        if may_overtake(alert):
            for earlier in list(self._open.values()):
                if earlier.alert is not None:
                    self._compare(alert, earlier, earlier.alert)
        self.take_up(alert, entry)

    def take_up(self, alert: AlertRaised, entry: Entry | None) -> None:
        """Begin with it, unless that is done."""
        if alert.alert_id in self._settled:
            return
        delivery = self._open.setdefault(alert.alert_id, Delivery())
        if delivery.alert is None:
            delivery.alert, delivery.entry = alert, entry
            self.work.put(_whole(alert, EXPANDING), Job(alert.alert_id))

    def _compare(self, alert: AlertRaised, earlier: Delivery, about: AlertRaised) -> None:
        """What the alert makes pointless of an earlier one."""
        if by := overtakes(alert, about, self._remembered.merged):
            self._overtake(earlier, by)
        elif corrects(alert, about, self._remembered.merged):
            earlier.corrected = True
            if self.limit.holds(about):
                self._overtake(earlier, "corrected")

    def _overtake(self, delivery: Delivery, by: Overtaken) -> None:
        """It is no longer so: what has not gone out by now is only recorded."""
        delivery.overtaken = by
        for chunk in sorted(delivery.open_chunks) if delivery.begun_at else ():
            self._advance(delivery, chunk)

    def _forget(self, alert_id: str) -> None:
        self._settled.add(alert_id)
        self._open.pop(alert_id, None)
        self._remembered.stood_in.ended(alert_id)

    # --- what is done in which order -----------------------------------------------------------

    def sweep(self) -> None:
        """Now and then: what others abandoned, and what waits in vain."""
        self._take_over()
        for job in self.work.lanes.pull(self._in_vain):
            self._put_hopeless(job)

    def _take_over(self) -> None:
        """Hold claims for abandoned that others made a lease ago, by this process's own clock."""
        now = self._engine.monotonic()
        for (alert_id, chunk), (attempt, seen) in list(self._foreign.items()):
            if now - seen >= self._engine.lease_s:
                del self._foreign[alert_id, chunk]
                if delivery := self._open.get(alert_id):
                    delivery.lapsed[chunk] = attempt
                    self._advance(delivery, chunk)

    def _in_vain(self, lane: Lane, job: Job) -> bool:
        """Whether its alert will be too old before its account may be sent by."""
        alert = d.alert if (d := self._open.get(job.alert_id)) else None
        if d is None or alert is None or lane.account is None:
            return False
        return d.left_s(alert, job, self._clock.now()) <= (self._gates.wait_s(lane.account) or 0.0)

    def _put_hopeless(self, job: Job) -> None:
        """To be recorded, not sent: no provider can keep that waiting."""
        if (delivery := self._open.get(job.alert_id)) is not None:
            job = replace(job, hopeless=True)
            delivery.planned[job.chunk] = job.planned
            self.work.put(_whole(_given(delivery.alert), ENDING), job)

    async def _do(self, job: Job) -> None:
        delivery = self._open.get(job.alert_id)
        if delivery is None:
            return
        try:
            if job.chunk == BEGIN:
                await self._begin(delivery)
            elif job.chunk == END:
                await self.record_end(delivery, _given(delivery.alert))
            else:
                await self._send(delivery, job)
        except Exception:
            log.exception("delivery_failed", alert_id=job.alert_id, chunk=job.chunk)
            self.work.later(_AFTER_FAILURE_S, lambda: self._again(job))

    def _again(self, job: Job) -> None:
        """Take up what failed: an alert from its beginning, a chunk from what the ledger says."""
        delivery = self._open.get(job.alert_id)
        if delivery is None or delivery.alert is None:
            return
        if job.chunk < 0:
            self.work.put(_whole(delivery.alert, EXPANDING), job)
        else:
            if delivery.planned.get(job.chunk) == job.planned:
                del delivery.planned[job.chunk]
            self._advance(delivery, job.chunk)

    # --- sending -------------------------------------------------------------------------------

    async def _begin(self, delivery: Delivery) -> None:
        """Make the words, freeze the recipients, and start on the chunks."""
        alert = _given(delivery.alert)
        can_be_told, first = await self._freezing.begin(delivery, alert)
        if not can_be_told:
            await self._unreadable(delivery, alert)
            return
        delivery.begun_at = self._clock.now()
        delivery.open_chunks = set(delivery.ledger.chunks)
        if not delivery.open_chunks:
            await self.record_end(delivery, _given(delivery.alert))
        if first is not None:
            self.work.start(*first)
        for chunk in sorted(delivery.open_chunks):
            self._advance(delivery, chunk)

    def _advance(self, delivery: Delivery, chunk: int) -> None:
        """Start what the ledger says comes next for a chunk, unless it is under way here."""
        if chunk not in delivery.open_chunks or delivery.waits(chunk):
            return
        alert = _given(delivery.alert)
        step = delivery.ledger.chunks[chunk].next_step(lapsed=delivery.lapsed.get(chunk, 0))
        match step:
            case Finished():
                if delivery.end_chunk(chunk, step):
                    self.work.put(_whole(alert, ENDING), Job(alert.alert_id, END))
                for following in delivery.next_chunks(chunk):
                    self._advance(delivery, following)
            case Wait(attempt):
                if (alert.alert_id, chunk, attempt) not in self.work.attempts:
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
        if job.name in self.work.attempts:
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
            left_s=delivery.left_s(alert, job, self._clock.now()),
        )
        job = replace(job, recipients=after.recipients)
        if after.hopeless:
            self._put_hopeless(job)
            return
        delivery.planned[chunk] = job.planned
        lane = delivery.lane(alert, after.recipients[0])
        self.work.later(after.after_s, lambda: self.work.put(lane, job))

    async def _send(self, delivery: Delivery, job: Job) -> None:
        alert = _given(delivery.alert)
        if job.claimed is None and not await self._may_be_claimed(delivery, alert, job):
            return
        if job.probe:
            job = delivery.alone(job)
        self.work.attempts.add(job.name)
        try:
            claim = job.claimed or await self._attempts.claim(delivery, alert, job)
            expired = delivery.is_too_late(alert, job, self._clock.now())
            ending = await self._attempts.make(delivery, alert, claim, expired=expired) if claim else None
        finally:
            self.work.attempts.discard(job.name)
        if ending is not None:
            self._ended(alert, ending)
            return
        if delivery.planned.get(job.chunk) == job.planned:
            del delivery.planned[job.chunk]
        self._advance(delivery, job.chunk)

    async def _may_be_claimed(self, delivery: Delivery, alert: AlertRaised, job: Job) -> bool:
        """Whether it is still to be done and nothing holds it; what is only recorded waits for nobody."""
        if delivery.planned.get(job.chunk) != job.planned or job.name in self.work.attempts:
            return False
        if delivery.is_too_late(alert, job, self._clock.now()):
            return True
        if why := await self._switches.stopped(self._switches.ask(alert.group)):
            self._hold(delivery, alert, job, why)
            return False
        self.held.pop(alert.group, None)
        if delivery.planned.get(job.chunk) != job.planned:
            return False  # its end came while the switch was being read
        if delivery.corrected and not self.limit.allows(alert, job):
            self._overtake(delivery, "corrected")
            return False
        return self.limit.admits(delivery, alert, job)

    def _hold(self, delivery: Delivery, alert: AlertRaised, job: Job, why: str) -> None:
        """Put it back for a while; say so once per group and reason."""
        if self.held.get(alert.group) != why:
            self.held[alert.group] = why
            log.warning("sending_held", group=alert.group, reason=why)
        delivery.held_at[job.chunk] = self._clock.now()
        lane = delivery.lane(alert, job.recipients[0])
        self.work.later(_HOLD_S, lambda: self.work.put(lane, job))

    # --- ends ----------------------------------------------------------------------------------

    async def record_end(self, delivery: Delivery, alert: AlertRaised) -> None:
        """Record how it ended; what a person has to look at is named in DEAD first."""
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
        await self.settle_unreadable(alert.alert_id, alert.group)

    async def settle_unreadable(self, alert_id: str, group: str) -> None:
        """Record that it can't be told."""
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

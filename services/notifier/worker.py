"""The notifier's engine: alerts become recipients, chunks, claims, sends and outcomes.

Guarantees (DESIGN 7, 8, 10): nothing is sent that is not claimed in the ledger; an attempt that
was claimed and not settled counts as a possible copy, and nobody gets a third; whoever is not
told is named with the reason; urgent goes first and groups in turn; a kill switch that is on or
cannot be read holds everything. It owns no state but the fold of DECISIONS and LEDGER, so it may
be killed anywhere and any number of them may run.
"""

import asyncio
import random
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from services.notifier.decide.expand import channel_of, expand
from services.notifier.decide.lanes import Lane, Lanes
from services.notifier.decide.ledger import Claim, Finished, Wait
from services.notifier.decide.retry import BAD_CREDENTIALS, Plan, plan
from services.notifier.delivery import Delivery, alert_settled, all_expired, claimed, expanded, settled
from services.notifier.directory import Directory, GroupVersion
from services.notifier.kill_switch import KillSwitches
from services.notifier.reading import Opener, Reader
from services.notifier.records import LedgerWriter
from services.notifier.sending import as_record, send_chunk
from shared.contracts.alerts import AlertRaised
from shared.contracts.groups import ChannelDefinition
from shared.contracts.ledger import (
    AlertExpanded,
    AlertSettled,
    ChunkClaimed,
    LedgerRecord,
    RecipientOutcome,
)
from shared.faults import fault_point
from shared.lifecycle import WorkerEndedError
from shared.plugins.spec import Channel, RenderedMessage, RetryLater
from shared.ports import Bus, Clock, Entry
from shared.words import render

log = structlog.get_logger()

EXPANDING: Final = "expanding"
ENDING: Final = "ending"
"""The lane kinds of alerts that wait to be expanded, and to be settled."""
BEGIN: Final = -1
END: Final = -2
"""What stands for the chunk in a job about the whole alert."""
WIDTHS: Final = {"smtp": 8, EXPANDING: 64, ENDING: 64}
"""Sends at once per lane where the usual number would be rude or useless."""
_HOLD_S: Final = 1.0
_AFTER_FAILURE_S: Final = 5.0
_LONGEST_SLEEP_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Job:
    """One chunk to send under this attempt; or an alert to `BEGIN` or `END`."""

    alert_id: str
    chunk: int = BEGIN
    attempt: int = 0
    recipients: tuple[str, ...] = ()
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class Engine:
    """How the engine runs; tests put their own time, chance and faults here."""

    lease_s: float = 20.0
    deadline_s: float = 10.0
    at_once: int = 1024
    lane_width: int = 256
    public_url: str = ""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    fault: Callable[[str], None] = fault_point
    claimant: str = field(default_factory=lambda: f"n{secrets.token_hex(6)}")


class Notifier:
    """One notifier. `run` until told to stop."""

    def __init__(
        self, bus: Bus, keyring: Opener, clock: Clock, directory: Directory, engine: Engine | None = None
    ) -> None:
        self._clock, self._directory = clock, directory
        self._engine = engine or Engine()
        self._bus = bus
        self._writer = LedgerWriter(bus, self._engine.sleep)
        self._reader = Reader(
            bus, keyring, clock, directory, is_own=self._writer.is_own, sleep=self._engine.sleep
        )
        self._switches = KillSwitches(bus)
        self._lanes: Lanes[Job] = Lanes(
            total=self._engine.at_once, widths=WIDTHS, usual_width=self._engine.lane_width
        )
        self._deliveries: dict[str, Delivery] = {}
        self._settled: set[str] = set()
        self._foreign: dict[tuple[str, int], tuple[int, float]] = {}
        self._working: set[tuple[str, int, int]] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        self._timers: set[asyncio.Task[None]] = set()
        self._ledger_read = asyncio.Event()
        self._draining = False
        self._bad: set[str] = set()
        self._held: dict[str, str] = {}
        self.counted: Counter[tuple[str, str]] = Counter()
        """Outcomes since the start by (channel kind, result)."""

    # --- life ----------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; then finish what is claimed and return."""
        stopping = asyncio.create_task(_until(stop))
        loops = {
            asyncio.create_task(self._reader.ledger(self._on_record, self._ledger_read.set)),
            asyncio.create_task(self._follow_decisions()),
            asyncio.create_task(self._sweep()),
        }
        try:
            ended, _ = await asyncio.wait({stopping, *loops}, return_when=asyncio.FIRST_COMPLETED)
            self._draining = True
            for task in ended - {stopping}:
                task.result()
                raise WorkerEndedError("The notifier's reading ended although nobody asked it to.")
            while self._jobs:
                await asyncio.wait(set(self._jobs))
        finally:
            await _cancel({stopping, *loops, *self._jobs, *self._timers})
            await self._writer.close()

    async def health(self) -> dict[str, object]:
        """Whether it can work, and figures; 503 until the ledger is read and while NATS is away."""
        return {
            "ok": self._ledger_read.is_set() and self._bus.connected,
            "waiting": len(self._lanes),
            "under_way": self._lanes.under_way,
            "alerts_open": len(self._deliveries),
            "outcomes": {f"{kind}.{result}": n for (kind, result), n in sorted(self.counted.items())},
            "bad_credentials": sorted(self._bad),
            "held": dict(self._held),
        }

    async def _follow_decisions(self) -> None:
        await self._ledger_read.wait()
        await self._reader.decisions(self._on_alert, self._settle_unreadable)

    async def _sweep(self) -> None:
        """Hold claims for abandoned that others made a lease ago, by this process's own clock."""
        while True:
            await self._engine.sleep(self._engine.lease_s / 4)
            now = self._engine.monotonic()
            for (alert_id, chunk), (attempt, seen) in list(self._foreign.items()):
                if now - seen >= self._engine.lease_s:
                    del self._foreign[alert_id, chunk]
                    if delivery := self._deliveries.get(alert_id):
                        delivery.lapsed[chunk] = attempt
                        self._advance(delivery, chunk)

    # --- what comes in -------------------------------------------------------------------------

    def _on_record(self, record: LedgerRecord) -> None:
        if isinstance(record, AlertSettled):
            self._forget(record.alert_id)
        if record.alert_id in self._settled:
            return
        delivery = self._deliveries.setdefault(record.alert_id, Delivery())
        delivery.ledger.apply(record)
        chunk = getattr(record, "chunk", None)
        if delivery.begun and isinstance(chunk, int):
            self._advance(delivery, chunk)

    def _on_alert(self, alert: AlertRaised, entry: Entry) -> None:
        if alert.alert_id in self._settled:
            return
        delivery = self._deliveries.setdefault(alert.alert_id, Delivery())
        if delivery.alert is None:
            delivery.alert, delivery.entry = alert, entry
            self._put(alert, EXPANDING, Job(alert.alert_id))

    def _forget(self, alert_id: str) -> None:
        self._settled.add(alert_id)
        self._deliveries.pop(alert_id, None)

    # --- what is done in which order -----------------------------------------------------------

    def _put(self, alert: AlertRaised, kind: str, job: Job) -> None:
        self._lanes.put(
            Lane(alert.urgency == "urgent", alert.group, kind), job, size=max(1, len(job.recipients))
        )
        self._pump()

    def _pump(self) -> None:
        while not self._draining and (taken := self._lanes.take()):
            task = asyncio.create_task(self._work(*taken))
            self._jobs.add(task)
            task.add_done_callback(self._jobs.discard)

    async def _work(self, lane: Lane, size: int, job: Job) -> None:
        delivery = self._deliveries.get(job.alert_id)
        try:
            if delivery is not None:
                await self._do(delivery, job)
        except Exception:
            log.exception("delivery_failed", alert_id=job.alert_id, chunk=job.chunk)
            self._later(_AFTER_FAILURE_S, lambda: self._again(job))
        finally:
            self._working.discard((job.alert_id, job.chunk, job.attempt))
            self._lanes.done(lane, size)
            self._pump()

    async def _do(self, delivery: Delivery, job: Job) -> None:
        if job.chunk == BEGIN:
            await self._begin(delivery)
        elif job.chunk == END:
            await self._finish(delivery)
        else:
            await self._send(delivery, job)

    def _again(self, job: Job) -> None:
        """Take up what failed: an alert from its beginning, a chunk from what the ledger says."""
        delivery = self._deliveries.get(job.alert_id)
        if delivery is None or delivery.alert is None:
            return
        if job.chunk < 0:
            self._put(delivery.alert, EXPANDING, job)
        else:
            delivery.planned.pop(job.chunk, None)
            self._advance(delivery, job.chunk)

    def _later(self, delay_s: float, then: Callable[[], None]) -> None:
        if delay_s <= 0:
            then()
            return

        async def wait() -> None:
            await self._engine.sleep(min(delay_s, _LONGEST_SLEEP_S))
            then()

        timer = asyncio.create_task(wait())
        self._timers.add(timer)
        timer.add_done_callback(self._timers.discard)

    def _left_s(self, alert: AlertRaised) -> float:
        return (alert.not_after - self._clock.now()).total_seconds()

    # --- expanding -----------------------------------------------------------------------------

    async def _begin(self, delivery: Delivery) -> None:
        """Make the words, freeze the recipients, and start on the chunks."""
        alert = _given(delivery.alert)
        group = self._directory.version(alert.group, alert.group_version)
        if group is None or group.channels is None or not await self._words(delivery, alert, group):
            await self._unreadable(delivery, alert)
            return
        delivery.channels = {c.id: c for c in group.channels}
        if not delivery.ledger.expanded:
            await self._expand(delivery, alert, group.channels)
        delivery.begun = True
        delivery.open_chunks = set(delivery.ledger.chunks)
        if not delivery.open_chunks:
            await self._finish(delivery)
        for chunk in sorted(delivery.open_chunks):
            self._advance(delivery, chunk)

    async def _words(self, delivery: Delivery, alert: AlertRaised, group: GroupVersion) -> bool:
        """Render for every channel concerned; False if the alert cannot be read or must not be said."""
        if self._left_s(alert) <= 0:
            return True
        opened = await self._reader.opened(alert)
        if opened is None:
            return False
        for channel in group.channels or ():
            if channel.audience == alert.audience and (plugin := self._directory.plugin(channel.kind)):
                key = (channel.language, plugin.max_chars)
                try:
                    delivery.messages[key] = delivery.messages.get(key) or self._render(opened, group, *key)
                except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it cannot be said
                    log.error("not_rendered", alert_id=alert.alert_id, error=type(error).__name__)  # noqa: TRY400
                    return False
        return True

    def _render(
        self, alert: AlertRaised, group: GroupVersion, language: str, max_chars: int
    ) -> RenderedMessage:
        return render(
            alert,
            group.definition,
            language=language,
            max_chars=max_chars,
            base_url=self._engine.public_url,
        )

    async def _expand(
        self, delivery: Delivery, alert: AlertRaised, channels: tuple[ChannelDefinition, ...]
    ) -> None:
        concerned = [c for c in channels if c.audience == alert.audience]
        addresses = self._directory.addresses(concerned)
        widths = {c.kind: WIDTHS.get(c.kind, self._engine.lane_width) for c in concerned}
        chunks = expand(concerned, alert.audience, addresses=addresses, widths=widths)
        held = await self._write(alert, expanded(alert, chunks, self._clock.now()))
        if isinstance(held, AlertExpanded):
            delivery.ledger.apply(held)
        self._engine.fault("notifier.after_expand")

    # --- sending -------------------------------------------------------------------------------

    def _advance(self, delivery: Delivery, chunk: int) -> None:
        """Start what the ledger says comes next for a chunk, unless it is under way here."""
        if chunk not in delivery.open_chunks:
            return
        alert = _given(delivery.alert)
        step = delivery.ledger.chunks[chunk].next_step(lapsed=delivery.lapsed.get(chunk, 0))
        match step:
            case Finished():
                if delivery.end_chunk(chunk, step):
                    self._put(alert, ENDING, Job(alert.alert_id, END))
            case Wait(attempt):
                if (alert.alert_id, chunk, attempt) not in self._working:
                    self._watch(alert.alert_id, chunk, attempt)
            case Claim(attempt):
                if delivery.planned.get(chunk) != attempt:
                    delivery.planned[chunk] = attempt
                    self._schedule(delivery, alert, chunk, step)

    def _watch(self, alert_id: str, chunk: int, attempt: int) -> None:
        if self._foreign.get((alert_id, chunk), (0, 0.0))[0] != attempt:
            self._foreign[alert_id, chunk] = (attempt, self._engine.monotonic())

    def _schedule(self, delivery: Delivery, alert: AlertRaised, chunk: int, claim: Claim) -> None:
        after: Plan = plan(
            claim.recipients,
            claim.after,
            attempt=claim.attempt - 1,
            jitter=self._engine.jitter(),
            left_s=self._left_s(alert),
        )
        job = Job(alert.alert_id, chunk, claim.attempt, after.recipients, after.hopeless)
        kind = self._kind(delivery, after.recipients[0])
        self._later(after.after_s, lambda: self._put(alert, kind, job))

    async def _send(self, delivery: Delivery, job: Job) -> None:
        alert = _given(delivery.alert)
        expired = job.hopeless or self._left_s(alert) <= 0
        if not expired and (why := await self._switches.stopped(alert.group)):
            self._hold(delivery, alert, job, why)
            return
        self._held.pop(alert.group, None)
        began = self._engine.monotonic()
        claim = await self._claim(delivery, alert, job)
        if claim is None:
            return
        self._engine.fault("notifier.after_claim")
        outcomes = (
            all_expired(claim, {r: self._kind(delivery, r) for r in claim.recipients})
            if expired
            else await self._outcomes(delivery, alert, claim, began)
        )
        self._engine.fault("notifier.after_send")
        await self._settle(delivery, alert, claim, outcomes)

    def _hold(self, delivery: Delivery, alert: AlertRaised, job: Job, why: str) -> None:
        """Put it back for a while; say so once per group and reason."""
        if self._held.get(alert.group) != why:
            self._held[alert.group] = why
            log.warning("sending_held", group=alert.group, reason=why)
        kind = self._kind(delivery, job.recipients[0])
        self._later(_HOLD_S, lambda: self._put(alert, kind, job))

    async def _claim(self, delivery: Delivery, alert: AlertRaised, job: Job) -> ChunkClaimed | None:
        """Claim the attempt; None if another notifier has it."""
        if delivery.ledger.chunks[job.chunk].claims.get(job.attempt):
            self._advance(delivery, job.chunk)
            return None
        self._working.add((job.alert_id, job.chunk, job.attempt))
        wanted = claimed(
            alert,
            job.chunk,
            attempt=job.attempt,
            recipients=job.recipients,
            claimant=self._engine.claimant,
            at=self._clock.now(),
        )
        held = await self._write(alert, wanted)
        delivery.ledger.apply(held)
        if isinstance(held, ChunkClaimed) and held.claimant == self._engine.claimant:
            return held
        self._working.discard((job.alert_id, job.chunk, job.attempt))
        self._advance(delivery, job.chunk)
        return None

    async def _outcomes(
        self, delivery: Delivery, alert: AlertRaised, claim: ChunkClaimed, began: float
    ) -> tuple[RecipientOutcome, ...]:
        definition = delivery.channels.get(channel_of(claim.recipients[0]))
        if definition is None:
            kind = self._kind(delivery, claim.recipients[0])
            return tuple(as_record(r, kind, RetryLater("channel_gone")) for r in claim.recipients)
        channel = self._directory.channel(alert.group, alert.group_version, definition)
        if not isinstance(channel, Channel):
            return tuple(as_record(r, definition.kind, channel) for r in claim.recipients)
        if self._engine.monotonic() - began > self._engine.lease_s:
            late = RetryLater("lease_lapsed")
            return tuple(as_record(r, definition.kind, late) for r in claim.recipients)
        message = delivery.messages[definition.language, channel.max_chars]
        sent = await send_chunk(channel, claim.recipients, message, deadline_s=self._engine.deadline_s)
        return tuple(as_record(r, definition.kind, outcome) for r, outcome in sent.items())

    async def _settle(
        self,
        delivery: Delivery,
        alert: AlertRaised,
        claim: ChunkClaimed,
        outcomes: tuple[RecipientOutcome, ...],
    ) -> None:
        record = settled(claim, outcomes, self._clock.now())
        delivery.ledger.apply(await self._write(alert, record))
        self._working.discard((claim.alert_id, claim.chunk, claim.attempt))
        self._engine.fault("notifier.after_settle")
        for outcome in outcomes:
            self.counted[outcome.channel_kind, outcome.result] += 1
        self._note_credentials(alert, outcomes[0])
        self._advance(delivery, claim.chunk)

    def _note_credentials(self, alert: AlertRaised, outcome: RecipientOutcome) -> None:
        """Say once that a channel needs a person, and once that it works again."""
        channel = channel_of(outcome.recipient)
        name = f"{alert.group}/{channel}"
        if outcome.reason in BAD_CREDENTIALS:
            self._directory.forget_channel(alert.group, alert.group_version, channel)
            if name not in self._bad:
                self._bad.add(name)
                log.error("bad_credentials", group=alert.group, channel=channel, reason=outcome.reason)
        elif outcome.result == "delivered" and name in self._bad:
            self._bad.discard(name)
            log.info("credentials_work_again", group=alert.group, channel=channel)

    def _kind(self, delivery: Delivery, recipient: str) -> str:
        definition = delivery.channels.get(channel_of(recipient))
        return definition.kind if definition is not None else "unknown"

    # --- ends ----------------------------------------------------------------------------------

    async def _finish(self, delivery: Delivery) -> None:
        alert = _given(delivery.alert)
        outcome = delivery.outcome()
        if outcome[2] == "flagged" and delivery.entry is not None:
            await self._reader.bury(delivery.entry, "ambiguous_twice")
        await self._write(alert, alert_settled(alert.alert_id, alert.group, self._clock.now(), outcome))
        self._forget(alert.alert_id)
        log.info(
            "alert_settled",
            alert_id=alert.alert_id,
            group=alert.group,
            delivered=outcome[0],
            unsent=len(outcome[1]),
            reason=outcome[2],
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

    async def _write(self, alert: AlertRaised, record: LedgerRecord) -> LedgerRecord:
        return await self._writer.write(record, urgent=alert.urgency == "urgent")


def _given(alert: AlertRaised | None) -> AlertRaised:
    """The alert, which everything that was put in a lane has."""
    if alert is None:
        raise RuntimeError("a delivery without its alert was taken up")
    return alert


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()


async def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task

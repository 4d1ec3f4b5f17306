"""One attempt at one chunk: claim, send, settle, in this order and never another.

Nothing is sent under a claim that another notifier holds, nor under one that took longer to
store than its lease: then somebody else may hold it for abandoned already.
"""

import asyncio
from collections import Counter

import structlog

from services.notifier.decide.expand import channel_of
from services.notifier.decide.ledger import Claim
from services.notifier.decide.retry import BAD_CREDENTIALS
from services.notifier.delivery import Delivery, Ending, alert_settled, all_expired, claimed, settled
from services.notifier.directory import Directory
from services.notifier.engine import Engine, Job
from services.notifier.records import LedgerWriter
from services.notifier.sending import as_record, send_chunk
from shared.contracts.alerts import AlertRaised
from shared.contracts.ledger import ChunkClaimed, ChunkSettled, RecipientOutcome
from shared.plugins.spec import BadCredentials, Outcome, Rejected, RetryLater
from shared.ports import Clock

log = structlog.get_logger()


class Attempts:
    """Makes attempts, and counts how they ended."""

    def __init__(self, writer: LedgerWriter, directory: Directory, clock: Clock, engine: Engine) -> None:
        self._writer, self._directory = writer, directory
        self._clock, self._engine = clock, engine
        self.counted: Counter[tuple[str, str]] = Counter()
        """Outcomes since the start by (channel kind, result)."""
        self.without_credentials: set[str] = set()
        """Channels (`group/channel`) that wait for a person."""

    async def make(self, delivery: Delivery, alert: AlertRaised, job: Job, *, expired: bool) -> Ending | None:
        """Make the attempt, unless it is another's or nobody remains; `expired`: record it, send nothing.

        Returns how the alert ended, if this ended it; then that is recorded too.
        """
        began = self._engine.monotonic()
        claim = await self._claim(delivery, alert, job)
        if claim is None:
            return None
        self._engine.fault("notifier.after_claim")
        outcomes = (
            all_expired(claim, {r: delivery.kind_of(r) for r in claim.recipients})
            if expired
            else await self._send(delivery, alert, claim, began)
        )
        self._engine.fault("notifier.after_send")
        ending = await self._settle(delivery, alert, settled(claim, outcomes, self._clock.now()))
        self._engine.fault("notifier.after_settle")
        self._count(alert, outcomes)
        return ending

    async def _settle(self, delivery: Delivery, alert: AlertRaised, record: ChunkSettled) -> Ending | None:
        """Store how the attempt ended and, right behind it, how the alert did if nothing remains."""
        urgent = alert.urgency == "urgent"
        ending = delivery.ending_with(record)
        if ending is None:
            delivery.ledger.apply(await self._writer.write(record, urgent=urgent))
            return None
        last = alert_settled(alert.alert_id, alert.group, record.at, ending)
        await asyncio.gather(*(self._writer.write(r, urgent=urgent) for r in (record, last)))
        return ending

    async def _claim(self, delivery: Delivery, alert: AlertRaised, job: Job) -> ChunkClaimed | None:
        """Claim for those who still remain now; None if nobody does or another notifier was first."""
        step = delivery.ledger.chunks[job.chunk].next_step(lapsed=delivery.lapsed.get(job.chunk, 0))
        if not isinstance(step, Claim) or step.attempt != job.attempt:
            return None
        remaining = tuple(r for r in job.recipients if r in step.recipients)
        if not remaining:
            return None
        wanted = claimed(
            alert,
            job.chunk,
            attempt=job.attempt,
            recipients=remaining,
            claimant=self._engine.claimant,
            at=self._clock.now(),
        )
        held = await self._writer.write(wanted, urgent=alert.urgency == "urgent")
        delivery.ledger.apply(held)
        mine = isinstance(held, ChunkClaimed) and held.claimant == self._engine.claimant
        return wanted if mine else None

    async def _send(
        self, delivery: Delivery, alert: AlertRaised, claim: ChunkClaimed, began: float
    ) -> tuple[RecipientOutcome, ...]:
        definition = delivery.channels.get(channel_of(claim.recipients[0]))
        if definition is None:
            return _all(claim, "unknown", RetryLater("channel_gone"))
        channel = self._directory.channel(alert.group, alert.group_version, definition)
        if isinstance(channel, Rejected | BadCredentials):
            return _all(claim, definition.kind, channel)
        if self._engine.monotonic() - began > self._engine.lease_s:
            return _all(claim, definition.kind, RetryLater("lease_lapsed"))
        message = delivery.messages[definition.language, channel.max_chars]
        sent = await send_chunk(channel, claim.recipients, message, deadline_s=self._engine.deadline_s)
        return tuple(as_record(r, definition.kind, outcome) for r, outcome in sent.items())

    def _count(self, alert: AlertRaised, outcomes: tuple[RecipientOutcome, ...]) -> None:
        for outcome in outcomes:
            self.counted[outcome.channel_kind, outcome.result] += 1
        self._note_credentials(alert, outcomes[0])

    def _note_credentials(self, alert: AlertRaised, outcome: RecipientOutcome) -> None:
        """Say once that a channel needs a person, and once that it works again."""
        channel = channel_of(outcome.recipient)
        name = f"{alert.group}/{channel}"
        if outcome.reason in BAD_CREDENTIALS:
            self._directory.forget_channel(alert.group, alert.group_version, channel)
            if name not in self.without_credentials:
                self.without_credentials.add(name)
                log.error("bad_credentials", group=alert.group, channel=channel, reason=outcome.reason)
        elif outcome.result == "delivered" and name in self.without_credentials:
            self.without_credentials.discard(name)
            log.info("credentials_work_again", group=alert.group, channel=channel)


def _all(claim: ChunkClaimed, kind: str, outcome: Outcome) -> tuple[RecipientOutcome, ...]:
    return tuple(as_record(r, kind, outcome) for r in claim.recipients)

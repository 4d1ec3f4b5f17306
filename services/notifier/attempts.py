"""One attempt at one chunk: claim, send, settle, in this order and never another.

Nothing is sent under a claim that another notifier holds, nor under one that took longer to
store than its lease: then somebody else may hold it for abandoned already.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

import structlog

from services.notifier.counted import first_delivery
from services.notifier.decide.expand import channel_of
from services.notifier.decide.ledger import Claim
from services.notifier.decide.pseudo import kin_of
from services.notifier.decide.remembered import Remembered
from services.notifier.decide.retry import BAD_CREDENTIALS, LEASE_LAPSED
from services.notifier.decide.said import words_of
from services.notifier.delivery import Delivery, Ending, alert_settled, all_too_late, claimed, settled
from services.notifier.directory import Directory
from services.notifier.engine import Claimed, Engine, Job
from services.notifier.form_contacts import OneContact
from services.notifier.gates import Gates
from services.notifier.receipts import Receipts
from services.notifier.records import LedgerWriter
from services.notifier.reporters import OneReporter
from services.notifier.sending import as_record, send_chunk
from services.notifier.subscribers.audience import KinSender
from services.notifier.subscribers.subscribers import Subscribers
from services.notifier.threads import Threads
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import Message
from shared.contracts.groups import ChannelDefinition
from shared.contracts.ledger import (
    AlertExpanded,
    ChunkClaimed,
    ChunkSettled,
    LedgerRecord,
    ProvidersWords,
    RecipientOutcome,
)
from shared.errors import BusError
from shared.plugins.spec import (
    CANNOT_WRITE_BACK,
    BadCredentials,
    Channel,
    Outcome,
    Rejected,
    RetryLater,
)
from shared.ports import Clock

log = structlog.get_logger()
M = TypeVar("M", bound=Message)
_Sent = tuple[tuple[RecipientOutcome, ...], Mapping[str, str]]
"""How it ended for each recipient, and what the provider said about some."""


class Sealer(Protocol):
    """Seals messages (the `Keyring`)."""

    async def seal(self, message: M) -> M:
        """The message with its private parts sealed."""
        ...


class Attempts:
    """Makes attempts, and counts how they ended."""

    def __init__(  # noqa: PLR0913 - each is another thing it works with
        self,
        writer: LedgerWriter,
        directory: Directory,
        clock: Clock,
        *,
        engine: Engine,
        gates: Gates,
        keyring: Sealer,
        receipts: Receipts,
        remembered: Remembered,
        subscribers: Subscribers | None = None,
    ) -> None:
        self._subscribers, self._remembered = subscribers, remembered
        self._writer, self._directory, self._keyring = writer, directory, keyring
        self._clock, self._engine, self._gates = clock, engine, gates
        self._receipts = receipts
        self.threads = Threads(directory)
        """Which message about an incident came first to whom."""
        self.counted: Counter[tuple[str, str]] = Counter()
        """Outcomes since the start by (channel kind, result)."""
        self.first = first_delivery()
        """How long alerts took to reach their first recipient."""
        self.without_credentials: set[str] = set()
        """Channels (`group/channel`) that wait for a person."""

    async def claim(
        self, delivery: Delivery, alert: AlertRaised, job: Job, *, expansion: AlertExpanded | None = None
    ) -> Claimed | None:
        """Claim for those who still remain; None if nobody does or another notifier was first.

        With the `expansion` that freezes the alert's recipients both are stored, or neither.
        """
        began = self._engine.monotonic()
        if expansion is None and not (job := _still_open(delivery, job)).recipients:
            return None
        wanted = claimed(
            alert,
            job.chunk,
            attempt=job.attempt,
            recipients=job.recipients,
            claimant=self._engine.claimant,
            at=self._clock.now(),
        )
        self._remembered.learn(wanted)  # now, lest others be claimed meanwhile as if this one weren't
        records = (wanted,) if expansion is None else (expansion, wanted)
        held = await self.freeze(delivery, alert, *records)
        mine = any(isinstance(r, ChunkClaimed) and r.claimant == self._engine.claimant for r in held)
        return Claimed(wanted, began) if mine else None

    async def freeze(
        self, delivery: Delivery, alert: AlertRaised, *records: LedgerRecord
    ) -> list[LedgerRecord]:
        """Store them, and learn what the ledger holds: that is another's where another was first."""
        held = await self._writer.write(*records, urgent=alert.urgency == "urgent")
        for record in held:
            delivery.ledger.apply(record)
            self._remembered.learn(record)
            if self._subscribers is not None and isinstance(record, AlertExpanded):
                self._subscribers.audience.learn(record)
        return held

    async def make(
        self, delivery: Delivery, alert: AlertRaised, made: Claimed, *, expired: bool
    ) -> Ending | None:
        """Make the attempt that is claimed; `expired`: record it, send nothing.

        Returns how the alert ended, if this ended it; then that is recorded too.
        """
        self._engine.fault("notifier.after_claim")
        claim = made.record
        outcomes, said = (
            (self._too_late(delivery, alert, claim), {})
            if expired
            else await self._send(delivery, alert, claim, made.began)
        )
        self._engine.fault("notifier.after_send")
        record = settled(claim, outcomes, self._clock.now())
        self._note_first(delivery, alert, record)
        if alert.kind == "TEST":
            record = await self._with_words(record, said)
        ending = await self._settle(delivery, alert, record)
        self._receipts.learn(record)
        self._remembered.learn(record)
        self.threads.began(alert.alert_id, alert.incident_id)
        self.threads.learn(record)
        self._engine.fault("notifier.after_settle")
        self._count(alert, outcomes)
        return ending

    def _too_late(
        self, delivery: Delivery, alert: AlertRaised, claim: ChunkClaimed
    ) -> tuple[RecipientOutcome, ...]:
        now = self._clock.now()
        kinds = {r: delivery.kind_of(r) for r in claim.recipients}
        reasons = {r: delivery.too_late(alert, claim.chunk, r, now) for r in claim.recipients}
        return all_too_late(claim, kinds, reasons)

    async def _settle(self, delivery: Delivery, alert: AlertRaised, record: ChunkSettled) -> Ending | None:
        """Store how the attempt ended and, with it, how the alert did if nothing remains."""
        ending = delivery.ending_with(record)
        if ending is None:
            await self._writer.note(record)
            delivery.ledger.apply(record)
            return None
        await self._writer.note(record, alert_settled(alert.alert_id, alert.group, record.at, ending))
        return ending

    async def _with_words(self, record: ChunkSettled, said: Mapping[str, str]) -> ChunkSettled:
        """With what the provider said, sealed; where that is impossible without: the outcome counts more."""
        try:
            return await self._keyring.seal(
                record.model_copy(update={"words": ProvidersWords(said=dict(said))})
            )
        except BusError as error:
            log.warning("words_not_kept", alert_id=record.alert_id, error=type(error).__name__)
            return record

    async def _send(self, delivery: Delivery, alert: AlertRaised, claim: ChunkClaimed, began: float) -> _Sent:
        definition = delivery.channels.get(channel_of(claim.recipients[0]))
        if definition is None:
            return _all(claim, "unknown", RetryLater("channel_gone"))
        channel = await self._channel(delivery, alert, definition, claim)
        if isinstance(channel, Rejected | BadCredentials):
            return _all(claim, definition.kind, channel)
        if self._engine.monotonic() - began > self._engine.lease_s:
            return _all(claim, definition.kind, RetryLater(LEASE_LAPSED))
        message = delivery.words_for(definition, channel.max_chars)
        firsts = self.threads.firsts(alert.group, alert.incident_id, claim.recipients)
        sent = await send_chunk(
            channel, claim.recipients, message, deadline_s=self._engine.deadline_s, firsts=firsts
        )
        outcomes, said = _sent(sent, definition.kind, self._hidden(alert, definition))
        self._gates.heard(
            delivery.account(alert, claim.recipients[0]), (claim.alert_id, claim.chunk), outcomes
        )
        return outcomes, said

    def _hidden(self, alert: AlertRaised, definition: ChannelDefinition) -> frozenset[str] | None:
        """What may not be shown of what a provider said; None where nobody is shown any of it.

        That is whoever tests a channel: to look for each of 10,000 numbers in 10,000 answers takes minutes.
        """
        if alert.kind != "TEST":
            return None
        return self._directory.private(alert.group, alert.group_version, definition.id)

    async def _channel(
        self, delivery: Delivery, alert: AlertRaised, definition: ChannelDefinition, claim: ChunkClaimed
    ) -> Channel | OneReporter | OneContact | KinSender | Rejected | BadCredentials:
        """What it is sent by: a reporter's bridge, the way to subscribers, or the group's own channel."""
        if delivery.question is not None:
            return self._directory.reporters.channel(delivery.question)
        if (kin := kin_of(definition.id)) is None:
            return self._directory.channel(alert.group, alert.group_version, definition)
        day = delivery.ledger.day
        if self._subscribers is None or day is None:
            return CANNOT_WRITE_BACK
        found = await self._subscribers.audience.sender(alert.group, day, kin, claim.recipients)
        return found or CANNOT_WRITE_BACK

    def _note_first(self, delivery: Delivery, alert: AlertRaised, record: ChunkSettled) -> None:
        """How long the alert took to reach its first recipient, once."""
        if delivery.ledger.reached or not any(o.result == "delivered" for o in record.outcomes):
            return
        delivery.ledger.reached = True
        self.first.labels(alert.audience).observe(max(0.0, (record.at - alert.at).total_seconds()))

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


def _still_open(delivery: Delivery, job: Job) -> Job:
    """The job for those recipients alone for whom the ledger still wants this attempt."""
    step = delivery.ledger.chunks[job.chunk].next_step(lapsed=delivery.lapsed.get(job.chunk, 0))
    wanted = step.recipients if isinstance(step, Claim) and step.attempt == job.attempt else ()
    return replace(job, recipients=tuple(r for r in job.recipients if r in wanted))


def _all(claim: ChunkClaimed, kind: str, outcome: Outcome) -> _Sent:
    return _sent(dict.fromkeys(claim.recipients, outcome), kind, frozenset())


def _sent(sent: Mapping[str, Outcome], kind: str, hidden: Collection[str] | None) -> _Sent:
    """The outcomes, and what the provider said without what is `hidden`; nothing of it if that is None."""
    outcomes = tuple(as_record(r, kind, outcome) for r, outcome in sent.items())
    if hidden is None:
        return outcomes, {}
    return outcomes, {r: words for r, outcome in sent.items() if (words := words_of(outcome, hidden))}

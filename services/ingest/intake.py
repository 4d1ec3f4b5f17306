"""Accepts reports: sealed, then stored in NATS or, while that is away, in the spool.

A caller that gets `Accepted` may say so to the reporter: the report is on disk, fsynced. The
same id with the same body is the same report, and so is a part of what is stored under its id; with
another body it is a `Conflict`. Nothing overtakes what waits in the spool, so that a report never
arrives before the key that opens it.
"""

import asyncio
import dataclasses
from dataclasses import dataclass
from typing import Final

import structlog

from services.ingest.spool import Spool
from services.ingest.submission import (
    BODY_TAG,
    Submission,
    body_tag_of,
    changed_id,
    message_of,
    report_id_of,
)
from shared.contracts.base import ReportId
from shared.contracts.catalog import decode, encode
from shared.contracts.reports import ReportContent, ReportReceived
from shared.contracts.subscribers import SubscriptionAsked
from shared.errors import BusError
from shared.faults import fault_point
from shared.ports import Bus, Clock, Outgoing, Stored
from shared.sealing import Keyring, MasterKey

log = structlog.get_logger()

QUICK_S: Final = 2.0
"""How long a reporter waits for NATS's acknowledgement before the spool takes the report."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The report is stored for good; `duplicate` when it had been before."""

    report_id: ReportId
    duplicate: bool = False
    spooled: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another report was sent under the same id; this one is not stored."""

    report_id: ReportId


class Intake:
    """The one place where a report is accepted. Safe for concurrent tasks of one event loop."""

    def __init__(self, bus: Bus, clock: Clock, master: MasterKey, spool: Spool) -> None:
        self._bus, self._clock, self._spool = bus, clock, spool
        self.master = master
        self._keyring = Keyring(master, bus, clock, source="ingest", publisher=self)
        self._sealing = asyncio.Lock()

    async def accept(self, submission: Submission, *, apart: bool = False) -> Accepted | Conflict:
        """Seal and store one report.

        `apart`: its source cannot choose another id, so one that another report has is changed, the same
        way each time. Raises `SpoolFullError` when neither NATS nor the spool can take it, and
        `pydantic.ValidationError` for values no contract allows.
        """
        report_id = report_id_of(self.master, submission)
        tag = body_tag_of(self.master, submission)
        outcome = await self._accept(submission, report_id, tag)
        if not apart or not isinstance(outcome, Conflict):
            return outcome
        other = changed_id(self.master, report_id, tag)
        log.warning("report_stored_under_changed_id", report_id=report_id, changed_id=other)
        return await self._accept(submission, other, tag)

    async def ask(self, asked: SubscriptionAsked) -> bool:
        """Store what somebody asks of the subscribers' book; whether it had been before. Raises as `accept`.

        Its key lies in it, so nothing need be asked of NATS, and the spool may take it.
        """
        sealed = await self._keyring.seal(asked)
        stored = await self.publish(encode(sealed, source="ingest"))
        return stored is not None and stored.duplicate

    async def _accept(self, submission: Submission, report_id: ReportId, tag: str) -> Accepted | Conflict:
        waiting = self._spool.body_tag(report_id)
        if waiting is not None and waiting != tag:
            return Conflict(report_id)
        report = message_of(self.master, submission, report_id, now=self._clock.now())
        message = await self._sealed(report, tag)
        fault_point("ingest.before_store")
        stored = await self.publish(message)
        fault_point("ingest.after_store")
        if stored is None:
            return Accepted(report_id, duplicate=waiting is not None, spooled=True)
        if not stored.duplicate:
            return Accepted(report_id)
        alone = submission.report.text if submission.report.part else ""
        return await self._again(message, stored, alone)

    async def publish(self, message: Outgoing) -> Stored | None:
        """Store one sealed message; None when it waits in the spool. Keys come this way too."""
        if self._spool.depth == 0 and self._bus.connected:
            try:
                return await self._bus.publish(message, patience_s=QUICK_S)
            except BusError as error:
                log.warning("store_failed_spooling", error=type(error).__name__)
        await self._spool.append(message, at=self._clock.now())
        fault_point("ingest.spool_written")
        return None

    async def _sealed(self, message: ReportReceived, tag: str) -> Outgoing:
        # One at a time, so that the first reports of an hour share one key instead of issuing many.
        async with self._sealing:
            sealed = await self._keyring.seal(message)
        outgoing = encode(sealed, source="ingest")
        return dataclasses.replace(outgoing, headers={**outgoing.headers, BODY_TAG: tag})

    async def _again(self, message: Outgoing, stored: Stored, alone: str) -> Accepted | Conflict:
        """Something is stored under this id already: is it this report, or what it is a part of?

        `alone`: the words of a part that came without the others.
        """
        try:
            same = await self._same(message, stored) or await self._holds(stored, alone)
        except BusError:
            # NATS went away between two answers: the spool keeps the report, its drain finds out.
            await self._spool.append(message, at=self._clock.now())
            return Accepted(ReportId(message.msg_id), duplicate=True, spooled=True)
        report_id = ReportId(message.msg_id)
        return Accepted(report_id, duplicate=True) if same else Conflict(report_id)

    async def _same(self, message: Outgoing, stored: Stored) -> bool:
        """Whether what is stored is this very report; one that is erased or has no tag counts as it."""
        entry = await self._bus.get(stored.stream, stored.seq)
        tag = message.headers.get(BODY_TAG)
        return entry is None or entry.headers.get(BODY_TAG, tag) == tag

    async def _holds(self, stored: Stored, words: str) -> bool:
        """Whether these words lie in what is stored."""
        entry = await self._bus.get(stored.stream, stored.seq) if words else None
        report = decode(entry) if entry else None
        if not isinstance(report, ReportReceived):
            return False
        content = (await self._keyring.open(report)).content
        return isinstance(content, ReportContent) and words in content.text

    async def settle(self, message: Outgoing) -> None:
        """Store a message from the spool; a report whose id is taken by another gets an id of its own.

        Raises `BusError` when it can't be stored now, `MalformedMessageError` or `ValueError`
        when it never can.
        """
        # A short patience, because the drain comes again with the same id, and must be quick to stop.
        stored = await self._bus.publish(message, patience_s=QUICK_S)
        if stored.duplicate and not await self._same(message, stored):
            await self._store_under_changed_id(message, message.headers[BODY_TAG])

    async def _store_under_changed_id(self, message: Outgoing, tag: str) -> None:
        report = decode(message.body)
        if not isinstance(report, ReportReceived):
            return
        # The seal is bound to the id, so the report is opened and sealed again.
        clear = await self._keyring.open(report)
        other = changed_id(self.master, report.report_id, tag)
        renamed = clear.model_copy(update={"id": other, "report_id": other})
        log.warning("report_stored_under_changed_id", report_id=report.report_id, changed_id=other)
        await self._bus.publish(await self._sealed(renamed, tag))

"""Turns a stored entry into an input of the decider; what cannot be read is dead-lettered first."""

from collections.abc import Iterable
from typing import Literal

import structlog

from services.router.decide.chat_ask import AskedAbout, Reachable
from services.router.decide.decider import Input
from services.router.decide.reasons import STILL_UNREADABLE, UNREADABLE
from shared.contracts.base import Message
from shared.contracts.catalog import decode
from shared.contracts.desk import DeskCommand, ReporterAddress
from shared.contracts.reports import ReportContact, ReportContent, ReportReceived
from shared.dead import dead_letter
from shared.errors import MalformedMessageError
from shared.ports import Bus, Clock, Entry
from shared.sealing import Keyring

log = structlog.get_logger()

_WANTED: dict[str, type[Message]] = {"REPORTS": ReportReceived, "DESK": DeskCommand}


class Reader:
    """Opens inputs. Raises `BusError` where the bus or a key can't be reached: the entry stays waiting."""

    def __init__(self, bus: Bus, keyring: Keyring, clock: Clock) -> None:
        self._bus, self._keyring, self._clock = bus, keyring, clock

    async def read(self, stream: Literal["REPORTS", "DESK"], entry: Entry) -> Input:
        """The input, or one with a flaw once its dead letter is stored."""
        try:
            message = await self._keyring.open(decode(entry))
        except MalformedMessageError as error:
            return await self._flawed(stream, entry, str(error))
        if not isinstance(message, _WANTED[stream]):
            return await self._flawed(stream, entry, f"{message.type} does not belong in {stream}")
        return Input(stream, entry.seq, message)

    async def again(self, seq: int) -> Input:
        """The report at that place of REPORTS, read anew. It lies in DEAD already, whatever comes of this.

        Raises `BusError` as `read` does.
        """
        entry = await self._bus.get("REPORTS", seq)
        try:
            message = await self._keyring.open(decode(entry)) if entry else None
        except MalformedMessageError:
            message = None
        readable = isinstance(message, ReportReceived)
        return Input("REPORTS", seq, message) if readable else Input("REPORTS", seq, flaw=STILL_UNREADABLE)

    async def reporter(self, abouts: Iterable[AskedAbout]) -> Reachable | None:
        """The first of these whose sender left an address that is not erased.

        Raises `BusError` as `read` does.
        """
        for about in abouts:
            if address := await self._address(about):
                return Reachable(about.report, address)
        return None

    async def _address(self, about: AskedAbout) -> ReporterAddress | None:
        entry = await self._bus.get("REPORTS", about.seq)
        try:
            report = await self._keyring.open(decode(entry)) if entry else None
        except MalformedMessageError:
            return None
        if not isinstance(report, ReportReceived) or report.report_id != about.report:
            return None
        if not isinstance(report.contact, ReportContact):
            return None
        said = report.content.language if isinstance(report.content, ReportContent) else None
        return ReporterAddress(bridge=report.bridge, address=report.contact.address, language=said or "")

    async def _flawed(self, stream: Literal["REPORTS", "DESK"], entry: Entry, detail: str) -> Input:
        await self.bury(entry, UNREADABLE, detail)
        return Input(stream, entry.seq, flaw=UNREADABLE)

    async def bury(self, entry: Entry, reason: str, detail: str) -> None:
        """Name the entry in DEAD and wait until that is stored; it still lies at its origin."""
        log.error("input_dead_lettered", stream=entry.stream, seq=entry.seq, reason=reason)
        at = self._clock.now()
        await dead_letter(self._bus, entry, service="router", reason=reason, at=at, detail=detail)

"""Where a report's sender can be asked: copied from the report itself into the command, seen by nobody.

The read model keeps no contacts. The log's own record of the report does, sealed for 72 hours; later, or
where the sender left none, nobody can be asked.
"""

from services.console.decide.draft import Document
from services.console.door import Console
from shared.contracts.catalog import decode, decode_all
from shared.contracts.desk import ReporterAddress
from shared.contracts.incidents import InputDecided
from shared.contracts.reports import ReportContact, ReportContent, ReportReceived
from shared.errors import BusError, MalformedMessageError
from shared.http import Problem


async def reporter_of(console: Console, report: Document | None) -> ReporterAddress | None:
    """The address, or None. Raises a 503 problem while the log is away."""
    try:
        received = await _received(console, report or {})
        opened = await console.keyring.open(received) if received else None
    except BusError:
        raise Problem(503, "log_away", "The log is away; try again.", retry_after_s=2) from None
    except MalformedMessageError:
        return None
    if opened is None or not isinstance(opened.contact, ReportContact):
        return None
    said = opened.content.language if isinstance(opened.content, ReportContent) else None
    return ReporterAddress(bridge=opened.bridge, address=opened.contact.address, language=said or "")


async def _received(console: Console, report: Document) -> ReportReceived | None:
    """The report as it came in, found by what decided it."""
    if "decided" not in report:
        return None
    entry = await console.bus.get("DECISIONS", int(report["decided"]))
    for event in decode_all(entry) if entry else ():
        if isinstance(event, InputDecided) and event.report_id == report["report_id"]:
            stored = await console.bus.get("REPORTS", event.input.seq)
            message = decode(stored) if stored else None
            return message if isinstance(message, ReportReceived) else None
    return None

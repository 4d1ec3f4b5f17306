"""One report on its way in, and what is derived from it with the master key.

The same cause gives the same id, so that a source may repeat itself without harm; ids and
receipts are keyed, so that nobody can guess or occupy another's.
"""

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.contracts.base import BridgeId, Position, ReportId
from shared.contracts.reports import (
    MAX_CHAT,
    MAX_TEXT,
    ReportContact,
    ReportContent,
    ReportReceived,
    SenderIs,
)
from shared.plugins.spec import IncomingReport
from shared.report_ids import id_from
from shared.report_ids import report_id as id_of
from shared.sealing import MasterKey

BODY_TAG: Final = "relay-body-tag"
"""The header with the keyed hash of what the client sent; tells a retry from another report."""

_TAG_HEX: Final = 32
_PSEUDONYM_HEX: Final = 16
_SECRET_BYTES: Final = 18


@dataclass(frozen=True, slots=True)
class Submission:
    """A report, the bridge instance it came in by, and who answers for its `source_id`."""

    bridge: BridgeId
    client: str
    """Within what `source_id` is unique: a key's name, or "" where the bridge itself is the client."""
    report: IncomingReport
    received_at: datetime | None = None
    """Set only by a key that may (simulations); else the moment of acceptance."""
    drill: bool = False
    flood: bool = False
    """Whether its sender floods us; not what the client said, so a retry may differ in it."""
    trusted: bool = False
    """Whether it came in by a trusted account: a partner's key, never a phone number."""
    sender_is: SenderIs | None = None
    """What vouches for its sender: the bridge's own accounts, or numbers; None: nothing does."""
    answers_at: str | None = None
    """The bridge that its contact would answer by, where that is not its own."""


def report_id_of(master: MasterKey, submission: Submission) -> ReportId:
    """The report's id: `r` and 20 characters; the same bridge, client and source id give the same."""
    return id_of(master, submission.bridge, submission.client, submission.report.source_id)


def changed_id(master: MasterKey, report_id: str, body_tag: str) -> ReportId:
    """Another id for a report whose own is taken by a different one; the same every time."""
    return id_from(master.tag("conflict", report_id, body_tag))


def body_tag_of(master: MasterKey, submission: Submission) -> str:
    """A keyed hash (32 hex digits) of everything the client said, `source_id` apart."""
    report = submission.report
    said = [
        *(report.text, report.sender, report.contact, report.lat, report.lon, report.accuracy_m),
        *(report.postcode, _iso(report.observed_at), report.language, report.first_hand, report.source),
        *(_iso(submission.received_at), submission.drill),
        *([report.passed_on.model_dump()] if report.passed_on else ()),
    ]
    return master.tag("body", json.dumps(said)).hex()[:_TAG_HEX]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def receipt_secret(master: MasterKey, report_id: str) -> str:
    """What lets its reporter, and nobody else, ask what became of a report. Kept nowhere."""
    return base64.urlsafe_b64encode(master.tag("receipt", report_id)[:_SECRET_BYTES]).decode()


def opens(master: MasterKey, report_id: str, secret: str) -> bool:
    """Whether this is that report's secret, compared in constant time."""
    expected = receipt_secret(master, report_id)
    return hmac.compare_digest(expected.encode(), secret.encode("utf-8", "replace"))


def ref_of(report_id: str) -> str:
    """What a person reads out or writes down: six characters of the id."""
    return report_id[1:7].upper()


def message_of(
    master: MasterKey, submission: Submission, report_id: ReportId, *, now: datetime
) -> ReportReceived:
    """The report as a message, its private parts still in clear.

    Raises `pydantic.ValidationError` for values no contract allows (a latitude of 200).
    """
    contact, reply_to = submission.report.contact, submission.report.reply_to
    return ReportReceived(
        id=report_id,
        at=submission.received_at or now,
        report_id=report_id,
        bridge=submission.bridge,
        drill=submission.drill,
        content=_content(master, submission),
        contact=ReportContact(address=contact) if contact else None,
        reply_to=ReportContact(address=reply_to) if reply_to else None,
    )


def _content(master: MasterKey, submission: Submission) -> ReportContent:
    report = submission.report
    return ReportContent(
        text=report.text[:MAX_TEXT],
        sender=_pseudonym(master, "sender", submission.bridge, report.sender),
        position=_position(report),
        postcode=report.postcode,
        observed_at=report.observed_at,
        language=report.language,
        first_hand=report.first_hand,
        source=_pseudonym(master, "source", submission.bridge, report.source),
        chat=report.chat[:MAX_CHAT] if report.chat else None,
        trusted=submission.trusted,
        flood=submission.flood,
        sender_is=submission.sender_is if report.sender else None,
        asked_as=_asked_as(master, submission),
        passed_on=report.passed_on,
    )


def _asked_as(master: MasterKey, submission: Submission) -> str | None:
    """The pseudonym that whoever is asked at its contact answers under."""
    report = submission.report
    if report.contact is None:
        return None
    at = submission.bridge if report.sender else submission.answers_at or submission.bridge
    return _pseudonym(master, "sender", at, report.sender or report.contact)


def _pseudonym(master: MasterKey, purpose: str, bridge: str, name: str | None) -> str | None:
    return master.tag(purpose, bridge, name).hex()[:_PSEUDONYM_HEX] if name else None


def _position(report: IncomingReport) -> Position | None:
    if report.lat is None or report.lon is None:
        return None
    return Position(lat=report.lat, lon=report.lon, accuracy_m=report.accuracy_m)

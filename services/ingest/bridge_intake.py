"""What all bridges have in common, called or reading: a report tidied, stored, and its receipt."""

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from pydantic import ValidationError

from services.ingest.decide.languages import choose_language
from services.ingest.decide.tidy import tidy
from services.ingest.door import Door
from services.ingest.intake import Accepted
from services.ingest.submission import Submission, ref_of
from services.ingest.subscribing import said
from shared.contracts.base import BridgeId, Position
from shared.contracts.reports import MAX_TEXT
from shared.plugins.spec import EVERYBODY, FOLLOWERS, SERVERS, IncomingReport, Receipt, Spec
from shared.words.desk_reply import desk_reply, join_code

log = structlog.get_logger()

_EDITED_WITHIN: Final = timedelta(minutes=30)
"""Whoever edits a message so soon mends or adds news; later they tidy up what is over."""
_FRESH: Final = timedelta(hours=12)
"""A message younger than this, told again by its source, is surely known as a repeat (NATS: 24 h)."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A report that is stored, and the receipt for it: None where its sender is to get none."""

    accepted: Accepted | None
    """None: it is no report."""
    receipt: Receipt | None


async def accept(  # noqa: PLR0913 - a report, whose it is, and how its source behaves
    door: Door,
    instance: str,
    report: IncomingReport,
    spec: Spec,
    *,
    receipt_once: bool = False,
    apart: bool = False,
) -> Taken:
    """Store one report. Raises `Problem` where it cannot be.

    What comes in by a bridge for subscriptions is no report, and is answered by the notifier.

    There is no receipt for whoever had enough of them, nor for what is written to the desk: if a member
    wrote it, they are answered. A provider that calls again has not had our answer; where we send the
    receipt ourselves, `receipt_once` says that a repeat gets none. `apart`: two reports of one id are two.
    """
    report = _on_earth(door, instance, _tidied(report))
    door.heard[instance] = door.now()
    if (none := _no_edit(door, report)) is not None:
        door.counts[f"bridge.{instance}.ignored.{none}"] += 1
        return Taken(None, None)
    if instance in door.subscriptions:
        return Taken(await said(door, instance, report), None)
    if len(report.text) > MAX_TEXT:
        door.counts[f"bridge.{instance}.text_cut"] += 1
        report = dataclasses.replace(report, text=report.text[:MAX_TEXT])
    flood = not _to_the_desk(report.text) and door.floods(instance, report.sender)
    submission = Submission(
        bridge=BridgeId(instance), client="", report=report, sender_is=spec.senders, flood=flood
    )
    accepted = await door.accept(submission, apart=apart)
    _note_flood(door, instance, report, accepted, flood=flood)
    had_one = receipt_once and (accepted.duplicate or _may_be_a_repeat(door, report))
    had_one = had_one or report.first_said_at is not None
    if had_one or _to_the_desk(report.text) or not door.may_answer(instance, report.sender):
        return Taken(accepted, None)
    text = _receipt(door, report, accepted, report.read_by or spec.read_by)
    return Taken(accepted, Receipt(report_id=accepted.report_id, text=text, contact=report.contact))


def _no_edit(door: Door, report: IncomingReport) -> str | None:
    """Why an edit is not taken; None if it is, or is no edit. A command to the desk is given once."""
    if report.first_said_at is None:
        return None
    if desk_reply(report.text) is not None or join_code(report.text) is not None:
        return "edited_reply"
    return "late_edit" if door.now() - report.first_said_at > _EDITED_WITHIN else None


def _note_flood(
    door: Door, instance: str, report: IncomingReport, accepted: Accepted, *, flood: bool
) -> None:
    """Count what waits for a person; a source that tells everything again makes nobody a flood."""
    if accepted.duplicate and not flood:
        door.told_again(instance, report.sender)
    elif flood and not accepted.duplicate:
        door.counts[f"bridge.{instance}.quarantined"] += 1
        log.warning("sender_floods", bridge=instance, report_id=accepted.report_id)


def _receipt(door: Door, report: IncomingReport, accepted: Accepted, read_by: str) -> str:
    """That it arrived, and who else can read it."""
    language = choose_language(report.language, "", door.words.languages)
    arrived = door.words.say(language, "receipt_short", ref=ref_of(accepted.report_id))
    if not read_by:
        return arrived
    whose = read_by if read_by in {SERVERS, FOLLOWERS, EVERYBODY} else "company"
    return f"{arrived} {door.words.say(language, f'read_by_{whose}', who=read_by)}"


def _may_be_a_repeat(door: Door, report: IncomingReport) -> bool:
    return report.observed_at is not None and door.now() - report.observed_at > _FRESH


def _to_the_desk(text: str) -> bool:
    """Whether it is surely no report of a stranger's; "police" alone may be one."""
    reply = desk_reply(text)
    to_desk = reply is not None and (reply.code is not None or reply.keyword == "LIST")
    return to_desk or join_code(text) is not None


def _on_earth(door: Door, instance: str, report: IncomingReport) -> IncomingReport:
    """Without a place that is none: sound words are not refused for it. What is nothing but that is."""
    if report.lat is None or report.lon is None or not (report.text or report.postcode):
        return report
    try:
        Position(lat=report.lat, lon=report.lon, accuracy_m=report.accuracy_m)
    except ValidationError:
        door.counts[f"bridge.{instance}.place_dropped"] += 1
        return dataclasses.replace(report, lat=None, lon=None, accuracy_m=None)
    return report


def _tidied(report: IncomingReport) -> IncomingReport:
    values = {field.name: getattr(report, field.name) for field in dataclasses.fields(report)}
    texts = {name: tidy(value) for name, value in values.items() if isinstance(value, str)}
    return dataclasses.replace(report, **texts)  # type: ignore[arg-type]  # only the fields that hold text


def place_of(error: BaseException) -> str:
    """Where an exception was raised: its own words may hold what the reporter wrote, this does not."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else ""

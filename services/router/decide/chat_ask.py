"""ASK by chat: whoever sent an incident's best report is asked one question, at the address that they left.

The router keeps no addresses. So whoever feeds it says first which report is meant (`asked_about`), looks
up where its sender can be reached, in the report itself, and hands that in with the message. The member never
sees it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from services.router.decide.ask_back import may_be_asked
from services.router.decide.chat_talk import Talk, incident_of
from services.router.decide.reports import Answer
from services.router.decide.state import Evidence, Incident, State
from services.router.decide.worlds import world
from shared.contracts.base import Message, ReportId
from shared.contracts.desk import AskReporter, ReporterAddress
from shared.contracts.reports import ReportContent, ReportReceived
from shared.words.desk_reply import DeskReply, desk_reply

_MOST_TRIED: Final = 5
"""Reports of which an address is looked up."""


@dataclass(frozen=True, slots=True)
class AskedAbout:
    """The report whose sender a member wants to be asked, and where it lies in REPORTS."""

    report: ReportId
    seq: int


@dataclass(frozen=True, slots=True)
class Reachable:
    """One of them who left an address."""

    report: ReportId
    address: ReporterAddress


def asked_about(state: State, message: Message | None) -> tuple[AskedAbout, ...]:
    """Of which reports the address may be needed to decide this message, the best first; mostly none."""
    content = message.content if isinstance(message, ReportReceived) else None
    if not isinstance(content, ReportContent) or content.sender not in state.accounts:
        return ()
    reply = desk_reply(content.text)
    if reply is None or reply.keyword != "ASK" or reply.code is None:
        return ()
    incident = incident_of(state, reply.code)
    found = _askable(state, incident) if incident is not None else ()
    return tuple(AskedAbout(report.report, report.seq) for report in islice(found, _MOST_TRIED))


def ask_reporter(talk: Talk, reply: DeskReply, reporter: Reachable | None) -> Answer | None:
    """Ask them; None where there is nobody to ask, or no such incident."""
    incident = talk.incident(reply.code) if reply.code is not None else None
    if incident is None or reporter is None:
        return None
    command = AskReporter(**talk.base(incident), report_id=reporter.report, asks="what", to=reporter.address)
    answer = talk.do(command)
    if answer.outcome == "applied":
        talk.say("asked", code=incident.code, drill=incident.drill)
    else:
        talk.refuse(answer.reason, incident)
    return answer


def _askable(state: State, incident: Incident) -> Iterator[Evidence]:
    """Reports whose sender may be asked: the best one first, then those seen first-hand, then the latest."""
    known = sorted(
        incident.evidence.values(), key=lambda e: (e.first_hand is True, e.at, e.report), reverse=True
    )
    found = [incident.best, *known] if incident.best is not None else known
    here = world(state, drill=incident.drill)
    for report in dict.fromkeys(found):
        theirs = report.asked is None or report.asked in state.accounts
        if report.seq and not theirs and may_be_asked(here, report.asked or "", state.now):
            yield report

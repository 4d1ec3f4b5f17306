"""One question to whoever reports what cannot be placed or understood, in their language (DESIGN 19).

Only a report that is held is asked about, so spam, chatter and an auto-reply get nothing; only once,
and seldom to one sender: three times an hour, and never while an earlier question waits for its answer.
Without a pseudonym to count by no such limit could hold, so nobody is asked.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from services.router.decide import ids, reasons
from services.router.decide.company import asked_of, waiting
from services.router.decide.draft import Draft
from services.router.decide.language import DEFAULT
from services.router.decide.limits import QUESTION_LIFE, QUESTIONS, QUESTIONS_WITHIN
from services.router.decide.state import State
from services.router.decide.understand import Understood
from services.router.decide.worlds import world
from shared.contracts.alerts import AlertRaised, QuestionBody
from shared.contracts.base import HUB
from shared.contracts.desk import Question
from shared.contracts.reports import ReportContact, ReportContent, ReportReceived

_ASKS: Final[Mapping[str, Question]] = {
    reasons.NO_PLACE: "where",
    reasons.TOO_VAGUE: "where",
    reasons.FAR_TOO_VAGUE: "where",
    reasons.AMBIGUOUS_PLACE: "which",
    reasons.CRY_FOR_HELP: "what",
    reasons.NOT_UNDERSTOOD: "what",
    reasons.WHO_IS_UNCLEAR: "what",
}
"""Reasons to hold a report that its sender may be able to mend."""


def question_for(state: State, report: ReportReceived, reason: str, now: datetime) -> Question | None:
    """What to ask the sender of a report that is held for that reason, if they may be asked."""
    asked = asked_of(report.content) if isinstance(report.content, ReportContent) else None
    here = world(state, drill=report.drill)
    if asked is None or not isinstance(report.contact, ReportContact) or waiting(here, asked, now):
        return None
    return _ASKS.get(reason) if may_be_asked(here, asked, now) else None


def may_be_asked(state: State, asked: str, now: datetime) -> bool:
    """Whether whoever is known by this pseudonym was not asked too often within the hour."""
    lately = [a for a in state.asked.get(asked) or () if now - a.at < QUESTIONS_WITHIN]
    return len(lately) < QUESTIONS


def ask(draft: Draft, report: ReportReceived, question: Question, understood: Understood) -> None:
    """Emit the question, to the contact that came with the report."""
    contact, content = report.contact, report.content
    if not isinstance(contact, ReportContact) or not isinstance(content, ReportContent):
        return
    body = QuestionBody(
        bridge=report.bridge,
        address=contact.address,
        asks=question,
        language=_spoken(content, understood),
    )
    emit_question(draft, body, drill=report.drill)


def emit_question(draft: Draft, body: QuestionBody, *, drill: bool) -> None:
    """One reporter is asked, whoever wants to know."""
    draft.emit(
        AlertRaised,
        alert_id=ids.alert_id(draft.next_id(), HUB, "reporter"),
        group=HUB,
        group_version=0,
        audience="reporter",
        kind="QUESTION",
        urgency="normal",
        not_after=draft.now + QUESTION_LIFE,
        drill=drill,
        body=body,
    )


def _spoken(content: ReportContent, understood: Understood) -> str:
    """The language of the words; without any, the one that the phone is set to."""
    return understood.language if understood.words else content.language or DEFAULT

"""Dead letters: a report that could not be decided is decided again, or any letter is let go.

What could not be decided is known from the log itself, and so is that it was decided after all: both stand in
one stored message with what followed, so a letter is open or closed, and never handled twice.
"""

from services.router.decide import reasons
from services.router.decide.draft import Draft
from services.router.decide.permissions import refusal
from services.router.decide.reports import Answer, decide_report
from services.router.decide.state import State
from shared.contracts.base import Message
from shared.contracts.dead import DeadClosed, DeadCommand, DiscardDead, RetryDead
from shared.contracts.incidents import InputDecided, InputRef
from shared.contracts.reports import ReportContent, ReportReceived

_OURS = "router"


def to_decide_again(state: State, message: Message | None) -> int | None:
    """The place in REPORTS of the report that this command wants decided again, if it may and it waits."""
    if not isinstance(message, RetryDead) or _refused(state, message):
        return None
    return message.seq


def retry(draft: Draft, command: RetryDead, report: ReportReceived | None, flaw: str | None) -> Answer:
    """Decide the report as if it came now; `flaw` says why it still cannot be."""
    if why := _refused(draft.state, command):
        return Answer("refused", why)
    if report is None or flaw:
        return Answer("refused", flaw or reasons.STILL_UNREADABLE)
    content = report.content
    if isinstance(content, ReportContent) and content.sender in draft.state.accounts:
        return Answer("refused", reasons.CANNOT_RETRY)
    answer = decide_report(draft, report, again=True)
    draft.emit(
        InputDecided,
        input=InputRef(stream="REPORTS", seq=command.seq),
        outcome=answer.outcome,
        reason=answer.reason,
        report_id=report.report_id,
        incident_id=answer.incident,
        why=answer.why,
    )
    _close(draft, command, "retried")
    return Answer("applied", reasons.APPLIED)


def discard(draft: Draft, command: DiscardDead) -> str:
    """Nobody need look at it any more; what lies at its origin stays there until its time."""
    if _known(draft.state, command) is False:
        return reasons.NOT_DEAD
    _close(draft, command, "discarded")
    return reasons.APPLIED


def _refused(state: State, command: RetryDead) -> str | None:
    """Why it is not handled again: not by us, too late to be true, or done already."""
    if why := refusal(state, command):
        return why
    if not _is_ours(command) or command.stream != "REPORTS":
        return reasons.CANNOT_RETRY
    return None if _known(state, command) else reasons.NOT_DEAD


def _known(state: State, command: DeadCommand) -> bool | None:
    """Whether it waits; None where we would not know."""
    return state.dead.get(command.letter)


def _is_ours(command: DeadCommand) -> bool:
    return command.service == _OURS


def _close(draft: Draft, command: DeadCommand, how: str) -> None:
    draft.emit(
        DeadClosed,
        group=command.group,
        member=command.member,
        service=command.service,
        stream=command.stream,
        seq=command.seq,
        how=how,
        why=command.why,
    )

"""The router's judgement as one pure function: an input and the state give the events that follow.

Every report and command leaves exactly one `input.decided`, the last event of its input; a report that lay
among the dead letters leaves another when it is decided after all. A tick leaves one only if it decided
something. The same state and input give the same events anywhere.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.router.decide import reasons
from services.router.decide.chat import decide_chat
from services.router.decide.chat_ask import Reachable
from services.router.decide.desk import decide_command
from services.router.decide.desk_dead import retry
from services.router.decide.draft import Draft
from services.router.decide.limits import TICK_FILLS
from services.router.decide.peers import decide_peer
from services.router.decide.reports import Answer, decide_report
from services.router.decide.state import State
from services.router.decide.ticks import decide_tick
from shared.contracts.base import Message
from shared.contracts.dead import RetryDead
from shared.contracts.desk import DeskCommand
from shared.contracts.incidents import InputDecided, InputRef
from shared.contracts.reports import ReportReceived
from shared.gazetteer.port import Gazetteer


@dataclass(frozen=True, slots=True)
class Input:
    """One input: its stream and sequence, and the opened message.

    `message` is None for a tick, whose sequence is that of the last event it saw, and for an
    input that cannot be read, whose `flaw` then names the reason. `most` is after how many events
    a tick leaves the rest to the next one. `reporter` is where the sender of the report is asked that
    a member's chat message asks about (`chat_ask.asked_about`), if they left a way. `again` is the report
    that a command wants decided again (`desk_dead.to_decide_again`).
    """

    stream: Literal["REPORTS", "DESK", "TICK"]
    seq: int
    message: Message | None = None
    flaw: str | None = None
    most: int = TICK_FILLS
    reporter: Reachable | None = None
    again: "Input | None" = None

    @property
    def prefix(self) -> str:
        """What the ids of its events begin with."""
        return f"{self.stream}.{self.seq}"


def decide(state: State, given: Input, now: datetime, gazetteer: Gazetteer) -> tuple[Message, ...]:
    """The events of this input, in order, with private parts in clear; empty for an idle tick."""
    return step(state, given, now, gazetteer)[0]


def step(
    state: State, given: Input, now: datetime, gazetteer: Gazetteer
) -> tuple[tuple[Message, ...], State]:
    """The events, and the state that they lead to (the fold, saved from being done twice)."""
    draft = Draft(state, given.prefix, max(state.now, now), gazetteer)
    if given.stream == "TICK":
        if not decide_tick(draft, given.most):
            return (), state
        answer = Answer("ticked", reasons.TIME_PASSED)
    else:
        answer = _answer(draft, given)
    _conclude(draft, given, answer)
    return tuple(draft.messages), draft.state


def _answer(draft: Draft, given: Input) -> Answer:
    message = given.message
    if isinstance(message, ReportReceived):
        return (
            decide_peer(draft, message)
            or decide_chat(draft, message, given.reporter)
            or decide_report(draft, message)
        )
    if isinstance(message, RetryDead):
        report = given.again.message if given.again else None
        flaw = given.again.flaw if given.again else None
        return retry(draft, message, report if isinstance(report, ReportReceived) else None, flaw)
    if isinstance(message, DeskCommand):
        return decide_command(draft, message)
    return Answer("ignored", given.flaw or reasons.UNREADABLE)


def _conclude(draft: Draft, given: Input, answer: Answer) -> None:
    message = given.message
    draft.emit(
        InputDecided,
        input=InputRef(stream=given.stream, seq=given.seq),
        outcome=answer.outcome,
        reason=answer.reason,
        report_id=message.report_id if isinstance(message, ReportReceived) else None,
        incident_id=answer.incident,
        why=answer.why,
    )

"""What members write by chat: decided as their command, by the same functions as a command of the desk.

Only where the sender is an account that a member has enrolled, and only what clearly is a desk reply;
everything else, from whomever, is a report. Whatever tells people is shown first and asks for a YES
(`chat_yes`). A refused act changes nothing and says why.
"""

from typing import Final

from services.router.decide import chat_posts, chat_yes, reasons
from services.router.decide.chat_acts import Act, act_of, alone
from services.router.decide.chat_ask import Reachable, ask_reporter
from services.router.decide.chat_talk import Talk
from services.router.decide.desk_accounts import join
from services.router.decide.draft import Draft
from services.router.decide.limits import STRANGER_ANSWERS
from services.router.decide.reports import Answer
from services.router.decide.state import Incident
from shared.contracts.alerts import DeskAnswer
from shared.contracts.base import BridgeId
from shared.contracts.desk import Note, Reject, Statement
from shared.contracts.groups import BoundAccount
from shared.contracts.reports import ReportContent, ReportReceived
from shared.words.desk_reply import DeskReply, desk_reply, join_code
from shared.words.desk_words import Keyword

_DONE: Final[dict[Keyword, DeskAnswer]] = {
    "MINE": "claimed",
    "GO": "going",
    "THERE": "there",
    "SEEN": "seen",
    "NOTE": "noted",
}
_ASKS_YES: Final[frozenset[Keyword]] = frozenset({"NOT", "POLICE", "ENOUGH", "OVER", "CONFIRM"})
_WITH_NOTE: Final[frozenset[Keyword]] = frozenset({"MINE", "GO", "THERE"})
"""Their free text is a line for the desk; of the others it is what is said."""

_BY_CODE: Final[frozenset[Keyword]] = frozenset({"ASK", "POST"})
"""Whom to ask is looked up by the code; and to promise to stand somewhere takes more than one word."""

_TELLS_NOTHING: Final[frozenset[Keyword]] = frozenset(
    {"MINE", "GO", "THERE", "ASK", "ENOUGH", "CONFIRM", "NOTE", "POST", "YES", "NO"}
)
"""Alone they say what somebody does or wants done; SEEN, NOT, POLICE and OVER say how it is there."""

_MOST_OF_A_STRANGER: Final = 80
"""Characters up to which somebody's words may be a one-time code, or words of the desk and no more: what is
longer is a report, and in a storm nobody looks at it twice."""


def decide_chat(draft: Draft, report: ReportReceived, reporter: Reachable | None = None) -> Answer | None:
    """What follows from a message to the desk; None if it is a report like any other.

    `reporter` is whom it asks, if it asks somebody.
    """
    content = report.content
    if not isinstance(content, ReportContent) or not _may_be_to_the_desk(draft, report, content):
        return None
    code = join_code(content.text)
    if code is not None:
        return _join(draft, report, content, code)
    reply = desk_reply(content.text)
    if reply is None:
        return None
    talk = Talk.of(draft, report, content, reply)
    if not talk.member:
        return _of_a_stranger(talk, reply)
    asked = ask_reporter(talk, reply, reporter) if reply.keyword == "ASK" else None
    return asked or _decided(talk, reply)


def _may_be_to_the_desk(draft: Draft, report: ReportReceived, content: ReportContent) -> bool:
    """Whether it is worth reading as such: new, by a sender whom the source knows, not passed on."""
    if content.sender is None or content.sender_is is None or content.first_hand is False:
        return False
    if draft.state.known.get(report.report_id) is not None:
        return False
    return len(content.text) <= _MOST_OF_A_STRANGER or content.sender in draft.state.accounts


def _join(draft: Draft, report: ReportReceived, content: ReportContent, code: str) -> Answer:
    assert content.sender is not None  # noqa: S101 - asked by the caller
    account = BoundAccount(account=content.sender, bridge=BridgeId(report.bridge))
    reason, member = join(draft, account, code)
    talk = Talk.of(draft, report, content, DeskReply("LIST"))
    if member is not None:
        talk.say("joined", who=draft.state.members[member].name or member, lines=())
        return Answer("applied", reason)
    if reason == reasons.JOIN_WRONG and talk.answered < STRANGER_ANSWERS:
        talk.say("join_refused")
    return Answer("refused", reason)


def _of_a_stranger(talk: Talk, reply: DeskReply) -> Answer | None:
    """Somebody whose account is no member's: never a command.

    Words of the desk alone, about an open incident, tell of nothing that was seen; but whoever believes
    to have claimed it must learn that they have not. Everything else is a report.
    """
    incident = talk.draft.state.codes.get(reply.code or "")
    if incident not in talk.draft.state.active or reply.words or reply.keyword not in _TELLS_NOTHING:
        return None
    if talk.answered < STRANGER_ANSWERS:
        talk.say("not_enrolled", code=reply.code)
    return Answer("ignored", reasons.NOT_ENROLLED, incident)


def _decided(talk: Talk, reply: DeskReply) -> Answer | None:
    if reply.keyword == "LIST":
        lines = talk.lines()
        talk.say("open" if lines else "none_open", lines=lines)
        return Answer("applied", reasons.APPLIED)
    if reply.keyword in {"YES", "NO"}:
        return chat_yes.settle(talk, reply)
    if reply.code is not None:
        incident = talk.incident(reply.code)
        if incident is None:
            return _unknown(talk, reply)
        return chat_posts.about_post(talk, reply, incident) or _act(talk, reply, incident)
    return _without_code(talk, reply)


def _unknown(talk: Talk, reply: DeskReply) -> Answer | None:
    """A code that none of theirs has; what they wrote beside it may be a report, and is judged as one."""
    talk.say("unknown_code", code=reply.code or "", lines=talk.lines())
    return None if reply.words else Answer("refused", reasons.UNKNOWN_INCIDENT)


def _without_code(talk: Talk, reply: DeskReply) -> Answer | None:
    """A keyword alone: the incident that they are on, or the only one there is."""
    meant = alone(talk)
    if len(meant) == 1 and reply.keyword not in _BY_CODE:
        return _act(talk, reply, meant[0])
    if not meant:
        return None
    talk.say("which", lines=talk.lines())
    return Answer("refused", reasons.WHICH_ONE)


def _act(talk: Talk, reply: DeskReply, incident: Incident) -> Answer:
    act = Act(reply.keyword, reply.words, talk, incident)
    if reply.keyword == "ASK":
        talk.say("nobody_to_ask", code=incident.code)
        return Answer("refused", reasons.NOBODY_TO_ASK, incident.id)
    if reply.keyword == "NOT" and not talk.may(Reject, incident):
        return _not_there(talk, reply, incident)
    if reply.keyword in _ASKS_YES:
        return chat_yes.ask(talk, act)
    answer = talk.do(act_of(act))
    if answer.outcome != "applied":
        talk.refuse(answer.reason, incident)
        return answer
    if reply.keyword == "SEEN" and chat_yes.may_confirm(talk, incident):
        return chat_yes.ask(talk, Act("CONFIRM", reply.words, talk, incident))
    _done(talk, reply, incident, answer)
    return answer


def _done(talk: Talk, reply: DeskReply, incident: Incident, answer: Answer) -> None:
    """Note their free text and say what was done; that it was so already, where nothing was."""
    new = {answer.reason}
    if reply.keyword in _WITH_NOTE and reply.words:
        new.add(talk.do(Note(**talk.base(incident), statement=Statement(text=reply.words))).reason)
    if reasons.APPLIED in new:
        _say_done(talk, reply.keyword, talk.draft.incident(incident.id))
    else:
        talk.say("unchanged", code=incident.code, drill=incident.drill)


def _say_done(talk: Talk, keyword: Keyword, incident: Incident) -> None:
    """What was done; whoever goes learns who else does, because they go in twos."""
    until = incident.claim.until if incident.claim else None
    who = talk.others_there(incident) if keyword in {"GO", "THERE"} else ""
    talk.say(_DONE[keyword], code=incident.code, until=until, who=who, drill=incident.drill)


def _not_there(talk: Talk, reply: DeskReply, incident: Incident) -> Answer:
    """A verifier's NOT decides nothing: it is a line for the desk, and the other verifiers are told."""
    said = f"NOT {reply.words}".strip()
    answer = talk.do(Note(**talk.base(incident), statement=Statement(text=said)))
    if answer.outcome != "applied":
        talk.refuse(answer.reason, incident)
        return answer
    if answer.reason == reasons.UNCHANGED:
        talk.say("unchanged", code=incident.code, drill=incident.drill)
        return answer
    if not incident.ended:
        told = [pair for pair in incident.told if pair[1] == "verifiers"]
        talk.draft.tell(incident.id, "UPDATE", told, note="said_wrong", statement=reply.words)
    talk.say("noted", code=incident.code)
    return answer

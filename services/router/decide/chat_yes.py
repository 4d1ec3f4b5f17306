"""What tells people is shown first: the very words, to how many, and then a YES from the same account.

What would go out is found by deciding the command on a draft that is thrown away, so it is what goes
out. The yes counts for ten minutes and for the incident as it was shown; has that moved on, what would
go out now is shown and asked again. Where others can write in a sender's name (SMS), the yes has to
repeat four digits that only our answer holds.
"""

import hashlib
from typing import Final, cast

from services.router.decide import reasons
from services.router.decide.chat_acts import Act, act_of
from services.router.decide.chat_talk import Talk
from services.router.decide.desk import decide_command
from services.router.decide.draft import Draft
from services.router.decide.limits import YES_WAITS
from services.router.decide.reports import Answer
from services.router.decide.state import Incident, State, WaitingYes
from shared.contracts import incidents as events
from shared.contracts.alerts import AlertBody, AlertRaised, DeskAnswer, Preview
from shared.contracts.desk import Confirm
from shared.contracts.groups import ChannelDefinition
from shared.words.desk_reply import DeskReply
from shared.words.desk_words import Keyword

_PREVIEW: Final = "preview"
_AUDIENCES: Final = ("community", "partners", "verifiers")
"""Whose words are shown, the first who would get any."""
_DIGITS: Final = 4


def may_confirm(talk: Talk, incident: Incident) -> bool:
    """Whether a sighting by them may be confirmed at once: they may, and it is not yet."""
    return talk.may(Confirm, incident) and incident.status in {"unconfirmed", "likely", "no_news"}


def ask(talk: Talk, act: Act, answer: DeskAnswer = "will_send") -> Answer:
    """Show what would go out, and wait for a yes; what nobody would be told is done at once."""
    incident = talk.draft.incident(act.incident.id)
    tried, sends = _foretold(talk, act)
    if tried.outcome != "applied":
        talk.refuse(tried.reason, incident)
        return tried
    if not sends:
        return _carry_out(talk, act)
    proof = "" if talk.proven else _digits_of(talk)
    wanted = events.YesWanted(account=talk.account, keyword=act.keyword, words=act.words, proof=proof)
    talk.draft.emit(
        events.YesAsked,
        incident_id=incident.id,
        member=talk.member,
        version=incident.version,
        until=talk.draft.now + YES_WAITS,
        asked=wanted,
    )
    preview = _preview(talk.draft.state, sends)
    talk.say(answer, code=incident.code, preview=preview, proof=proof, drill=incident.drill)
    return Answer("applied", reasons.YES_ASKED, incident.id)


def settle(talk: Talk, reply: DeskReply) -> Answer | None:
    """Their yes or no to what they were shown last; a lone word that answers nothing is a report."""
    waiting = _waiting(talk, reply)
    incident = talk.draft.state.incidents.get(waiting.incident) if waiting else None
    if waiting is None or incident is None:
        return _nothing(talk, reply)
    if reply.keyword == "NO":
        return _closed(talk, incident, "no", "dropped", reasons.DROPPED)
    if waiting.proof and reply.words[:_DIGITS] != waiting.proof:
        return _closed(talk, incident, "wrong", "yes_wrong", reasons.YES_WRONG)
    if talk.group(incident) is None:
        return _closed(talk, incident, "no", "nothing_asked", reasons.NOT_YOUR_INCIDENT)
    act = Act(cast("Keyword", waiting.keyword), waiting.words, talk, incident)
    if incident.version != waiting.version:
        return ask(talk, act, "changed")
    talk.draft.emit(events.YesSettled, incident_id=incident.id, member=talk.member, how="yes")
    return _carry_out(talk, act)


def _nothing(talk: Talk, reply: DeskReply) -> Answer | None:
    """They answer what they were not asked, or too late; a lone word from one who never was is a report."""
    before = talk.draft.state.yes.get(talk.member)
    late = talk.draft.state.incidents.get(before.incident) if before else None
    if reply.code is None and late is None:
        return None
    talk.say("nothing_asked", code=reply.code or (late.code if late else ""))
    return Answer("refused", reasons.NOTHING_ASKED)


def _waiting(talk: Talk, reply: DeskReply) -> WaitingYes | None:
    """What they are answering, if they are."""
    waiting = talk.draft.state.yes.get(talk.member)
    if waiting is None or waiting.account != talk.account or waiting.until <= talk.draft.now:
        return None
    incident = talk.draft.state.incidents.get(waiting.incident)
    named = reply.code is None or (incident is not None and incident.code == reply.code)
    return waiting if named else None


def _closed(talk: Talk, incident: Incident, how: str, answer: DeskAnswer, reason: str) -> Answer:
    talk.draft.emit(events.YesSettled, incident_id=incident.id, member=talk.member, how=how)
    talk.say(answer, code=incident.code, drill=incident.drill)
    return Answer("applied" if reason == reasons.DROPPED else "refused", reason, incident.id)


def _carry_out(talk: Talk, act: Act) -> Answer:
    before = len(talk.draft.messages)
    answer = talk.do(act_of(act, reach=_reach(talk, act)))
    incident = talk.draft.incident(act.incident.id)
    if answer.outcome != "applied":
        talk.refuse(answer.reason, incident)
        return answer
    proposed = any(isinstance(e, events.ConfirmProposed) for e in talk.draft.messages[before:])
    done: DeskAnswer = "unchanged" if answer.reason == reasons.UNCHANGED else "told"
    talk.say("second" if proposed else done, code=incident.code, drill=incident.drill)
    return answer


def _foretold(talk: Talk, act: Act) -> tuple[Answer, list[AlertRaised]]:
    """What would be decided, and what would go out, decided on a draft that is thrown away."""
    draft = Draft(talk.draft.state, _PREVIEW, talk.draft.now, talk.draft.gazetteer)
    answer = decide_command(draft, act_of(act))
    return answer, [m for m in draft.messages if isinstance(m, AlertRaised)]


def _preview(state: State, sends: list[AlertRaised]) -> Preview | None:
    """The message to those who matter most, and over how many channels all of it would go."""
    shown = next(
        (m for audience in _AUDIENCES for m in sends if m.audience == audience and _channels(state, m)),
        sends[0],
    )
    if not isinstance(shown.body, AlertBody):
        return None
    return Preview(
        group=shown.group,
        group_version=shown.group_version,
        audience=shown.audience,
        kind=shown.kind,
        ask=shown.ask,
        status=shown.status,
        body=shown.body,
        channels=sum(len(_channels(state, m)) for m in sends),
        groups=len({m.group for m in sends}),
    )


def _channels(state: State, alert: AlertRaised) -> list[ChannelDefinition]:
    known = state.groups.get(alert.group)
    channels = known.channels.channels if known is not None and known.channels is not None else ()
    return [channel for channel in channels if channel.carries(alert.audience, drill=alert.drill)]


def _reach(talk: Talk, act: Act) -> int:
    """How many a confirmation goes to, as far as the channels' settings list them."""
    if act.keyword != "CONFIRM":
        return 0
    state = talk.draft.state
    sends = [m for m in _foretold(talk, act)[1] if m.audience != "verifiers"]
    return sum(_addresses(channel) for alert in sends for channel in _channels(state, alert))


def _addresses(channel: ChannelDefinition) -> int:
    lists = (value for value in channel.settings.values() if isinstance(value, list | tuple))
    return max((len(addresses) for addresses in lists), default=1)


def _digits_of(talk: Talk) -> str:
    """Four digits that follow from what nobody outside knows: the keyed names of sender and message."""
    digest = hashlib.sha256(f"yes\n{talk.account}\n{talk.report.report_id}".encode()).digest()
    return f"{int.from_bytes(digest[:4], 'big') % 10**_DIGITS:04d}"

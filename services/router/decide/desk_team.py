"""Commands by which people work together on an incident: go, see, note, ask, hand over, call for help."""

from typing import Final

from services.router.decide import reasons
from services.router.decide.ask_back import emit_question, may_be_asked
from services.router.decide.desk_incident import first_word
from services.router.decide.draft import Draft
from services.router.decide.limits import CLAIM_LEASE
from services.router.decide.permissions import concerns
from services.router.decide.sayings import ask_now, said_again, statement_of, words_of
from services.router.decide.state import Incident
from services.router.decide.understand import understand
from services.router.decide.worlds import world
from shared.contracts import desk
from shared.contracts import incidents as events
from shared.contracts.alerts import AlertKind, QuestionBody
from shared.contracts.base import HUB
from shared.contracts.desk import ReporterAddress
from shared.contracts.groups import Audience

_VERIFIERS: Final[Audience] = "verifiers"


def attend(draft: Draft, command: desk.Attend, incident: Incident) -> str:
    """Somebody goes there, is there, or has left: seen at the desk, sent to nobody."""
    if incident.ended:
        return reasons.WRONG_STATUS
    known = next((v.step for v in incident.visits if v.member == command.member), "left")
    if known == command.step:
        return reasons.UNCHANGED
    draft.emit(
        events.IncidentAttended,
        incident_id=incident.id,
        member=command.member,
        group=command.group,
        step=command.step,
    )
    return reasons.APPLIED


def seen(draft: Draft, command: desk.Seen, incident: Incident) -> str:
    """A member's own eyes make it likely and end a silence; only a confirmation confirms."""
    if incident.ended and incident.status != "no_news":
        return reasons.WRONG_STATUS
    statement = statement_of(command)
    proven = incident.status not in {"unconfirmed", "no_news"}
    if proven and said_again(incident, command.member, "seen", words_of(command), draft.now):
        return reasons.UNCHANGED
    who = {"member": command.member, "group": command.group}
    detail = _understood(words_of(command))
    draft.emit(events.IncidentSeen, incident_id=incident.id, **who, statement=statement, detail=detail)
    if incident.status == "no_news":
        draft.emit(events.IncidentReopened, incident_id=incident.id, status="likely")
    elif incident.status == "unconfirmed":
        draft.emit(
            events.IncidentAssessed,
            incident_id=incident.id,
            status="likely",
            reason=reasons.SEEN_BY_MEMBER,
        )
    told = [pair for pair in incident.told if pair[1] == _VERIFIERS]
    kind: AlertKind = "LIKELY" if draft.incident(incident.id).status == "likely" else "UPDATE"
    draft.tell(incident.id, kind, told, urgency="urgent", note="seen", statement=words_of(command))
    return reasons.APPLIED


def _understood(words: str) -> events.SightingDetail | None:
    """What their words count, and who they say acts: offered to whoever confirms it."""
    found = understand(words)
    detail = events.SightingDetail(who=found.who, seen=found.counts)
    return None if detail == events.SightingDetail() else detail


def note(draft: Draft, command: desk.Note, incident: Incident) -> str:
    """A line for the desk."""
    statement = statement_of(command)
    if statement is None or not statement.text.strip():
        return reasons.EMPTY
    if said_again(incident, command.member, "note", statement.text, draft.now):
        return reasons.UNCHANGED
    draft.emit(
        events.IncidentNoted,
        incident_id=incident.id,
        member=command.member,
        group=command.group,
        statement=statement,
    )
    return reasons.APPLIED


def send_on(draft: Draft, command: desk.SendOn, incident: Incident) -> str:
    """The reason stands in the history; the notifier lets go what waits by then."""
    statement = statement_of(command)
    if statement is None or not statement.text.strip():
        return reasons.EMPTY
    draft.emit(
        events.IncidentSentOn,
        incident_id=incident.id,
        member=command.member,
        group=command.group,
        statement=statement,
    )
    return reasons.APPLIED


def hand_over(draft: Draft, command: desk.HandOver, incident: Incident) -> str:
    """The claim passes on, with a note of how things stand."""
    claim = incident.claim
    if claim is None or claim.member != command.member:
        return reasons.NOT_CLAIMED
    taker = draft.state.members.get(command.to)
    groups = [g for g in (taker.roles if taker else ()) if g != HUB and concerns(incident, g)]
    if not groups or command.to == command.member:
        return reasons.UNKNOWN_MEMBER
    draft.emit(
        events.IncidentClaimed,
        incident_id=incident.id,
        member=command.to,
        group=command.group if command.group in groups else min(groups),
        until=draft.now + CLAIM_LEASE,
        handed_by=command.member,
    )
    statement = statement_of(command)
    if statement is not None and statement.text.strip():
        who = {"member": command.member, "group": command.group}
        draft.emit(events.IncidentNoted, incident_id=incident.id, **who, statement=statement)
    return reasons.APPLIED


def escalate(draft: Draft, command: desk.Escalate, incident: Incident) -> str:
    """Other groups' verifiers are told of it, in the words of its present state."""
    if incident.ended:
        return reasons.WRONG_STATUS
    if any(group not in draft.state.groups for group in command.groups):
        return reasons.UNKNOWN_GROUP
    fresh = tuple(g for g in dict.fromkeys(command.groups) if (g, _VERIFIERS) not in incident.told)
    if not fresh:
        return reasons.ALREADY_TOLD
    draft.emit(events.IncidentEscalated, incident_id=incident.id, groups=fresh, member=command.member)
    whom = [(group, _VERIFIERS) for group in fresh]
    draft.tell(incident.id, first_word(incident), whom, urgency="urgent", ask=ask_now(incident))
    return reasons.APPLIED


def ask_reporter(draft: Draft, command: desk.AskReporter, incident: Incident) -> str:
    """One question to one reporter, whose number nobody sees; as seldom as the relay itself may ask."""
    report = incident.evidence.get(command.report_id)
    if report is None:
        return reasons.UNKNOWN_REPORT
    to = command.to
    if not isinstance(to, ReporterAddress) or report.asked is None:
        return reasons.NOBODY_TO_ASK
    if not may_be_asked(world(draft.state, drill=incident.drill), report.asked, draft.now):
        return reasons.ASKED_ENOUGH
    draft.emit(
        events.ReporterAsked,
        incident_id=incident.id,
        member=command.member,
        group=command.group,
        report_id=command.report_id,
        asks=command.asks,
    )
    body = QuestionBody(
        bridge=to.bridge, address=to.address, asks=command.asks, language=to.language or report.gist.tongue
    )
    emit_question(draft, body, drill=incident.drill)
    return reasons.APPLIED

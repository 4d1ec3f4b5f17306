"""Commands about incidents: claimed, confirmed, rejected, updated, ended; reports let go on.

Whoever was told of an incident is told of every change of it, once, over the same audience.
"""

from datetime import datetime
from typing import Final

from services.router.decide import ids, reasons
from services.router.decide.desk_account import taken_down, tally_after, unaccounted
from services.router.decide.draft import Draft, public, verifiers
from services.router.decide.follow_up import raise_to_likely
from services.router.decide.limits import CLAIM_LEASE, PROPOSAL_LIFE
from services.router.decide.permissions import concerns
from services.router.decide.post_told import tell_end
from services.router.decide.reports import join_held, open_incident
from services.router.decide.route import concerned
from services.router.decide.sayings import (
    figures_just_heard,
    figures_known,
    statement_of,
    told_again,
    words_of,
)
from services.router.decide.state import Held, Incident
from services.router.decide.watch import keep_watch
from shared.contracts import desk
from shared.contracts import incidents as events
from shared.contracts.alerts import AlertKind, Note
from shared.contracts.base import GroupId, IncidentId, MemberId
from shared.contracts.desk import EndStage, Statement
from shared.contracts.incidents import Status
from shared.situation import most_said
from shared.words import NOT_OVER

_TO_CONFIRM: Final[frozenset[Status]] = frozenset({"unconfirmed", "likely", "no_news"})
_TO_REJECT: Final[frozenset[Status]] = frozenset({"unconfirmed", "likely", "confirmed", "no_news"})
_TO_END: Final[dict[EndStage, frozenset[Status]]] = {
    "officers_left": frozenset({"unconfirmed", "likely", "confirmed", "no_news"}),
    "aftercare": frozenset({"unconfirmed", "likely", "confirmed", "no_news", "officers_left"}),
    "closed": frozenset({"unconfirmed", "likely", "confirmed", "no_news", "officers_left", "aftercare"}),
}
_TAKEN_BACK: Final[frozenset[Status]] = frozenset({"not_confirmed", "other_agency", "retracted"})
_ENDED_AS: Final[dict[EndStage, AlertKind]] = {
    "officers_left": "OVER",
    "aftercare": "UPDATE",
    "closed": "CLOSED",
}


def claim(draft: Draft, command: desk.Claim, incident: Incident) -> str:
    """A lease of fifteen minutes; claiming again renews it."""
    if incident.ended:
        return reasons.WRONG_STATUS
    held = incident.claim
    if held is not None and held.member != command.member and held.until > draft.now:
        return reasons.CLAIMED_BY_OTHER
    draft.emit(
        events.IncidentClaimed,
        incident_id=incident.id,
        member=command.member,
        group=command.group,
        until=draft.now + CLAIM_LEASE,
    )
    return reasons.APPLIED


def renew_claim(draft: Draft, incident: IncidentId, member: MemberId) -> None:
    """Whoever is at work on it need not claim it again: each of their acts gives it the whole time anew."""
    known = draft.state.incidents.get(incident)
    held = known.claim if known else None
    until = draft.now + CLAIM_LEASE
    if held is None or held.member != member or held.until >= until:
        return
    draft.emit(
        events.IncidentClaimed,
        incident_id=incident,
        member=member,
        group=held.group,
        until=until,
    )


def release(draft: Draft, command: desk.Release, incident: Incident) -> str:
    """Only one's own claim can be given up; others lapse."""
    if incident.claim is None or incident.claim.member != command.member:
        return reasons.NOT_CLAIMED
    draft.emit(events.ClaimReleased, incident_id=incident.id, reason="given_up")
    return reasons.APPLIED


def confirm(draft: Draft, command: desk.Confirm, incident: Incident) -> str:
    """The community is told now; verifiers learn that it is confirmed."""
    if incident.status not in _TO_CONFIRM:
        return reasons.WRONG_STATUS
    statement = statement_of(command)
    if _needs_a_second(draft, command, incident):
        return _propose(draft, command, incident, statement)
    draft.emit(
        events.IncidentConfirmed,
        incident_id=incident.id,
        member=command.member,
        group=command.group,
        ask=command.ask,
        sms_to=command.sms_to,
        statement=_with_setting(statement, incident),
    )
    whom = [*public(incident), *verifiers(incident), *incident.told]
    draft.tell(
        incident.id,
        "CONFIRMED",
        whom,
        urgency="urgent",
        ask=command.ask,
        sms_to=command.sms_to,
        statement=words_of(command),
    )
    return reasons.APPLIED


def _with_setting(statement: Statement | None, incident: Incident) -> Statement | None:
    """The statement with where people are: as the person says, else as most reports say."""
    said = statement.setting if statement else None
    found = said or most_said(report.gist.setting for report in incident.evidence.values())
    return (statement or Statement()).model_copy(update={"setting": found}) if found else statement


def _needs_a_second(draft: Draft, command: desk.Confirm, incident: Incident) -> bool:
    """Whether it would reach more people than one person should answer for, and nobody else said yes."""
    known = [draft.state.groups[s.group] for s in incident.groups if s.group in draft.state.groups]
    limit = min((g.definition.policy.second_person_above for g in known), default=command.reach)
    return command.reach > limit and not _waits_for(incident, command.member, draft.now)


def _waits_for(incident: Incident, member: MemberId, now: datetime) -> bool:
    """Whether another person proposed it lately."""
    first = incident.proposed
    return first is not None and first.member != member and now - first.at <= PROPOSAL_LIFE


def _propose(draft: Draft, command: desk.Confirm, incident: Incident, statement: Statement | None) -> str:
    """The verifiers learn that a second person is needed; of the same proposal once."""
    before = incident.proposed
    draft.emit(
        events.ConfirmProposed,
        incident_id=incident.id,
        member=command.member,
        group=command.group,
        ask=command.ask,
        reach=command.reach,
        statement=statement,
    )
    if before is None or draft.now - before.at > PROPOSAL_LIFE:
        told = [pair for pair in incident.told if pair[1] == "verifiers"]
        draft.tell(incident.id, "UPDATE", told, urgency="urgent", note="second_person")
    return reasons.SECOND_PERSON


def reject(draft: Draft, command: desk.Reject, incident: Incident) -> str:
    """It is not what was reported: those who were told are told, nobody else."""
    if incident.status not in _TO_REJECT:
        return reasons.WRONG_STATUS
    statement = statement_of(command)
    draft.emit(
        events.IncidentRejected,
        incident_id=incident.id,
        member=command.member,
        group=command.group,
        outcome=command.outcome,
        agency=command.agency if command.outcome == "other_agency" else None,
        statement=statement,
    )
    if command.keep_watch and incident.place is not None:
        keep_watch(draft, incident.id)
    tell_end(draft, incident, "WRONG" if told_as_fact(incident) else "NOT_CONFIRMED", words_of(command))
    return reasons.APPLIED


def told_as_fact(incident: Incident) -> bool:
    """Whether anybody was told that it is so: then it was a mistake. To call it unconfirmed was none."""
    return incident.status == "confirmed" or any(audience != "verifiers" for _, audience in incident.told)


def reopen(draft: Draft, command: desk.Reopen, incident: Incident) -> str:
    """It is not over after all. What was confirmed stays confirmed, unless a person took that back."""
    if incident.merged_into is not None or incident.live:
        return reasons.WRONG_STATUS
    stays = told_as_fact(incident) and incident.status not in _TAKEN_BACK
    status: Status = "confirmed" if stays else "unconfirmed"
    statement = statement_of(command)
    draft.emit(
        events.IncidentReopened,
        incident_id=incident.id,
        status=status,
        member=command.member,
        group=command.group,
        statement=statement,
    )
    whom = incident.told if status == "confirmed" else [p for p in incident.told if p[1] == "verifiers"]
    note: Note | None = None if status == "confirmed" else "reopened"
    words = words_of(command) or (NOT_OVER if status == "confirmed" else "")
    draft.tell(incident.id, "UPDATE", whom, urgency="urgent", statement=words, note=note)
    return reasons.APPLIED


def first_word(incident: Incident) -> AlertKind:
    """What those are told first who have not heard of it."""
    words: dict[Status, AlertKind] = {
        "unconfirmed": "UNCONFIRMED",
        "likely": "LIKELY",
        "confirmed": "CONFIRMED",
    }
    return words.get(incident.status, "UPDATE")


def update(draft: Draft, command: desk.Update, incident: Incident) -> str:
    """News for everybody who was told."""
    if incident.ended:
        return reasons.WRONG_STATUS
    statement = statement_of(command)
    if told_again(incident, command.ask, words_of(command), draft.now):
        return reasons.UNCHANGED
    draft.emit(
        events.IncidentUpdated,
        incident_id=incident.id,
        member=command.member,
        group=command.group,
        ask=command.ask,
        sms_to=command.sms_to,
        statement=statement,
    )
    words, known = words_of(command), figures_known(incident, draft.incident(incident.id))
    facts = {"figures_told": known}
    draft.tell(
        incident.id,
        "UPDATE",
        incident.told,
        ask=command.ask,
        sms_to=command.sms_to,
        statement=words,
        facts=facts,
    )
    return reasons.APPLIED


def end(draft: Draft, command: desk.End, incident: Incident) -> str:
    """Officers left, aftercare, or closed: the same people are told, but no number a second time.

    Closed only when it is known what became of everybody who was taken.
    """
    if incident.status not in _TO_END[command.stage]:
        return reasons.WRONG_STATUS
    if command.stage == "closed" and unaccounted(incident, command.tally):
        return reasons.NOT_ACCOUNTED
    statement = statement_of(command)
    draft.emit(
        events.IncidentEnded,
        incident_id=incident.id,
        member=command.member,
        group=command.group,
        stage=command.stage,
        tally=tally_after(incident, command.tally),
        statement=statement,
    )
    taken_down(draft, command, incident)
    _tell_stage(draft, command.stage, incident, words_of(command))
    return reasons.APPLIED


def _tell_stage(draft: Draft, stage: EndStage, before: Incident, words: str) -> None:
    """The end, to everybody who was told; that aftercare begins, only as far as there is anything new."""
    after, kind = draft.incident(before.id), _ENDED_AS[stage]
    if stage == "closed":
        tell_end(draft, before, kind, words, figures_told=figures_just_heard(before, after, draft.now))
        return
    known = stage == "aftercare" and before.status == "officers_left" and figures_known(before, after)
    if not known or words.strip():
        facts = {"figures_told": known}
        draft.tell(before.id, kind, before.told, urgency="urgent", statement=words, facts=facts)


def release_report(draft: Draft, command: desk.ReleaseReport) -> str:
    """A held report goes on: into the incident named, or as one of its own where a person says it is."""
    held = draft.state.held.get(command.report_id)
    if held is None:
        return reasons.NOT_HELD
    if held.groups and command.group not in held.groups:
        return reasons.NOT_YOUR_GROUP
    if command.incident_id is not None:
        return _release_into(draft, command, command.incident_id, held)
    return _release_alone(draft, command, held)


def _release_into(draft: Draft, command: desk.ReleaseReport, into: IncidentId, held: Held) -> str:
    incident = draft.state.incidents.get(into)
    if incident is None or incident.merged_into is not None:
        return reasons.UNKNOWN_INCIDENT
    if not concerns(incident, command.group):
        return reasons.NOT_YOUR_INCIDENT
    if incident.drill != held.drill:
        return reasons.ANOTHER_WORLD
    join_held(draft, command.report_id, into, how="released")
    raise_to_likely(draft, into)
    return reasons.APPLIED


def _taken_up(draft: Draft, group: GroupId) -> tuple[events.GroupShare, ...]:
    """In nobody's area it concerns whoever lets it go on."""
    known = draft.state.groups.get(group)
    return (events.GroupShare(group=group, version=known.version, share=0.0),) if known else ()


def _release_alone(draft: Draft, command: desk.ReleaseReport, held: Held) -> str:
    place = command.placed.place if isinstance(command.placed, desk.HeldPlace) else held.evidence.place
    if place is None:
        return reasons.PLACE_NEEDED
    groups = concerned(place, draft.state.groups, draft.gazetteer) or _taken_up(draft, command.group)
    incident = ids.incident_id(command.report_id)
    if incident in draft.state.incidents:
        incident = ids.incident_id(command.report_id, command.id)
    open_incident(draft, incident, place, groups, drill=held.drill)
    join_held(draft, command.report_id, incident, how="released")
    draft.tell(incident, "UNCONFIRMED", verifiers(draft.incident(incident)), urgency="urgent")
    return reasons.APPLIED

"""What the passing of time decides: lapsed claims, silence, digests, expiry, forgetting, restating.

A tick that finds nothing due emits nothing. One that finds too much leaves the rest to the next.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from services.router.decide import ids, snapshot
from services.router.decide.draft import Draft
from services.router.decide.limits import (
    DIGEST_GATHERS,
    DIGEST_LINES,
    DIGEST_NAMES,
    FORGOTTEN_AFTER,
    HELD_LIFE,
    RESTATED_AFTER,
)
from services.router.decide.locate import precise
from services.router.decide.state import DAWN, Group, Held, Incident, State
from shared.contracts import incidents as events
from shared.contracts.alerts import AlertRaised, DigestBody, DigestLine
from shared.contracts.base import GroupId
from shared.contracts.groups import GroupDefined, MemberAdded, MemberName

_QUIET_DEFAULT: Final = timedelta(minutes=90)
_EXCERPT: Final = 160
Due = Callable[[Draft], Iterator[None]]


def decide_tick(draft: Draft, most: int) -> bool:
    """Emit what is due, up to about so many events; whether anything was."""
    for due in _DUE:
        for _ in due(draft):
            if len(draft.messages) >= most:
                return True
    return bool(draft.messages)


def _active(state: State) -> list[Incident]:
    return [state.incidents[i] for i in sorted(state.active)]


def _claims(draft: Draft) -> Iterator[None]:
    lapsed = (i for i in _active(draft.state) if i.claim is not None and i.claim.until <= draft.now)
    for incident in lapsed:
        draft.emit(events.ClaimReleased, incident_id=incident.id, reason="lapsed")
        yield


def _silence(draft: Draft) -> Iterator[None]:
    for incident in _active(draft.state):
        if incident.live and incident.last_at + _patience(draft.state, incident) <= draft.now:
            draft.emit(events.IncidentQuiet, incident_id=incident.id, since=incident.last_at)
            draft.tell(incident.id, "NO_NEWS", incident.told)
            yield


def _patience(state: State, incident: Incident) -> timedelta:
    """The most patient of the groups concerned decides."""
    minutes = [
        state.groups[s.group].definition.policy.quiet_after_min
        for s in incident.groups
        if s.group in state.groups
    ]
    return timedelta(minutes=max(minutes)) if minutes else _QUIET_DEFAULT


def _forgetting(draft: Draft) -> Iterator[None]:
    for incident_id in sorted(draft.state.resting):
        incident = draft.state.incidents[incident_id]
        if _forgettable(draft.state, incident, draft.now):
            draft.emit(
                events.IncidentForgotten,
                incident_id=incident.id,
                outcode=incident.place.outcode if incident.place else None,
                reports=len(incident.evidence),
                status=incident.status,
            )
            yield


def _forgettable(state: State, incident: Incident, now: datetime) -> bool:
    """Seven days after the end; an absorbed incident not before the one that absorbed it."""
    if incident.merged_into is not None and incident.merged_into in state.incidents:
        return False
    return incident.ended_at is not None and incident.ended_at + FORGOTTEN_AFTER <= now


def _expiry(draft: Draft) -> Iterator[None]:
    old = [r for r, h in draft.state.held.items() if h.evidence.at + HELD_LIFE <= draft.now]
    for report in sorted(old):
        draft.emit(events.HeldSettled, report_id=report, how="expired")
        yield


def _digests(draft: Draft) -> Iterator[None]:
    waiting: dict[GroupId, list[Held]] = {}
    for held in draft.state.held.values():
        for group in held.groups:
            waiting.setdefault(group, []).append(held)
    for group_id in sorted(waiting):
        known = draft.state.groups.get(group_id)
        if known is not None and _digest_due(draft, group_id, known, waiting[group_id]):
            _digest(draft, group_id, known, waiting[group_id])
            yield


def _digest_due(draft: Draft, group_id: GroupId, group: Group, waiting: list[Held]) -> bool:
    fresh = [h.evidence.at for h in waiting if group_id not in h.digested]
    if not fresh:
        return False
    last = draft.state.digested.get(group_id, DAWN)
    every = timedelta(minutes=group.definition.policy.digest_every_min)
    return draft.now >= max(last + every, min(fresh) + min(every, DIGEST_GATHERS))


def _digest(draft: Draft, group_id: GroupId, group: Group, waiting: list[Held]) -> None:
    fresh = sorted((h for h in waiting if group_id not in h.digested), key=_rank)
    body = DigestBody(
        lines=tuple(_line(h) for h in fresh[:DIGEST_LINES]),
        held=len(waiting),
        oldest=min(h.evidence.at for h in waiting),
    )
    draft.emit(
        AlertRaised,
        alert_id=ids.alert_id(draft.next_id(), group_id, "verifiers"),
        group=group_id,
        group_version=group.version,
        audience="verifiers",
        kind="DIGEST",
        urgency="normal",
        not_after=draft.now + timedelta(minutes=group.definition.policy.alert_life_min),
        drill=all(h.drill for h in fresh),
        body=body,
    )
    shown = tuple(h.evidence.report for h in fresh)
    for start in range(0, len(shown), DIGEST_NAMES):
        draft.emit(events.HeldDigested, group=group_id, reports=shown[start : start + DIGEST_NAMES])


def _rank(held: Held) -> tuple[bool, bool, float, str]:
    """First-hand first, then precisely placed, then the newest."""
    evidence = held.evidence
    return (
        evidence.first_hand is not True,
        not precise(evidence.place),
        -evidence.at.timestamp(),
        evidence.report,
    )


def _line(held: Held) -> DigestLine:
    evidence = held.evidence
    return DigestLine(
        report_id=evidence.report,
        at=evidence.at,
        place=evidence.place.label if evidence.place else "",
        excerpt=evidence.text[:_EXCERPT],
        reason=held.reason,
    )


def _restating(draft: Draft) -> Iterator[None]:
    limit = draft.now - RESTATED_AFTER
    yield from _restate_groups(draft, limit)
    yield from _restate_members(draft, limit)
    for incident in _active(draft.state):
        if incident.stated_at <= limit:
            state = events.IncidentSnapshot(state=snapshot.snapshot_of(incident))
            draft.emit(events.IncidentCarried, incident_id=incident.id, snapshot=state)
            yield
    if DAWN < draft.state.positions_at <= limit:
        draft.emit(events.PositionCarried, reports=draft.state.reports_seq, desk=draft.state.desk_seq)
        yield


def _restate_groups(draft: Draft, limit: datetime) -> Iterator[None]:
    for group_id, group in sorted(draft.state.groups.items()):
        if group.stated_at <= limit:
            draft.emit(
                GroupDefined,
                group=group_id,
                version=group.version,
                definition=group.definition,
                channels=group.channels,
            )
            yield


def _restate_members(draft: Draft, limit: datetime) -> Iterator[None]:
    for member_id, member in sorted(draft.state.members.items()):
        if member.stated_at <= limit:
            draft.emit(
                MemberAdded,
                member=member_id,
                roles=dict(member.roles.items()),
                token_sha256=member.token_sha256,
                name=MemberName(name=member.name) if member.name else None,
            )
            yield


_DUE: Final[tuple[Due, ...]] = (_claims, _silence, _forgetting, _expiry, _digests, _restating)

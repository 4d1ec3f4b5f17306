"""What the passing of time decides: lapsed claims, silence, digests, expiry, forgetting, restating.

A tick that finds nothing due emits nothing. One that finds too much leaves the rest to the next.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from services.router.decide import reasons, snapshot
from services.router.decide.clues import precise
from services.router.decide.digests import digests
from services.router.decide.draft import Draft
from services.router.decide.limits import (
    FORGOTTEN_AFTER,
    HELD_LIFE,
    RESTATED_AFTER,
    VAGUE_FORGETS,
    VAGUE_WAITS,
)
from services.router.decide.reports import open_held
from services.router.decide.state import DAWN, Held, Incident, State
from shared.contracts import incidents as events
from shared.contracts.groups import GroupDefined, MemberAdded, MemberName

_QUIET_DEFAULT: Final = timedelta(minutes=90)
Due = Callable[[Draft], Iterator[None]]


def decide_tick(draft: Draft, most: int) -> bool:
    """Emit what is due, up to about so many events; whether anything was."""
    for due in _DUE:
        for _ in due(draft):
            if len(draft.messages) >= most:
                return True
    return bool(draft.messages)


def _active(state: State, due: Callable[[Incident], bool]) -> list[Incident]:
    """The open incidents of which that is so, in a fixed order; the rest are only looked at."""
    return sorted((i for name in state.active if due(i := state.incidents[name])), key=lambda i: i.id)


def _claims(draft: Draft) -> Iterator[None]:
    for incident in _active(draft.state, lambda i: i.claim is not None and i.claim.until <= draft.now):
        draft.emit(events.ClaimReleased, incident_id=incident.id, reason="lapsed")
        yield


def _silence(draft: Draft) -> Iterator[None]:
    for incident in _active(draft.state, lambda i: _silent(draft, i)):
        draft.emit(events.IncidentQuiet, incident_id=incident.id, since=incident.last_at)
        draft.tell(incident.id, "NO_NEWS", incident.told)
        yield


def _silent(draft: Draft, incident: Incident) -> bool:
    return incident.live and incident.last_at + _patience(draft.state, incident) <= draft.now


def _patience(state: State, incident: Incident) -> timedelta:
    """The most patient of the groups concerned decides."""
    minutes = [
        state.groups[s.group].definition.policy.quiet_after_min
        for s in incident.groups
        if s.group in state.groups
    ]
    return timedelta(minutes=max(minutes)) if minutes else _QUIET_DEFAULT


def _forgetting(draft: Draft) -> Iterator[None]:
    resting = (draft.state.incidents[name] for name in draft.state.resting)
    due = [i for i in resting if _forgettable(draft.state, i, draft.now)]
    for incident in sorted(due, key=lambda i: i.id):
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


def _vague(draft: Draft) -> Iterator[None]:
    """A clear report that named only an area has waited long enough for a better place."""
    ripe = sorted(report for report, held in draft.state.held.items() if _ripe(held, draft.now))
    for report in ripe:
        if (held := draft.state.held.get(report)) is not None:  # an earlier one may have brought it along
            open_held(draft, held)
            yield


def _ripe(held: Held, now: datetime) -> bool:
    """Whether it waited long enough for a better one: it lacks only a finer place, or who they are."""
    if not VAGUE_WAITS <= now - held.evidence.at < VAGUE_FORGETS:
        return False
    evidence = held.evidence
    seen = evidence.gist.scene and (evidence.gist.present or evidence.first_hand is not False)
    unclear = held.reason == reasons.WHO_IS_UNCLEAR and seen and precise(evidence.place)
    return held.reason == reasons.TOO_VAGUE or unclear


def _expiry(draft: Draft) -> Iterator[None]:
    old = [r for r, h in draft.state.held.items() if h.evidence.at + HELD_LIFE <= draft.now]
    for report in sorted(old):
        draft.emit(events.HeldSettled, report_id=report, how="expired")
        yield


def _restating(draft: Draft) -> Iterator[None]:
    limit = draft.now - RESTATED_AFTER
    yield from _restate_groups(draft, limit)
    yield from _restate_members(draft, limit)
    for incident in _active(draft.state, lambda i: i.stated_at <= limit):
        state = events.IncidentSnapshot(state=snapshot.snapshot_of(incident))
        draft.emit(events.IncidentCarried, incident_id=incident.id, snapshot=state)
        yield
    if DAWN < draft.state.positions_at <= limit:
        draft.emit(events.PositionCarried, reports=draft.state.reports_seq, desk=draft.state.desk_seq)
        yield


def _restate_groups(draft: Draft, limit: datetime) -> Iterator[None]:
    due = [item for item in draft.state.groups.items() if item[1].stated_at <= limit]
    for group_id, group in sorted(due, key=lambda item: item[0]):
        draft.emit(
            GroupDefined,
            group=group_id,
            version=group.version,
            definition=group.definition,
            channels=group.channels,
        )
        yield


def _restate_members(draft: Draft, limit: datetime) -> Iterator[None]:
    due = [item for item in draft.state.members.items() if item[1].stated_at <= limit]
    for member_id, member in sorted(due, key=lambda item: item[0]):
        draft.emit(
            MemberAdded,
            member=member_id,
            roles=dict(member.roles.items()),
            token_sha256=member.token_sha256,
            name=MemberName(name=member.name) if member.name else None,
        )
        yield


_DUE: Final[tuple[Due, ...]] = (_claims, _silence, _forgetting, _vague, _expiry, digests, _restating)

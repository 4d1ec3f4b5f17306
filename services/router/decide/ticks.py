"""What the passing of time decides: lapsed claims, silence, digests, expiry, forgetting, restating.

A tick that finds nothing due emits nothing. One that finds too much leaves the rest to the next.
"""

from collections.abc import Callable, Iterator
from typing import Final

from services.router.decide import snapshot
from services.router.decide.desk_accounts import restate_accounts
from services.router.decide.desk_drills import exercises
from services.router.decide.digests import digests
from services.router.decide.draft import Draft
from services.router.decide.due import (
    claim_lapses,
    expires,
    falls_silent,
    first_group_restated,
    forgotten,
    least_patience,
    next_due,
    open_incidents,
    positions_restated,
    restated,
    resting_incidents,
    ripens,
)
from services.router.decide.ladder import ladder
from services.router.decide.limits import VAGUE_FORGETS
from services.router.decide.posts import aftercare
from services.router.decide.reports import open_held
from services.router.decide.shifts import shifts
from services.router.decide.state import DAWN, Incident, State
from shared.contracts import incidents as events
from shared.contracts.groups import Audience, GroupDefined, MemberAdded, MemberName
from shared.contracts.members import WayInPut
from shared.gazetteer.port import Gazetteer

Due = Callable[[Draft], Iterator[None]]


def decide_tick(draft: Draft, most: int) -> bool:
    """Emit what is due, up to about so many events; whether anything was."""
    if _idle.covers(draft):
        return False
    for due in _DUE:
        for _ in due(draft):
            if len(draft.messages) >= most:
                return True
    if not draft.messages:
        _idle.found(draft)
    return bool(draft.messages)


class _Idle:
    """The state in which a tick found nothing due, and how long it stays so.

    Days of silence are ticked by the minute. In a state that stays the same only the next moment
    at which something falls due need be known; it is worked out at the second idle tick in it,
    since in busy times there is no second one.
    """

    def __init__(self) -> None:
        self._seen: tuple[State, Gazetteer] | None = None
        self._since = self._until = DAWN

    def covers(self, draft: Draft) -> bool:
        """Whether nothing can be due."""
        return self._same(draft) and self._since <= draft.now < self._until

    def found(self, draft: Draft) -> None:
        """Nothing was due at that moment, whatever should have fallen due before it."""
        again = self._same(draft)
        self._seen = (draft.state, draft.gazetteer)
        self._since = draft.now
        self._until = next_due(draft.state, draft.now) if again else draft.now

    def _same(self, draft: Draft) -> bool:
        seen = self._seen
        return seen is not None and seen[0] is draft.state and seen[1] is draft.gazetteer


_VERIFIERS: Final[Audience] = "verifiers"
_idle: Final = _Idle()


def _active(state: State, due: Callable[[Incident], bool]) -> list[Incident]:
    """The open incidents of which that is so, in a fixed order; the rest are only looked at."""
    return sorted((i for i in open_incidents(state) if due(i)), key=lambda i: i.id)


def _claims(draft: Draft) -> Iterator[None]:
    for incident in _active(draft.state, lambda i: claim_lapses(i) <= draft.now):
        draft.emit(events.ClaimReleased, incident_id=incident.id, reason="lapsed")
        if incident.status == "confirmed" and incident.claim is not None:
            # Before that the ladder asks again; here whoever was on it, and theirs, would never hear of it.
            verifiers = [(incident.claim.group, _VERIFIERS)]
            draft.tell(incident.id, "UPDATE", verifiers, note="claim_lapsed")
        yield


def _silence(draft: Draft) -> Iterator[None]:
    state, now = draft.state, draft.now
    before = now - least_patience(state.groups)
    for incident in _active(state, lambda i: i.last_at <= before and falls_silent(state, i) <= now):
        draft.emit(events.IncidentQuiet, incident_id=incident.id, since=incident.last_at)
        draft.tell(incident.id, "NO_NEWS", incident.told)
        yield


def _forgetting(draft: Draft) -> Iterator[None]:
    due = [i for i in resting_incidents(draft.state) if forgotten(draft.state, i) <= draft.now]
    for incident in sorted(due, key=lambda i: i.id):
        draft.emit(
            events.IncidentForgotten,
            incident_id=incident.id,
            outcode=incident.place.outcode if incident.place else None,
            reports=len(incident.evidence),
            status=incident.status,
        )
        yield


def _vague(draft: Draft) -> Iterator[None]:
    """A clear report that named only an area has waited long enough for a better place."""
    recent = draft.now - VAGUE_FORGETS
    held = draft.state.all_held.items()
    ripe = sorted(r for r, h in held if h.evidence.at > recent and ripens(h) <= draft.now)
    for report in ripe:
        if (waiting := draft.state.held.get(report)) is not None:  # an earlier one may have brought it along
            open_held(draft, waiting)
            yield


def _expiry(draft: Draft) -> Iterator[None]:
    old = [r for r, h in draft.state.all_held.items() if expires(h) <= draft.now]
    for report in sorted(old):
        draft.emit(events.HeldSettled, report_id=report, how="expired")
        yield


def _restating(draft: Draft) -> Iterator[None]:
    yield from _restate_groups(draft)
    yield from _restate_members(draft)
    for incident in _active(draft.state, lambda i: restated(i.stated_at) <= draft.now):
        state = events.IncidentSnapshot(state=snapshot.snapshot_of(incident))
        draft.emit(events.IncidentCarried, incident_id=incident.id, snapshot=state)
        yield
    if positions_restated(draft.state) <= draft.now:
        draft.emit(events.PositionCarried, reports=draft.state.reports_seq, desk=draft.state.desk_seq)
        yield


def _restate_groups(draft: Draft) -> Iterator[None]:
    if first_group_restated(draft.state.groups) > draft.now:
        return
    due = [item for item in draft.state.groups.items() if restated(item[1].stated_at) <= draft.now]
    for group_id, group in sorted(due, key=lambda item: item[0]):
        draft.emit(
            GroupDefined,
            group=group_id,
            version=group.version,
            definition=group.definition,
            channels=group.channels,
            words=group.words,
        )
        yield


def _restate_members(draft: Draft) -> Iterator[None]:
    due = [item for item in draft.state.members.items() if restated(item[1].stated_at) <= draft.now]
    for member_id, member in sorted(due, key=lambda item: item[0]):
        draft.emit(
            MemberAdded,
            member=member_id,
            roles=dict(member.roles.items()),
            token_sha256=member.token_sha256,
            name=MemberName(name=member.name) if member.name else None,
        )
        for way, known in sorted(member.ways_in.items()):
            tag = known.login_tag
            draft.emit(WayInPut, member=member_id, way_in=way, login_tag=tag, secret=known.secret)
        restate_accounts(draft, member_id)
        yield


_DUE: Final[tuple[Due, ...]] = (
    _claims,
    _silence,
    _forgetting,
    _vague,
    _expiry,
    digests,
    ladder,  # after what a lower rung still has in its digest
    aftercare,
    shifts,
    exercises,
    _restating,
)

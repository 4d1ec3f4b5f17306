"""What the events about members mean: who may act, who is invited, and by what they sign in. Pure."""

from collections.abc import Callable
from typing import Any, Final

from rpds import HashTrieMap

from services.router.decide import evolve_accounts
from services.router.decide.changed import changed
from services.router.decide.state import Invite, KnownWayIn, Member, State
from shared.contracts import groups, members
from shared.contracts.base import Message


def _added(state: State, event: groups.MemberAdded) -> State:
    """A member said anew keeps their ways in: those are said beside it."""
    name = event.name.name if isinstance(event.name, groups.MemberName) else None
    before = state.members.get(event.member)
    ways_in: HashTrieMap[str, KnownWayIn] = before.ways_in if before else HashTrieMap()
    member = Member(HashTrieMap(event.roles), event.token_sha256, name, event.at, ways_in)
    return changed(state, members=state.members.insert(event.member, member))


def _revoked(state: State, event: groups.MemberRevoked) -> State:
    state = changed(state, members=state.members.discard(event.member))
    return evolve_accounts.without(state, event.member)


def _invited(state: State, event: members.MemberInvited) -> State:
    name = event.name.name if isinstance(event.name, groups.MemberName) else None
    invite = Invite(event.member, HashTrieMap(event.roles), name, event.expires_at)
    fresh = HashTrieMap({key: i for key, i in state.invites.items() if i.expires_at > event.at})
    return changed(state, invites=fresh.insert(event.invite, invite))


def _settled(state: State, event: members.InviteSettled) -> State:
    return changed(state, invites=state.invites.discard(event.invite))


def _way_in(state: State, event: members.WayInPut) -> State:
    """Of a member who is not known (any more) it means nothing: they are said again together."""
    member = state.members.get(event.member)
    if member is None or not isinstance(event.secret, members.Passkey | members.Password):
        return state
    ways = member.ways_in.insert(event.way_in, KnownWayIn(event.secret, event.login_tag))
    return changed(state, members=state.members.insert(event.member, changed(member, ways_in=ways)))


def _no_way_in(state: State, event: members.WayInRemoved) -> State:
    member = state.members.get(event.member)
    if member is None:
        return state
    ways = member.ways_in.discard(event.way_in)
    return changed(state, members=state.members.insert(event.member, changed(member, ways_in=ways)))


MEMBER_EVENTS: Final[dict[type[Message], Callable[[State, Any], State]]] = {
    groups.MemberAdded: _added,
    groups.MemberRevoked: _revoked,
    members.MemberInvited: _invited,
    members.InviteSettled: _settled,
    members.WayInPut: _way_in,
    members.WayInRemoved: _no_way_in,
}

"""Commands by which people come in: an invitation, its acceptance, and a member's own ways in.

A link opens once, because its acceptance is decided in the log's order. Whoever accepts one again as a
member (their phone is lost) has the new way in only; whatever opened before opens nothing, and no chat
account acts for them.
"""

from datetime import timedelta
from typing import Final

from services.router.decide import reasons
from services.router.decide.desk_accounts import unbind
from services.router.decide.draft import Draft
from services.router.decide.state import Invite
from shared.contracts import members as m
from shared.contracts.base import MemberId
from shared.contracts.groups import MemberAdded, MemberName

LONGEST: Final = timedelta(hours=73)
"""Of an invitation: three days, and what the clocks may differ."""
MOST_WAYS: Final = 20


def invite(draft: Draft, command: m.InviteMember) -> str:
    """Somebody may come in by this link; a link of an id that is used already changes nothing."""
    if not draft.now < command.expires_at <= draft.now + LONGEST:
        return reasons.INVITE_TOO_LONG
    name = command.name if isinstance(command.name, MemberName) else None
    draft.emit(
        m.MemberInvited,
        member=command.new_member,
        invite=command.invite,
        roles=command.roles,
        expires_at=command.expires_at,
        by=command.member,
        name=name,
    )
    return reasons.APPLIED


def accept(draft: Draft, command: m.AcceptInvite) -> str:
    """Who holds the link is in, by one way; all their links and older ways in open nothing any more."""
    found = draft.state.invites.get(command.invite)
    if found is None or found.member != command.member or found.expires_at <= draft.now:
        return reasons.NO_SUCH_INVITE
    if command.secret is None or _taken(draft, command.login_tag, command.member):
        return reasons.LOGIN_TAKEN if command.secret else reasons.UNREADABLE
    _join(draft, command, found)
    for way in sorted(draft.state.members[command.member].ways_in):
        draft.emit(m.WayInRemoved, member=command.member, way_in=way)
    unbind(draft, command.member)
    _put(draft, command)
    settle_invites(draft, command.member, "accepted")
    return reasons.APPLIED


def put_way_in(draft: Draft, command: m.PutWayIn) -> str:
    """One more way in of their own, or one changed."""
    ways = draft.state.members[command.member].ways_in
    if command.secret is None:
        return reasons.UNREADABLE
    if command.way_in not in ways and len(ways) >= MOST_WAYS:
        return reasons.TOO_MANY_WAYS_IN
    if _taken(draft, command.login_tag, command.member):
        return reasons.LOGIN_TAKEN
    _put(draft, command)
    return reasons.APPLIED


def remove_way_in(draft: Draft, command: m.RemoveWayIn) -> str:
    """One way in of their own less, never the last."""
    ways = draft.state.members[command.member].ways_in
    if command.way_in not in ways:
        return reasons.UNKNOWN_WAY_IN
    if len(ways) == 1:
        return reasons.LAST_WAY_IN
    draft.emit(m.WayInRemoved, member=command.member, way_in=command.way_in)
    return reasons.APPLIED


def settle_invites(draft: Draft, member: MemberId, how: str) -> bool:
    """All links of this member open nothing any more; whether there were any."""
    theirs = sorted(key for key, i in draft.state.invites.items() if i.member == member)
    for key in theirs:
        draft.emit(m.InviteSettled, member=member, invite=key, how=how)
    return bool(theirs)


def _join(draft: Draft, command: m.AcceptInvite, found: Invite) -> None:
    """Who is no member yet becomes one, as the invitation says; who is one stays what they are."""
    if command.member in draft.state.members:
        return
    draft.emit(
        MemberAdded,
        member=command.member,
        roles=dict(found.roles.items()),
        token_sha256=command.token_sha256,
        name=MemberName(name=found.name) if found.name else None,
    )


def _put(draft: Draft, command: m.AcceptInvite | m.PutWayIn) -> None:
    draft.emit(
        m.WayInPut,
        member=command.member,
        way_in=command.way_in,
        login_tag=command.login_tag,
        secret=command.secret,
    )


def _taken(draft: Draft, login_tag: str | None, member: MemberId) -> bool:
    """Whether somebody else signs in by this name."""
    if login_tag is None:
        return False
    others = (known for who, known in draft.state.members.items() if who != member)
    return any(way.login_tag == login_tag for known in others for way in known.ways_in.values())

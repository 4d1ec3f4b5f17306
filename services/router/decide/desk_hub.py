"""Commands that run the hub: groups, members, the kill switch."""

from services.router.decide import reasons
from services.router.decide.desk_duty import leave_rota
from services.router.decide.desk_members import settle_invites
from services.router.decide.draft import Draft
from services.router.decide.permissions import last_operator
from shared.areas import is_surface
from shared.contracts import desk
from shared.contracts.base import HUB, SHARED
from shared.contracts.groups import GroupChannels, GroupDefined, MemberAdded, MemberName, MemberRevoked


def define_group(draft: Draft, command: desk.DefineGroup) -> str:
    """A group exists in a new version; the same definition again changes nothing.

    Two people who change the same version never overwrite each other: the second is told.
    """
    group = command.definition.id
    if group in {HUB, SHARED}:
        return reasons.RESERVED_NAME
    if not is_surface(command.definition.area.polygons):
        return reasons.AREA_BROKEN
    known = draft.state.groups.get(group)
    channels = command.channels if isinstance(command.channels, GroupChannels) else None
    same_channels = channels is None or (known is not None and channels == known.channels)
    if known and known.definition == command.definition and same_channels:
        return reasons.UNCHANGED
    if command.seen_version not in {None, known.version if known else 0}:
        return reasons.GROUP_MOVED_ON
    draft.emit(
        GroupDefined,
        group=group,
        version=known.version + 1 if known else 1,
        definition=command.definition,
        channels=channels if channels is not None else (known.channels if known else GroupChannels()),
        words=known.words if known else None,
    )
    return reasons.APPLIED


def add_member(draft: Draft, command: desk.AddMember) -> str:
    """Somebody may act, with these roles and this token, from now on.

    The hub always has an operator: without one, whoever first asks could become it.
    """
    if command.roles.get(HUB) != "operator" and last_operator(draft.state, command.new_member):
        return reasons.LAST_OPERATOR
    name = command.name if isinstance(command.name, MemberName) else None
    draft.emit(
        MemberAdded,
        member=command.new_member,
        roles=command.roles,
        token_sha256=command.token_sha256,
        name=name,
    )
    return reasons.APPLIED


def revoke_member(draft: Draft, command: desk.RevokeMember) -> str:
    """Somebody may act no longer, or will not come in by the link that they have."""
    member = command.revoked in draft.state.members
    if last_operator(draft.state, command.revoked):
        return reasons.LAST_OPERATOR
    if not settle_invites(draft, command.revoked, "withdrawn") and not member:
        return reasons.UNKNOWN_MEMBER
    if member:
        leave_rota(draft, command.revoked)
        draft.emit(MemberRevoked, member=command.revoked)
    return reasons.APPLIED


def kill_switch(_: Draft, command: desk.KillSwitch) -> str:
    """Nothing to decide: the notifier reads the command itself; here it is only seen to be permitted."""
    return reasons.APPLIED if isinstance(command.stopped, bool) else reasons.UNKNOWN_COMMAND

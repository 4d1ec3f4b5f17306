"""Whether a member may do what they ask, by the table in `shared.permissions`.

Nobody's number suffices, and a chat account only as its member's, who has bound it.
"""

from typing import Final

from services.router.decide import reasons
from services.router.decide.state import Incident, Member, State
from shared.contracts import aftercare, desk, members
from shared.contracts.base import HUB, GroupId, MemberId
from shared.permissions import ALLOWED, OWN

BOOTSTRAP: Final = "bootstrap"
"""Who adds the first operator; nobody once there is one."""


def refusal(state: State, command: desk.DeskCommand) -> str | None:
    """Why this member may not give this command; None if they may."""
    if command.member == BOOTSTRAP:
        return _bootstrap(state, command)
    if command.member == aftercare.OUTSIDE:
        return _outside(command)
    if isinstance(command, members.AcceptInvite):
        return None  # its link says who they are
    member = state.members.get(command.member)
    if member is None:
        return reasons.NOT_A_MEMBER
    if type(command) in OWN or (operates(member) and type(command) in ALLOWED["operator"]):
        return None
    return _by_role(state, command, member)


def _by_role(state: State, command: desk.DeskCommand, member: Member) -> str | None:
    role = member.roles.get(command.group)
    if role is None:
        return reasons.NOT_YOUR_GROUP
    if type(command) not in ALLOWED[role]:
        return reasons.ROLE_TOO_LOW
    return _outside_own_group(state, command)


def operates(member: Member) -> bool:
    """Whether they run the hub."""
    return member.roles.get(HUB) == "operator"


def last_operator(state: State, member: MemberId) -> bool:
    """Whether nobody else runs the hub."""
    known = state.members.get(member)
    others = (m for i, m in state.members.items() if i != member)
    return known is not None and operates(known) and not any(operates(m) for m in others)


def _bootstrap(state: State, command: desk.DeskCommand) -> str | None:
    if any(operates(member) for member in state.members.values()):
        return reasons.OPERATOR_EXISTS
    first = isinstance(command, desk.AddMember) and command.roles == {HUB: "operator"}
    return None if first else reasons.NOT_A_MEMBER


def _outside(command: desk.DeskCommand) -> str | None:
    """Whoever holds a post's link (the console looked) keeps that post under a tag, and does nothing else."""
    if not isinstance(command, aftercare.JoinPost | aftercare.LeavePost | aftercare.CheckIn):
        return reasons.NOT_A_MEMBER
    return reasons.NOT_A_MEMBER if command.tag is None else None


def _outside_own_group(state: State, command: desk.DeskCommand) -> str | None:
    """An admin runs their own group alone, appoints no operators, and speaks for no other hub."""
    own = {command.group}
    if isinstance(command, desk.DefineGroup):
        return _of_another(state, command)
    if isinstance(command, desk.AddMember | members.InviteMember):
        if "operator" in command.roles.values():
            return reasons.ROLE_TOO_LOW
        return _of_others(set(command.roles) | _groups_of(state, command.new_member), own)
    if isinstance(command, desk.RevokeMember):
        return _of_others(_groups_of(state, command.revoked), own)
    return None


def _of_another(state: State, command: desk.DefineGroup) -> str | None:
    if command.definition.id != command.group:
        return reasons.NOT_YOUR_GROUP
    known = state.groups.get(command.group)
    same_hub = command.definition.peer == (known.definition.peer if known else None)
    return None if same_hub else reasons.ROLE_TOO_LOW


def _groups_of(state: State, member: str) -> set[GroupId]:
    """Where somebody acts, or is invited to."""
    known = [m.roles for i, m in state.members.items() if i == member]
    invited = [i.roles for i in state.invites.values() if i.member == member]
    return {group for roles in (*known, *invited) for group in roles}


def _of_others(groups: set[GroupId], own: set[GroupId]) -> str | None:
    return None if groups <= own else reasons.NOT_YOUR_GROUP


def concerns(incident: Incident, group: GroupId) -> bool:
    """Whether a group's people may act on the incident: it is concerned, or was told, or it is nobody's."""
    if not incident.groups and not incident.told:
        return True
    return any(share.group == group for share in incident.groups) or any(g == group for g, _ in incident.told)

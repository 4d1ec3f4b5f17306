"""Refusals for a role that leave nobody at a closed door: which roles may, and who in one's groups has one.

Names are told to members of the same group alone; whoever runs the hub is named by that role only.
"""

from collections.abc import Iterable
from typing import Final

from services.console.decide.draft import Document
from services.console.door import Console
from shared.contracts.base import HUB
from shared.contracts.desk import DeskCommand
from shared.contracts.groups import Role
from shared.http import Problem
from shared.permissions import ALLOWED, ROLES

_MOST: Final = 6
_FORBIDDEN: Final = frozenset({"not_a_member", "not_your_group", "role_too_low", "not_your_incident"})
"""Reasons of the router that lie in who asks, and not in what is asked or when."""


class RoleProblem(Problem):
    """This takes another role: `roles` have it, and in one's own groups these people."""

    def __init__(self, roles: tuple[Role, ...], people: tuple[str, ...], *, detail: str) -> None:
        super().__init__(403, "role_too_low", f"{detail} {_in_english(roles, people)}")
        self.roles, self.people = roles, people


async def role_problem(
    console: Console,
    own: Iterable[str],
    command: type[DeskCommand],
    groups: Iterable[str] = (),
    *,
    detail: str = "Your role does not allow this.",
) -> RoleProblem:
    """The refusal of this command for those groups, or (none given) for any of the member's `own`."""
    roles = tuple(role for role in ROLES if command in ALLOWED[role])
    known = (set(groups) or set(own)) & set(own) - {HUB}
    members = await console.store.listed("members", "member") if known else []
    people = sorted(_name(m) for m in members if any(m["roles"].get(g) in roles for g in known))
    return RoleProblem(roles, tuple(people[:_MOST]), detail=detail)


async def refused(console: Console, command: DeskCommand, reason: str, detail: str) -> Problem:
    """The refusal of a command that the router decided: 403 where it lies in who asks, else 409."""
    if reason == "role_too_low":
        member = await console.store.one(f"member:{command.member}") or {}
        role = (member.get("roles") or {}).get(command.group)
        if role is not None and type(command) not in ALLOWED[role]:
            return await role_problem(console, [command.group], type(command))
    return Problem(403 if reason in _FORBIDDEN else 409, reason, detail)


def _name(member: Document) -> str:
    return str(member.get("name") or member["member"])


def _in_english(roles: tuple[Role, ...], people: tuple[str, ...]) -> str:
    may = f"It takes one of these roles: {', '.join(roles)}."
    return f"{may} In your group: {', '.join(people)}." if people else may

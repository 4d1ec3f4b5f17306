"""What people did at the desk and to the hub, as a group's admins may read it: who, what, when, whose. Pure.

Taken from the log's commands themselves, so nothing can be taken out of it or put into it afterwards. No
words that anybody wrote are shown: those stay sealed.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from services.console.decide.draft import Document
from shared.contracts.base import HUB, MemberId
from shared.contracts.desk import (
    AddMember,
    DefineGroup,
    DeskCommand,
    IncidentCommand,
    KillSwitch,
    ReleaseReport,
    RevokeMember,
)
from shared.contracts.members import InviteMember
from shared.permissions import name_of
from shared.start import FROM_FILES

BOOTSTRAP: Final = MemberId("bootstrap")
"""Who adds the first operator, while there is none."""
_DETAILS: Final = ("ask", "outcome", "stage", "stopped", "absorbed", "letter")
"""Fields that hold a choice, never words."""


def act(command: DeskCommand, stored_at: datetime, decided: Document | None) -> dict[str, Any]:
    """One act as it is shown; `decided` says how, or is None while it is not."""
    return {
        "at": stored_at,
        "member": command.member,
        "group": command.group,
        "what": name_of(type(command)),
        "whom": _whom(command),
        "defined": command.definition.id if isinstance(command, DefineGroup) else None,
        "at_start": _at_start(command),
        "incident": command.incident_id if isinstance(command, IncidentCommand) else None,
        "report": command.report_id if isinstance(command, ReleaseReport) else None,
        "details": {n: str(getattr(command, n)) for n in _DETAILS if getattr(command, n, None) is not None},
        "outcome": decided["outcome"] if decided else None,
        "reason": decided["reason"] if decided else None,
    }


def concerns(command: DeskCommand, groups: Iterable[str], roles_of: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether it is one of these groups' business: done for it, to it, or to and by its members.

    `roles_of` are the roles of all members, also of former ones.
    """
    own = set(groups)
    touched: set[str] = {command.group}
    if isinstance(command, AddMember | InviteMember):
        touched |= set(command.roles)
    if isinstance(command, DefineGroup):
        touched.add(command.definition.id)
    if command.group == HUB and not isinstance(command, KillSwitch):
        touched |= roles_of.get(_whom(command) or command.member, {}).keys()
    return bool(touched & own)


def _at_start(command: DeskCommand) -> bool:
    """Whether nobody did it: the first operator, and the groups that `relay up` reads from their files."""
    if command.member == BOOTSTRAP:
        return True
    files = isinstance(command, DefineGroup) and command.group == HUB
    return files and command.id.startswith(f"{command.member}.{FROM_FILES}")


def _whom(command: DeskCommand) -> str | None:
    match command:
        case AddMember() | InviteMember():
            return command.new_member
        case RevokeMember():
            return command.revoked
    return None

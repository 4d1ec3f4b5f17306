"""Invitations: the links by which people come in, made for the pages, the API and the first start.

A link's secret is shown to whoever made it and lies nowhere; the log holds its hash. It is looked at as
often as anybody likes (chats fetch what is sent in them), and opens once.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.console.decide.draft import Document
from services.console.door import Console
from services.console.submit import Verdict, command_id, stored_id, submit
from shared.contracts.base import GroupId, MemberId
from shared.contracts.groups import MemberName
from shared.contracts.members import AcceptInvite, InviteMember, WayIn

LIFE: Final = timedelta(hours=72)
FIRST_LIFE: Final = timedelta(hours=24)
"""Of the first operator's link."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new link."""

    link: str
    member: MemberId
    until: datetime
    verdict: Verdict


def new_member_id() -> MemberId:
    """An id that nobody has."""
    return MemberId("m" + base64.b32encode(secrets.token_bytes(5)).decode().lower())


def new_way_id() -> str:
    """An id for a way in."""
    return "w" + base64.b32encode(secrets.token_bytes(5)).decode().lower()


async def make_invite(  # noqa: PLR0913 - who invites whom, as what, for how long
    console: Console,
    by: MemberId,
    group: GroupId,
    *,
    name: str,
    roles: Mapping[str, Any],
    member: MemberId | None = None,
    life: timedelta = LIFE,
    given: str | None = None,
) -> Made:
    """A link for somebody new, or (`member`) for one who has lost their way in."""
    secret, invited = secrets.token_urlsafe(32), member or new_member_id()
    now = console.clock.now()
    command = InviteMember(
        id=stored_id(by, command_id(given)),
        at=now,
        member=by,
        group=group,
        new_member=invited,
        invite=digest(secret),
        roles={GroupId(g): role for g, role in roles.items()},
        expires_at=now + life,
        name=MemberName(name=name),
    )
    verdict = await submit(console, command, body=command.invite)
    return Made(f"{address(console)}/invite/{secret}", invited, command.expires_at, verdict)


async def invite_of(console: Console, secret: str) -> Document | None:
    """The invitation that this link opens; None where it opens nothing (any more)."""
    found = await console.store.one(f"invite:{digest(secret)}")
    if found is None or datetime.fromisoformat(found["until"]) <= console.clock.now():
        return None
    return found


async def accept(
    console: Console, invite: Document, *, secret: WayIn, login_tag: str | None = None
) -> Verdict:
    """Come in by the link. Raises a 409 problem if somebody was faster.

    The command's id is new each time: whoever sends the same form again is not let in by the first.
    """
    member = MemberId(invite["member"])
    command = AcceptInvite(
        id=stored_id(member, command_id(None)),
        at=console.clock.now(),
        member=member,
        group=GroupId("hub"),
        invite=invite["invite"],
        way_in=new_way_id(),
        login_tag=login_tag,
        token_sha256=digest(secrets.token_urlsafe(32)),
        secret=secret,
    )
    return await submit(console, command, body=command.way_in)


def digest(secret: str) -> str:
    """How a link's secret is known here."""
    return hashlib.sha256(secret.encode()).hexdigest()


def address(console: Console) -> str:
    """Where links begin: a name rather than this machine's bare address, because passkeys need one."""
    return console.settings.base_url or f"http://localhost:{console.settings.console_port}"

"""`/v1/members`, `/v1/groups`, `/v1/kill-switch`: who may act, which groups there are, and the stop."""

import base64
import hashlib
import secrets
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from services.console.decide import views
from services.console.door import CONSOLE, Actor, Console, actor_of, body_of, whole
from services.console.invitations import make_invite
from services.console.models import (
    Decided,
    GroupAnswer,
    GroupList,
    GroupRequest,
    InviteAnswer,
    KillSwitchRequest,
    MemberAnswer,
    MemberList,
    NewInvite,
    NewMember,
    Stopped,
)
from services.console.status import stops_of
from services.console.submit import Verdict, command_id, stored_id, submit
from services.console.who_may import role_problem
from shared.contracts.base import HUB, GroupId, MemberId
from shared.contracts.desk import AddMember, DefineGroup, DeskCommand, KillSwitch, RevokeMember
from shared.contracts.groups import GroupChannels, MemberName
from shared.http import Problem
from shared.plugins.bound import foreign, remedy


async def get_members(request: web.Request) -> web.Response:
    """Who may act: an operator sees all, an admin those of their groups."""
    actor = await actor_of(request)
    own = {g for g, role in actor.roles.items() if role == "admin"}
    if not (actor.operates or own):
        raise await role_problem(
            request.app[CONSOLE], actor.roles, AddMember, detail="Only admins and operators see who may act."
        )
    members = await request.app[CONSOLE].store.listed("members", "member")
    shown = [m for m in members if actor.operates or own & set(m["roles"])]
    ways = [await request.app[CONSOLE].store.one(f"ways:{m['member']}") for m in shown]
    return _answer(MemberList(members=[views.member(m, w) for m, w in zip(shown, ways, strict=True)]))


async def post_member(request: web.Request) -> web.Response:
    """Let somebody act. Their token is in the answer, this once."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    asked = await body_of(request, NewMember)
    token = "relay_" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    new = MemberId("m" + base64.b32encode(secrets.token_bytes(5)).decode().lower())
    command = AddMember(
        **_base(request, actor, _acting(actor, asked.roles), asked.id),
        new_member=new,
        roles={GroupId(group): role for group, role in asked.roles.items()},
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        name=MemberName(name=asked.name),
    )
    # A repeated request would give another token: it is another command, so its body is its own.
    verdict = await submit(console, command, body=new)
    answer = MemberAnswer(
        outcome=_outcome(verdict), member=new, name=asked.name, roles=dict(asked.roles), token=token
    )
    return _answer(answer, status=201 if verdict.reason else 202)


async def post_invite(request: web.Request) -> web.Response:
    """Invite somebody to sign in on the pages, or (`member`) give one who is lost outside a new way in.

    The link is in the answer, this once.
    """
    console, actor = request.app[CONSOLE], await actor_of(request)
    asked = await body_of(request, NewInvite)
    roles = await _invited_as(console, asked)
    made = await make_invite(
        console,
        actor.member,
        _acting(actor, roles),
        name=asked.name,
        roles=roles,
        member=MemberId(asked.member) if asked.member else None,
        given=asked.id,
    )
    answer = InviteAnswer(
        outcome=_outcome(made.verdict), member=made.member, name=asked.name, link=made.link, until=made.until
    )
    return _answer(answer, status=201 if made.verdict.reason else 202)


async def delete_member(request: web.Request) -> web.Response:
    """Let somebody act no longer."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    member = await console.store.one(f"member:{request.match_info['member']}")
    if member is None or member.get("revoked"):
        raise Problem(404, "unknown_member", "There is no such member; look at the list again.")
    command = RevokeMember(
        **_base(request, actor, _acting(actor, member["roles"]), None), revoked=MemberId(member["member"])
    )
    return _decided(command, await submit(console, command, body=member["member"]))


async def get_groups(request: web.Request) -> web.Response:
    """The groups in force; a channel's settings are shown to the group's admins only."""
    actor = await actor_of(request)
    found = await request.app[CONSOLE].store.listed("groups", "group")
    found.sort(key=lambda g: str(g["id"]))
    return _answer(GroupList(groups=[views.group(g, actor.roles) for g in found]))


async def put_group(request: web.Request) -> web.Response:
    """Put a group in force, whole; the same again changes nothing."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    group = request.match_info["group"]
    asked = await body_of(request, GroupRequest)
    if asked.definition.id != group:
        raise Problem(422, "invalid", "The definition's id is not the one in the address; correct one.")
    for channel in asked.channels:
        for path in foreign(channel.settings, group):
            where = f"{channel.id}: settings.{'.'.join(map(str, path))}"
            raise Problem(422, "secret_of_others", f"{where} is no secret of this group; {remedy(group)}")
    command = DefineGroup(
        **_base(request, actor, _acting(actor, {group: ""}), asked.id),
        definition=asked.definition,
        channels=GroupChannels(channels=asked.channels),
        seen_version=asked.seen_version,
    )
    verdict = await submit(console, command, body=asked.model_dump_json())
    now = await console.store.one(f"group:{group}")
    answer = GroupAnswer(
        outcome=_outcome(verdict),
        group=group,
        version=now["version"] if now else None,
        reason=verdict.reason,
    )
    return _answer(answer, status=200 if verdict.reason else 202)


async def get_kill_switch(request: web.Request) -> web.Response:
    """Which kill switches are on: the hub's, and those of the member's groups; to operators all."""
    actor = await actor_of(request)
    return _answer(Stopped(stopped=await stops_of(request.app[CONSOLE], actor)))


async def post_kill_switch(request: web.Request) -> web.Response:
    """Stop all sending of a group or the hub, or allow it again.

    The notifier obeys the stored command itself, so who may give it is decided here already.
    """
    console, actor = request.app[CONSOLE], await actor_of(request)
    asked = await body_of(request, KillSwitchRequest)
    allowed = actor.operates if asked.group == HUB else actor.runs(asked.group)
    if not allowed:
        raise await role_problem(console, actor.roles, KillSwitch, [asked.group])
    if asked.stopped and asked.group != HUB and await console.store.one(f"group:{asked.group}") is None:
        await whole(console.store, since=actor.epoch)
        raise Problem(404, "unknown_group", "There is no such group, and nothing was stopped.")
    command = KillSwitch(
        **_base(request, actor, GroupId(asked.group), asked.id), stopped=asked.stopped, reason=asked.reason
    )
    verdict = await submit(console, command, body=asked.model_dump_json(exclude={"id"}))
    return _decided(command, verdict)


async def _invited_as(console: Console, asked: NewInvite) -> dict[str, Any]:
    """The roles of whoever is invited: those they have, or are to have."""
    if asked.member is None:
        if not asked.roles:
            raise Problem(422, "invalid", "Say in `roles` what they will be, or in `member` who it is.")
        return dict(asked.roles)
    known = await console.store.one(f"member:{asked.member}")
    if known is None or known.get("revoked"):
        raise Problem(404, "unknown_member", "There is no such member; look at the list again.")
    return dict(known["roles"])


def _base(request: web.Request, actor: Actor, group: GroupId, given: str | None) -> dict[str, Any]:
    return {
        "id": stored_id(actor.member, command_id(given)),
        "at": request.app[CONSOLE].clock.now(),
        "member": actor.member,
        "group": group,
    }


def _acting(actor: Actor, roles: dict[str, Any]) -> GroupId:
    """For which group they act: the hub as its operator, else the one concerned."""
    if actor.operates:
        return HUB
    own = [group for group in roles if actor.roles.get(group) == "admin"]
    if not own:
        raise Problem(403, "role_too_low", "Only the group's admins and the hub's operators may do this.")
    return GroupId(own[0])


def _outcome(verdict: Verdict) -> Any:
    return "applied" if verdict.reason else "pending"


def _decided(command: DeskCommand, verdict: Verdict) -> web.Response:
    given = command.id.partition(".")[2]
    answer = Decided(command_id=given, outcome=_outcome(verdict), reason=verdict.reason)
    return _answer(answer, status=200 if verdict.reason else 202)


def _answer(model: BaseModel, *, status: int = 200) -> web.Response:
    return web.json_response(model.model_dump(mode="json"), status=status)

"""`/members`: who may act, who is invited, and what each role may do."""

from aiohttp import web

from services.console import invitations
from services.console.account.acts import runs
from services.console.account.attempts import attempt
from services.console.account.naming import called
from services.console.account.pages import as_page, led_to, page, text_of
from services.console.decide.draft import Document
from services.console.door import CONSOLE, Actor, Console, form_of, page_actor
from services.console.submit import command_id, stored_id, submit
from services.console.who_may import role_problem
from shared.contracts.base import HUB, GroupId, MemberId
from shared.contracts.desk import RevokeMember
from shared.contracts.members import InviteMember
from shared.http import Problem
from shared.permissions import OWN, ROLES, meaning, name_of, table


@as_page
async def get_members(request: web.Request) -> web.StreamResponse:
    """The members of the groups that one runs; an operator sees all."""
    return await _list(request, await _admin(request))


@as_page
async def post_invite(request: web.Request) -> web.StreamResponse:
    """Invite somebody. The link is on the answer's page, this once."""
    actor = await _admin(request)
    await attempt(request, "inviting", actor.member)
    form = await form_of(request)
    name, group, role = text_of(form, "name", most=80).strip(), text_of(form, "group"), text_of(form, "role")
    if group and group not in await _groups(request.app[CONSOLE], actor):
        raise Problem(403, "not_your_group", "You run no such group; choose one of yours.")
    if not name or role not in ROLES or not group:
        raise Problem(422, "invite_unsound", "Write a name, and choose a group and a role.")
    if (role == "operator") != (group == HUB):
        raise Problem(422, "operator_of_hub", "An operator belongs to the hub, all other roles to a group.")
    made = await invitations.make_invite(
        request.app[CONSOLE], actor.member, acting(actor, {group}), name=name, roles={group: role}
    )
    return page(request, "invited.html", actor=actor, made=made, name=name)


@as_page
async def post_new_link(request: web.Request) -> web.StreamResponse:
    """A new way in for a member who has lost theirs."""
    console, actor = request.app[CONSOLE], await _admin(request)
    member = await _member(console, actor, request.match_info["member"])
    made = await invitations.make_invite(
        console, actor.member, acting(actor, set(member["roles"])),
        name=member["name"] or member["member"], roles=member["roles"], member=MemberId(member["member"]),
    )  # fmt: skip
    return page(request, "invited.html", actor=actor, made=made, name=member["name"])


@as_page
async def post_revoke(request: web.Request) -> web.StreamResponse:
    """Let somebody act no longer, or withdraw their invitation."""
    console, actor = request.app[CONSOLE], await _admin(request)
    name = request.match_info["member"]
    waiting = [i for i in await console.store.listed("invites", "invite") if i["member"] == name]
    member = waiting[0] if waiting else await _member(console, actor, name)
    command = RevokeMember(
        id=stored_id(actor.member, command_id(None)),
        at=console.clock.now(),
        member=actor.member,
        group=acting(actor, set(member["roles"])),
        revoked=MemberId(name),
    )
    await submit(console, command, body=name)
    return led_to("/members")


@as_page
async def get_roles(request: web.Request) -> web.StreamResponse:
    """The one table of who may do what, for any member."""
    actor = await page_actor(request)
    own = sorted((name_of(command), meaning(command)) for command in OWN)
    return page(request, "roles.html", actor=actor, rows=table(), own=own, roles=ROLES)


def acting(actor: Actor, groups: set[str]) -> GroupId:
    """For which group they act: the hub as its operator, else the one concerned."""
    if actor.operates:
        return HUB
    own = sorted(groups & set(runs(actor)))
    if not own:
        raise Problem(403, "role_too_low", "Only the group's admins and the hub's operators may do this.")
    return GroupId(own[0])


async def _admin(request: web.Request) -> Actor:
    actor = await page_actor(request)
    if not runs(actor):
        raise await role_problem(request.app[CONSOLE], actor.roles, InviteMember)
    return actor


async def _list(request: web.Request, actor: Actor) -> web.Response:
    console = request.app[CONSOLE]
    own = set(runs(actor))
    members = [m for m in await console.store.listed("members", "member") if _theirs(actor, own, m)]
    invited = [i for i in await console.store.listed("invites", "invite") if _theirs(actor, own, i)]
    now = console.clock.now().isoformat()
    ways = {m["member"]: await _kinds(console, m["member"]) for m in members}
    return page(
        request,
        "members.html",
        actor=actor,
        members=sorted(members, key=lambda m: (m["name"].casefold(), m["member"])),
        invited=[i for i in invited if i["until"] > now],
        groups=await _groups(console, actor),
        roles=[role for role in ROLES if role != "operator" or actor.operates],
        ways=ways,
        called=await called(request),
    )


async def _kinds(console: Console, member: str) -> list[str]:
    """By what somebody signs in, and nothing else of it."""
    found = await console.store.one(f"ways:{member}")
    return sorted({way["kind"] for way in (found or {}).get("ways", {}).values()})


def _theirs(actor: Actor, own: set[str], document: Document) -> bool:
    return actor.operates or bool(own & set(document["roles"]))


async def _groups(console: Console, actor: Actor) -> list[str]:
    """The groups that they may invite to."""
    if not actor.operates:
        return runs(actor)
    known = await console.store.listed("groups", "group")
    return [*sorted(g["id"] for g in known), HUB]


async def _member(console: Console, actor: Actor, name: str) -> Document:
    member = await console.store.one(f"member:{name}")
    if member is None or member.get("revoked") or not _theirs(actor, set(runs(actor)), member):
        raise Problem(404, "unknown_member", "There is no such member; look at the list again.")
    return member

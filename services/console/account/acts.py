"""`/members/acts`: who did what, when, and how it was decided, read from the log itself."""

from collections.abc import Iterable, Mapping
from contextlib import aclosing
from typing import Any, Final

from aiohttp import web

from services.console.account.naming import called
from services.console.account.pages import WORDS, as_page, page
from services.console.decide.acts import act, concerns
from services.console.door import CONSOLE, Actor, Console, page_actor
from services.console.who_may import role_problem
from shared.contracts.aftercare import OUTSIDE
from shared.contracts.base import HUB
from shared.contracts.catalog import decode
from shared.contracts.desk import DeskCommand
from shared.contracts.members import InviteMember
from shared.errors import BusError, MalformedMessageError
from shared.http import Problem
from shared.ports import Entry

MOST: Final = 200
"""Acts on the page, the latest ones."""
_BACK: Final = 5_000
"""Commands of the log that are looked through for them."""


@as_page
async def get_acts(request: web.Request) -> web.StreamResponse:
    """The acts that concern the groups that one runs, the latest first."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    groups = runs(actor)
    if not groups:
        raise await role_problem(console, actor.roles, InviteMember)
    try:
        entries = await _entries(console, groups)
    except BusError:
        raise Problem(503, "log_away", "The log is away; try again.", retry_after_s=2) from None
    found = await _acts(console, groups, entries)
    people = {m for a in found for m in (a["member"], a["whom"]) if m}
    waiting = {i["member"]: i["name"] for i in await console.store.listed("invites", "invite")}
    outside = {OUTSIDE: WORDS.say(WORDS.language_of(request), "acts_outside")}
    names = {**outside, **waiting, **await console.store.names_of(people)}
    incidents = await console.store.many("incident", {a["incident"] for a in found if a["incident"]})
    codes = {i["id"]: i["code"] for i in incidents if "code" in i}
    return page(
        request, "acts.html", actor=actor, acts=found, names=names, codes=codes, called=await called(request)
    )


def runs(actor: Actor) -> list[str]:
    """The groups whose members and acts are theirs to see; `hub` for who runs the hub."""
    return sorted(g for g, role in actor.roles.items() if role == ("operator" if g == HUB else "admin"))


async def _entries(console: Console, groups: Iterable[str]) -> list[Entry]:
    """The last commands for these groups and for the hub."""
    patterns = [f"desk.v1.{group}.*" for group in sorted({*groups, HUB})]
    lasts = [await console.bus.last("DESK", pattern) for pattern in patterns]
    end = max((entry.seq for entry in lasts if entry), default=0)
    found: list[Entry] = []
    if not end:
        return found
    async with aclosing(console.bus.read("DESK", after=max(0, end - _BACK), subjects=patterns)) as entries:
        async for entry in entries:
            found.append(entry)
            if entry.seq >= end:
                break
    return found


async def _acts(console: Console, groups: list[str], entries: list[Entry]) -> list[dict[str, Any]]:
    roles = await _roles(console)
    commands = [(entry, command) for entry in entries if (command := _command(entry))]
    ours = [(e, c) for e, c in commands if concerns(c, groups, roles)][-MOST:]
    decided = [await console.store.one(f"decided:DESK.{entry.seq}") for entry, _ in ours]
    return [act(c, e.stored_at, d) for (e, c), d in zip(ours, decided, strict=True)][::-1]


async def _roles(console: Console) -> Mapping[str, Mapping[str, str]]:
    members = await console.store.listed("members", "member")
    invited = await console.store.listed("invites", "invite")
    return {d["member"]: d.get("roles", {}) for d in (*invited, *members)}


def _command(entry: Entry) -> DeskCommand | None:
    """The command, its words still sealed; None for what cannot be read (it lies in DEAD)."""
    try:
        found = decode(entry)
    except MalformedMessageError:
        return None
    return found if isinstance(found, DeskCommand) else None

"""Held reports and what spares a group's attention: let one go on, mute, unmute, flood mode."""

import re
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from services.console.decide import views
from services.console.decide.commands import missing_fields
from services.console.decide.draft import Document
from services.console.decide.near import same_world
from services.console.decide.page_acts import lets
from services.console.desk import give, of_groups
from services.console.door import CONSOLE, Actor, Console, page_actor, whole
from services.console.models import CommandName, DeskRequest
from services.console.web.desk.finding import found_for, offered, unlisted, with_place
from services.console.web.desk.forms import NOTHING, Typed, typed_in
from services.console.web.desk.pictures import PICTURES
from services.console.web.desk.problems import as_page, who_may, words_of
from services.console.web.desk.render import EXERCISE, page
from services.console.who_may import role_problem
from shared.contracts.base import HUB
from shared.contracts.desk import DeskCommand, Mute, ReleaseReport
from shared.http import Problem

_EACH: Final = 50
_ACTS: Final[Mapping[str, type[DeskCommand]]] = {"release": ReleaseReport, "mute": Mute}
"""What is done about a report that waits, by the last word of its address."""
_CODE: Final = re.compile(r"[A-Z0-9]{3,6}")


@as_page
async def get_all_held(request: web.Request) -> web.StreamResponse:
    """Every report that waits for a person, the oldest first."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    found = await of_groups(console, actor, "held", "held")
    found.sort(key=lambda d: (d["at"], d["report_id"]))
    start = request.query.get("from", "0")
    at = min(int(start), len(found)) if start.isascii() and start.isdigit() and len(start) < 7 else 0  # noqa: PLR2004 - digits
    shown = [views.held(d, actor.roles) for d in found[at : at + _EACH]]
    mine = {d["report_id"] for d in shown if lets(d["groups"], actor.roles, ReleaseReport)}
    now = await request.app[PICTURES].now()
    return page(
        request,
        "held_list.html",
        actor,
        held=shown,
        mine=mine,
        total=len(found),
        at=at,
        each=_EACH,
        now=now,
        wordless=not views.reads_words(actor.roles),
    )


@as_page
async def get_held_report(request: web.Request) -> web.StreamResponse:
    """One of them, with why it waits and what can be done."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    return await _form(request, console, actor, NOTHING)


@as_page
async def post_release(request: web.Request) -> web.StreamResponse:
    """It goes on: as an incident of its own, or into one."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    typed = await typed_in(request)
    if "find" in typed.one and typed.get("where"):
        return await _form(request, console, actor, typed)
    try:
        typed = with_place(typed) if typed.get("into") != "one" else typed
        fields: dict[str, Any] = {"report": request.match_info["report"]}
        if typed.get("into") == "one":
            fields["incident"] = typed.get("incident")
        elif typed.get("lat"):
            fields |= {n: typed.get(n) or None for n in ("lat", "lon", "label", "radius_m")}
        await _give(console, actor, "release_report", typed, fields)
    except Problem as problem:
        return await _again(request, console, actor, typed, problem)
    code = await _code_of(console, actor, request.match_info["report"])
    raise web.HTTPSeeOther(f"/desk/{code}?done=released" if code else "/desk?done=released")


@as_page
async def post_mute(request: web.Request) -> web.StreamResponse:
    """Its sender, or its words, ask for attention no more for a day."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    typed = await typed_in(request)
    fields = {n: typed.get(n) for n in ("what", "reason") if typed.get(n)}
    try:
        await _give(console, actor, "mute", typed, {"report": request.match_info["report"], **fields})
    except Problem as problem:
        return await _again(request, console, actor, typed, problem)
    raise web.HTTPSeeOther("/desk?done=muted")


@as_page
async def post_unmute(request: web.Request) -> web.StreamResponse:
    """They may ask for attention again."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    typed = await typed_in(request)
    group, _, mute = typed.get("mute").partition(" ")
    await _give(console, actor, "unmute", typed, {"group": group, "mute": mute})
    back = request.query.get("back", "")
    raise web.HTTPSeeOther(f"/desk/{back}?done=unmuted" if _CODE.fullmatch(back) else "/desk?done=unmuted")


@as_page
async def post_flood(request: web.Request) -> web.StreamResponse:
    """A group's verifiers hear in digests only for some hours, or singly again."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    typed = await typed_in(request)
    on = typed.get("on") == "1"
    await _give(console, actor, "flood", typed, {"group": typed.get("group"), "on": on})
    raise web.HTTPSeeOther(f"/desk?done={'flood_on_now' if on else 'flood_off_now'}")


async def _give(
    console: Console, actor: Actor, name: CommandName, typed: Typed, fields: dict[str, Any]
) -> None:
    """Give the command. Raises a problem if it is refused, or the form is wrong."""
    try:
        asked = DeskRequest.model_validate({**fields, "id": typed.get("id") or None})
    except ValidationError as error:
        wrong = next((str(e["loc"][0]) for e in error.errors() if e["loc"]), "text")
        raise Problem(422, f"wrong_{wrong}", "Look at this again.") from None
    if missing := missing_fields(name, asked):
        raise Problem(422, f"needs_{missing[0]}", f"This needs {', '.join(missing)}.")
    await give(console, actor, name, asked)


async def _code_of(console: Console, actor: Actor, report: str) -> str | None:
    """The code of the incident that a report is part of, if the member may see it."""
    known = await console.store.one(f"report:{report}") or {}
    incident = await console.store.incident(known.get("incident") or "")
    return str(incident["code"]) if incident and views.may_see(incident, actor.roles) else None


async def _again(
    request: web.Request, console: Console, actor: Actor, typed: Typed, problem: Problem
) -> web.Response:
    if problem.status == web.HTTPServiceUnavailable.status_code:
        raise problem
    told = words_of(request, problem)
    return await _form(request, console, actor, typed, problem=told, status=problem.status)


async def _form(  # noqa: PLR0913 - what a form shows
    request: web.Request,
    console: Console,
    actor: Actor,
    typed: Typed,
    *,
    problem: str = "",
    status: int = 200,
) -> web.Response:
    waiting = await _waiting(console, actor, request.match_info["report"])
    known = await of_groups(console, actor, "open", "incident")
    open_ = [d for d in known if views.may_see(d, actor.roles) and same_world(d, waiting)]
    open_.sort(key=lambda d: (d["id"] != waiting.get("leans_to"), d.get("opened_at", "")))
    leans = next((d["code"] for d in open_ if d["id"] == waiting.get("leans_to")), None)
    request[EXERCISE] = bool(waiting["drill"])
    found = await found_for(request, actor, typed, waiting.get("place"))
    may = {name for name, sort in _ACTS.items() if lets(waiting["groups"], actor.roles, sort)}
    missing = None if may else await role_problem(console, actor.roles, ReleaseReport, waiting["groups"])
    return page(
        request,
        "held.html",
        actor,
        status=status,
        h=waiting,
        may=may,
        who_may=who_may(request, missing) if missing else "",
        open=open_,
        leans=leans,
        typed=typed,
        problem=problem,
        found=offered(found, waiting.get("place")),
        unlisted=unlisted(request, typed, found),
        now=await request.app[PICTURES].now(),
        wordless=False,
    )


async def _waiting(console: Console, actor: Actor, report: str) -> Document:
    """The held report, if it is for a group of this member; else the same answer as for none."""
    waiting = await console.store.one(f"held:{report}")
    if waiting is None:
        await whole(console.store, since=actor.epoch)
    own = actor.roles.keys() - {HUB}
    if waiting is None or not own or not (own & set(waiting["groups"]) or waiting["groups"] == [HUB]):
        raise Problem(404, "not_held", "This report waits no longer.")
    return views.held(waiting, actor.roles)

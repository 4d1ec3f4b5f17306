"""Acts on an incident: a form, then what would be sent to whom in the very words, then the act itself.

Nothing that people are told goes out unseen. The form carries the version of the incident that it was made
for: if that changed meanwhile, a page shows what changed, and lets one go on with what was typed.
"""

from typing import Any, Final

from aiohttp import web

from services.console.decide.acts import ACTS, PageAct, may, role_in
from services.console.decide.commands import missing_fields
from services.console.decide.draft import Document
from services.console.decide.looked import fresh, mark_of
from services.console.desk import give, sends_for, visible_incident
from services.console.door import CONSOLE, Actor, Console, page_actor
from services.console.models import Send
from services.console.web.desk.choices import choices_for
from services.console.web.desk.forms import Typed, request_of, typed_in, typed_of, with_click, with_place
from services.console.web.desk.previews import preview_of
from services.console.web.desk.problems import as_page, words_of
from services.console.web.desk.render import page
from shared.http import Problem

_MOVED_ON: Final = "incident_moved_on"
_SECOND: Final = "second_person_needed"


@as_page
async def get_act(request: web.Request) -> web.StreamResponse:
    """The form of an act."""
    console, actor, incident, act = await _asked(request)
    typed = typed_of(request.query)
    return await form_page(request, console, actor, incident, act, typed)


@as_page
async def post_act(request: web.Request) -> web.StreamResponse:
    """One step further: the preview where people would be told, else the act."""
    console, actor, incident, act = await _asked(request)
    typed = await typed_in(request)
    try:
        return await _next_step(request, console, actor, incident, act, typed)
    except Problem as problem:
        if problem.code == _MOVED_ON:
            return await _conflict(request, actor, act, typed)
        if problem.status == web.HTTPServiceUnavailable.status_code or not act.asks:
            raise
        told = words_of(request, problem)
        return await form_page(
            request, console, actor, incident, act, typed, problem=told, status=problem.status
        )


async def _next_step(  # noqa: PLR0913, PLR0917 - one request's parts
    request: web.Request, console: Console, actor: Actor, incident: Document, act: PageAct, typed: Typed
) -> web.StreamResponse:
    if clicked := with_click(typed):
        return await form_page(request, console, actor, incident, act, clicked)
    if act.name == "place" and "look" not in typed.one:
        typed = with_place(typed)
    if {"look", "edit"} & typed.one.keys() or (act.name == "confirm" and "text" not in typed.one):
        return await form_page(request, console, actor, incident, act, typed)
    asked = request_of(act, incident["id"], typed)
    if missing := missing_fields(act.command, asked):
        raise Problem(422, f"needs_{missing[0]}", f"This needs {', '.join(missing)}.")
    if act.tells and "send" not in typed.one:
        sends = await sends_for(console, act.command, asked, incident)
        if sends:
            _unchanged(incident, typed)
            return await _preview(request, console, actor, incident, act, typed, sends)
    _, verdict = await give(console, actor, act.command, asked)
    word = act.name if verdict.reason else "pending"
    word = "proposed" if verdict.reason == _SECOND else word
    raise web.HTTPSeeOther(f"/desk/{incident['code']}?done={word}")


async def _asked(request: web.Request) -> tuple[Console, Actor, Document, PageAct]:
    console, actor = request.app[CONSOLE], await page_actor(request)
    incident = await visible_incident(console, actor, request.match_info["code"])
    act = ACTS.get(request.match_info["act"])
    if act is None:
        raise Problem(404, "unknown_command", "There is no such act.")
    if not may(role_in(incident, actor.roles), act):
        raise Problem(403, "role_too_low", "Your role does not allow this.")
    return console, actor, incident, act


def _unchanged(incident: Document, typed: Typed) -> None:
    """Raise the conflict before anybody looks at a preview that cannot be sent."""
    version = typed.get("version")
    if version and version != str(incident.get("version", 0)):
        raise Problem(409, _MOVED_ON, "The incident has changed.")


async def form_page(  # noqa: PLR0913 - what a form shows
    request: web.Request,
    console: Console,
    actor: Actor,
    incident: Document,
    act: PageAct,
    typed: Typed,
    *,
    problem: str = "",
    status: int = 200,
) -> web.Response:
    """The form of this act, with what was typed before."""
    chosen = await choices_for(request, console, actor, incident, act, typed)
    template = f"act_{act.name}.html" if act.name in _OWN else "act.html"
    return page(
        request,
        chosen.pop("template", template),
        actor,
        status=status,
        incident=incident,
        act=act,
        typed=typed,
        problem=problem,
        version=typed.get("version") or incident.get("version", 0),
        mark=typed.get("mark") or mark_of(incident),
        wordless=False,
        **chosen,
    )


_OWN: Final = frozenset({"confirm", "place", "merge", "split", "ask", "hand_over", "escalate"})
"""Acts whose form is more than words and figures."""


async def _preview(  # noqa: PLR0913, PLR0917 - one request's parts
    request: web.Request,
    console: Console,
    actor: Actor,
    incident: Document,
    act: PageAct,
    typed: Typed,
    sends: list[Send],
) -> web.Response:
    groups = await console.store.many("group", incident.get("seen_by", ()))
    shown: dict[str, Any] = preview_of(sends, groups, incident, actor.member, act)
    return page(
        request,
        "preview.html",
        actor,
        incident=incident,
        act=act,
        typed=typed,
        version=typed.get("version") or incident.get("version", 0),
        mark=typed.get("mark") or mark_of(incident),
        **shown,
    )


async def _conflict(request: web.Request, actor: Actor, act: PageAct, typed: Typed) -> web.Response:
    """What changed meanwhile, and what was typed."""
    console = request.app[CONSOLE]
    incident = await visible_incident(console, actor, request.match_info["code"])
    news = fresh(incident, typed.get("mark"), member="")
    names = await console.store.names_of({s["member"] for s in news.steps if s.get("member")})
    return page(
        request,
        "conflict.html",
        actor,
        status=409,
        incident=incident,
        act=act,
        typed=typed,
        news=news,
        names=names,
        possible=incident.get("status") in act.when,
        version=incident.get("version", 0),
        mark=mark_of(incident),
        now=console.clock.now(),
        wordless=False,
    )

"""The pages one reads: the list, an incident, all its reports, and why a report was decided as it was."""

import asyncio
from typing import Final

from aiohttp import web
from markupsafe import Markup

from services.console.decide import views
from services.console.decide.draft import Document
from services.console.decide.looked import fresh
from services.console.decide.page_acts import ACTS, may, may_mute, role_in
from services.console.decide.why_told import lines
from services.console.desk import visible_incident
from services.console.door import CONSOLE, Actor, Console, page_actor
from services.console.explain import explained
from services.console.foretelling import foretold
from services.console.models import DeskRequest
from services.console.web.desk.fragments import (
    Looker,
    incident_fragment,
    incident_news,
    list_fragment,
    list_news,
)
from services.console.web.desk.live import Seen
from services.console.web.desk.lookers import looked, looker_of
from services.console.web.desk.pictures import PICTURES, ListPicture
from services.console.web.desk.previews import forward_text
from services.console.web.desk.problems import as_page
from services.console.web.desk.render import page
from services.console.web.desk.words import DESK
from services.console.wording_calls import wording_calls
from shared.contracts.base import HUB
from shared.contracts.desk import Flood
from shared.permissions import ALLOWED

_EACH: Final = 50


@as_page
async def get_list(request: web.Request) -> web.StreamResponse:
    """Every incident of the member's groups, the most urgent first."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    picture = await request.app[PICTURES].list_of(actor.roles)
    looker = await looker_of(console, actor, picture)
    live = list_fragment(picture, looker, DESK.language_of(request))
    return page(
        request,
        "list.html",
        actor,
        live=Markup(live),  # noqa: S704 - made by a template that escapes
        seen=Seen(live, list_news(picture, looker)).id,
        now=picture.now,
        done=_done(request),
        flood_groups=_floods(picture, actor),
        exercising=[(g, picture.groups.get(g, g)) for g in sorted(actor.roles.keys() - {HUB})],
        wording=await wording_calls(console, actor),
        operator=looker.wordless,
    )


@as_page
async def get_incident(request: web.Request) -> web.StreamResponse:
    """One incident: what is known and why, who is on it, and the next right act."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    incident = await visible_incident(console, actor, request.match_info["code"])
    picture = await request.app[PICTURES].incident(incident)
    mark = await looked(console, actor, incident)
    looker = Looker(actor.member, actor.roles, {})
    live = incident_fragment(picture, looker, DESK.language_of(request))
    done = _done(request)
    return page(
        request,
        "incident.html",
        actor,
        incident=incident,
        live=Markup(live),  # noqa: S704 - made by a template that escapes
        seen=Seen(live, incident_news(picture, looker)).id,
        now=picture.now,
        names=picture.names,
        news=None if done else fresh(incident, mark, actor.member),
        done=done,
        undo=_undo(done, incident),
        forward=await _forward(console, actor, incident),
    )


@as_page
async def get_reports(request: web.Request) -> web.StreamResponse:
    """All reports of an incident, newest first, a page at a time."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    incident = await visible_incident(console, actor, request.match_info["code"])
    start = request.query.get("from", "0")
    at = int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 0  # noqa: PLR2004 - digits
    found = await console.store.reports_of(incident, limit=at + _EACH + 1)
    return page(
        request,
        "reports.html",
        actor,
        incident=incident,
        reports=found[at : at + _EACH],
        total=incident.get("reports", 0),
        at=at,
        each=_EACH,
        more=len(found) > at + _EACH,
        now=await request.app[PICTURES].now(),
        wordless=not views.reads_words(actor.roles),
        may_mute=may_mute(incident, actor.roles),
        muted={},
        names={},
    )


@as_page
async def get_why(request: web.Request) -> web.StreamResponse:
    """What became of a report and why, in words."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    incident = await visible_incident(console, actor, request.match_info["code"])
    report = request.match_info["report"]
    shown, kept = await asyncio.gather(
        explained(console, actor, report), console.store.one(f"report:{report}")
    )
    wordless = not views.reads_words(actor.roles)
    text = None if wordless else (kept or {}).get("text")
    return page(request, "why.html", actor, incident=incident, explained=shown, text=text, lines=lines(shown))


async def _forward(console: Console, actor: Actor, incident: Document) -> str:
    """Words of the present state for chats that the relay does not reach; none before it is confirmed."""
    may_confirm = may(role_in(incident, actor.roles), ACTS["confirm"])
    if incident.get("status") != "confirmed" or not may_confirm:
        return ""
    said = {"text": incident.get("statement") or None, "ask": incident.get("ask") or None}
    asked = DeskRequest.model_validate({"incident": incident["id"], **said})
    return forward_text((await foretold(console, "confirm", asked, incident)).sends)


def _done(request: web.Request) -> str | None:
    """Which act was done a moment ago, if the address says so in a word that we know."""
    done = request.query.get("done", "")
    return done if done in ACTS or DESK.has(f"done_{done}") else None


def _undo(done: str | None, incident: Document) -> object | None:
    """The act that takes it back, if it still makes sense."""
    act = ACTS.get(done or "")
    back = ACTS.get(act.undo or "") if act else None
    return back if back and incident.get("status") in back.when else None


def _floods(picture: ListPicture, actor: Actor) -> list[tuple[str, str, bool]]:
    """The groups whose flood mode the member may set: id, name, and whether it is on."""
    on = {f["group"] for f in picture.floods}
    own = [g for g, role in actor.roles.items() if g != HUB and Flood in ALLOWED[role]]  # type: ignore[index]
    return [(g, picture.groups.get(g, g), g in on) for g in sorted(own)]

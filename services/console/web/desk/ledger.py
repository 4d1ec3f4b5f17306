"""The ledger's pages: who was told of an incident, who was not and why; and one message's recipients."""

from aiohttp import web

from services.console.desk import visible_incident
from services.console.door import CONSOLE, page_actor
from services.console.ledger import EACH, begins_at, each_of, ledger_of, own_alert
from services.console.web.desk.pictures import PICTURES
from services.console.web.desk.problems import as_page
from services.console.web.desk.render import page


@as_page
async def get_ledger(request: web.Request) -> web.StreamResponse:
    """All messages in figures, however many were told."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    incident = await visible_incident(console, actor, request.match_info["code"])
    groups = await console.store.many("group", incident.get("seen_by", ()))
    return page(
        request,
        "ledger.html",
        actor,
        incident=incident,
        ledger=await ledger_of(console, incident),
        own=frozenset(actor.roles),
        group_names={g["id"]: g["definition"]["name"] for g in groups},
        now=await request.app[PICTURES].now(),
    )


@as_page
async def get_each(request: web.Request) -> web.StreamResponse:
    """One message's recipients, a page at a time."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    incident = await visible_incident(console, actor, request.match_info["code"])
    alert = await own_alert(console, actor, incident, request.match_info["alert"])
    return page(
        request,
        "ledger_each.html",
        actor,
        incident=incident,
        alert=alert,
        found=await each_of(console, alert, begins_at(request)),
        each=EACH,
        now=await request.app[PICTURES].now(),
    )

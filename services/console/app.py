"""The console as one aiohttp application: routes and what stands behind them, nothing else."""

from typing import Final

from aiohttp import web

from services.console import card, chat_account, dead, desk, duty, exercises_api, explain, hub, ledger, status
from services.console.account import routes as account
from services.console.account.pages import lost
from services.console.door import CONSOLE, MAX_BODY, Console
from services.console.group import routes as group
from services.console.live import Live
from services.console.openapi import get_openapi
from services.console.rights_files import load_rights
from services.console.web import cap, feeds, pages, rights, start
from services.console.web.desk import ROUTES as DESK_ROUTES
from services.console.web.desk.ground import Grounds
from services.console.web.desk.pictures import PICTURES, Pictures
from shared.errors import StateUnavailableError
from shared.http import REFUSED, Handler, Problem, Refusals, add_health, problems

ROUTES: Final = (
    web.get("/", pages.get_live_page),
    web.get("/live", pages.get_live_stream),
    web.get("/i/{code:[A-Za-z0-9]{3,6}}", pages.get_incident_page),
    web.get("/i/{code:[A-Za-z0-9]{3,6}}/cap", cap.get_cap),
    web.get("/rights", rights.get_rights),
    web.get("/rights/{jurisdiction}/{setting}", rights.get_rights_page),
    web.get("/start", start.get_start_page),
    web.get("/feed.atom", feeds.get_atom),
    web.get("/feed.geojson", feeds.get_geojson),
    web.get("/v1/desk/incidents", desk.get_incidents),
    web.get("/v1/desk/incidents/{name}", desk.get_incident),
    web.get("/v1/desk/incidents/{name}/ledger", ledger.get_ledger),
    web.get("/v1/desk/incidents/{name}/ledger/{alert}", ledger.get_each),
    web.get("/v1/desk/held", desk.get_held),
    web.get("/v1/desk/reports/{report}", explain.get_report),
    web.post("/v1/desk/{command}", desk.post_command),
    web.post("/v1/desk/{command}/preview", desk.post_preview),
    web.get("/v1/duty", duty.get_duty),
    web.post("/v1/duty/{command}", duty.post_duty),
    web.get("/v1/desk/card", card.get_card),
    web.get("/v1/members", hub.get_members),
    web.post("/v1/members", hub.post_member),
    web.delete("/v1/members/{member}", hub.delete_member),
    web.post("/v1/invites", hub.post_invite),
    web.get("/v1/account/chat", chat_account.get_chat),
    web.post("/v1/account/chat", chat_account.post_chat),
    web.delete("/v1/account/chat", chat_account.delete_chat),
    web.get("/v1/groups", hub.get_groups),
    web.put("/v1/groups/{group}", hub.put_group),
    web.post("/v1/groups/{group}/exercises", exercises_api.post_exercise),
    web.get("/v1/groups/{group}/exercises/{exercise}", exercises_api.get_exercise),
    web.post("/v1/groups/{group}/exercises/{exercise}/end", exercises_api.post_end),
    web.get("/v1/dead", dead.get_dead),
    web.post("/v1/dead/retry", dead.post_retry_all),
    web.get(f"/v1/dead/{account.LETTER}", dead.get_letter),
    web.post(f"/v1/dead/{account.LETTER}/retry", dead.post_retry),
    web.post(f"/v1/dead/{account.LETTER}/discard", dead.post_discard),
    web.get("/v1/kill-switch", hub.get_kill_switch),
    web.post("/v1/kill-switch", hub.post_kill_switch),
    web.get("/v1/status", status.get_status),
    web.get("/openapi.json", get_openapi),
    *account.ROUTES,
    *group.ROUTES,
    web.static("/static", pages.STATIC),
)


def make_app(console: Console, live: Live) -> web.Application:
    """The application over these; projector, news and live are workers of their own."""
    app = web.Application(middlewares=[problems, _redis_away], client_max_size=MAX_BODY)
    app[CONSOLE] = console
    app[REFUSED] = Refusals(lost)
    app[pages.LIVE] = live
    app[PICTURES] = Pictures(
        console.store,
        console.news,
        console.clock,
        Grounds(console.store, console.places, console.tiles),
        console.stops,
    )
    app[rights.RIGHTS] = load_rights(console.settings.console_rights_folder)
    app.add_routes((*ROUTES, *DESK_ROUTES))
    add_health(app, lambda: status.health(console))
    return app


@web.middleware
async def _redis_away(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except StateUnavailableError as error:
        raise Problem(503, "state_unavailable", str(error), retry_after_s=2) from None

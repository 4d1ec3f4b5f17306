"""Mute what one report of an incident brings: its sender, or its words, for a day.

The report and the incident stay as they are. Only what comes after is kept from asking for attention.
"""

from aiohttp import web

from services.console.decide.draft import Document
from services.console.decide.page_acts import may_mute
from services.console.desk import give, visible_incident
from services.console.door import CONSOLE, Actor, Console, page_actor
from services.console.models import DeskRequest
from services.console.web.desk.forms import NOTHING, Typed, typed_in
from services.console.web.desk.problems import as_page, words_of
from services.console.web.desk.render import EXERCISE, page
from services.console.who_may import role_problem
from shared.contracts.desk import Mute
from shared.http import Problem


@as_page
async def get_mute(request: web.Request) -> web.StreamResponse:
    """What shall be muted, and why."""
    incident, report, actor = await _meant(request)
    return _form(request, incident, report, actor, NOTHING)


@as_page
async def post_mute(request: web.Request) -> web.StreamResponse:
    """It is muted, and can be undone beside the report."""
    incident, report, actor = await _meant(request)
    typed = await typed_in(request)
    try:
        await _give(request.app[CONSOLE], actor, report, typed)
    except Problem as problem:
        if problem.status == web.HTTPServiceUnavailable.status_code:
            raise
        wrong = words_of(request, problem)
        return _form(request, incident, report, actor, typed, problem=wrong, status=problem.status)
    raise web.HTTPSeeOther(f"/desk/{incident['code']}?done=muted_here")


async def _meant(request: web.Request) -> tuple[Document, Document, Actor]:
    """The incident, its report, and who acts. Raises a problem if they may not, or there is none."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    incident = await visible_incident(console, actor, request.match_info["code"])
    request[EXERCISE] = bool(incident.get("drill"))
    if not may_mute(incident, actor.roles):
        raise await role_problem(console, actor.roles, Mute, incident.get("seen_by", ()))
    report = await console.store.one(f"report:{request.match_info['report']}")
    if report is None or report.get("incident") not in incident.get("sources", (incident["id"],)):
        raise Problem(404, "no_such_report", "Your groups have no such report; look at the list.")
    return incident, report, actor


async def _give(console: Console, actor: Actor, report: Document, typed: Typed) -> None:
    chosen = {name: typed.get(name) for name in ("what", "reason", "id") if typed.get(name)}
    try:
        asked = DeskRequest.model_validate({"report": report["report_id"], **chosen})
    except ValueError:
        raise Problem(422, "form_outdated", "Load the page again and send it anew.") from None
    await give(console, actor, "mute", asked)


def _form(  # noqa: PLR0913 - what a form shows
    request: web.Request,
    incident: Document,
    report: Document,
    actor: Actor,
    typed: Typed,
    *,
    problem: str = "",
    status: int = 200,
) -> web.Response:
    values = {"incident": incident, "report": report, "typed": typed, "problem": problem}
    return page(request, "mute.html", actor, status=status, **values)

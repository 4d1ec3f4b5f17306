"""One step of an act: who does what to which incident, with what was typed so far."""

from dataclasses import dataclass, replace

from aiohttp import web

from services.console.decide.draft import Document
from services.console.decide.page_acts import ACTS, PageAct, may, role_in
from services.console.desk import visible_incident
from services.console.door import CONSOLE, Actor, Console, page_actor
from services.console.web.desk.forms import Typed
from services.console.web.desk.render import EXERCISE
from services.console.who_may import role_problem
from shared.http import Problem


@dataclass(frozen=True, slots=True)
class Doing:
    """What every step of an act has at hand."""

    request: web.Request
    console: Console
    actor: Actor
    incident: Document
    act: PageAct
    typed: Typed

    def having(self, typed: Typed) -> "Doing":
        """The same with other fields."""
        return replace(self, typed=typed)

    @property
    def path(self) -> str:
        """Where the act's form is sent."""
        return f"/desk/{self.incident['code']}/{self.act.name}"


async def doing_of(request: web.Request, typed: Typed) -> Doing:
    """The step that was asked for. Raises a problem if this member may not do it or see the incident."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    incident = await visible_incident(console, actor, request.match_info["code"])
    request[EXERCISE] = bool(incident.get("drill"))
    act = ACTS.get(request.match_info["act"])
    if act is None:
        raise Problem(404, "unknown_command", "There is no such act.")
    if not may(role_in(incident, actor.roles), act):
        raise await role_problem(console, actor.roles, act.sort, incident.get("seen_by", ()))
    return Doing(request, console, actor, incident, act, typed)

"""`/desk/duty`: a group's rota as a page. Who is on duty now and next, which shifts have room, what was left.

Every act is one tap on a form that works without JavaScript, and the same command as in the API.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast

from aiohttp import web
from pydantic import ValidationError

from services.console import duty
from services.console.decide.rota import rotas
from services.console.door import CONSOLE, Actor, page_actor
from services.console.models import ShiftRequest
from services.console.web.desk.forms import NOTHING, Typed, span_in, typed_in
from services.console.web.desk.pictures import PICTURES
from services.console.web.desk.problems import as_page, words_of
from services.console.web.desk.render import page
from shared.contracts import duty as commands
from shared.contracts.base import HUB
from shared.contracts.desk import DeskCommand
from shared.contracts.groups import Role
from shared.http import Problem
from shared.permissions import ALLOWED

ACTS: Final[Mapping[str, type[DeskCommand]]] = {
    "take": commands.TakeShift,
    "give_up": commands.GiveUpShift,
    "note": commands.NoteShift,
    "offer": commands.OfferShift,
    "withdraw": commands.WithdrawShift,
}
"""What is done on this page, by the last word of its address."""
_TYPED: Final = frozenset({"note", "offer"})
"""Acts whose form is shown again with what was typed where they are refused."""


@as_page
async def get_duty(request: web.Request) -> web.StreamResponse:
    """The rota of each group of the member's."""
    return await _rota(request, await page_actor(request), NOTHING)


@as_page
async def post_duty(request: web.Request) -> web.StreamResponse:
    """One act about a shift; what was typed is kept where it is refused."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    act, typed = request.match_info["act"], await typed_in(request)
    if act not in ACTS:
        raise Problem(404, "unknown_command", "There is no such act.")
    try:
        _, verdict = await duty.give(console, actor, act, _request(act, typed))
    except Problem as problem:
        if act not in _TYPED or problem.status == web.HTTPServiceUnavailable.status_code:
            raise
        said = words_of(request, problem)
        typed = replace(typed, one={**typed.one, "act": act})
        return await _rota(request, actor, typed, problem=said, status=problem.status)
    word = f"shift_{act}" if verdict.reason else "pending"
    raise web.HTTPSeeOther(f"/desk/duty?done={word}")


def _request(act: str, typed: Typed) -> ShiftRequest:
    """The command's request. Raises a 422 problem that says which field is wrong."""
    fields: dict[str, Any] = {
        n: typed.get(n) for n in ("id", "shift", "group", "text", "places") if typed.get(n)
    }
    if act == "offer":
        fields["begins"], fields["ends"] = span_in(typed)
    if act == "note" and not typed.get("text"):
        raise Problem(422, "nothing_said", "There is nothing to note.")
    try:
        return ShiftRequest.model_validate(fields)
    except ValidationError as error:
        wrong = {str(e["loc"][0]) for e in error.errors() if e["loc"]}
        raise Problem(422, f"wrong_{min(wrong)}" if wrong else "invalid", "Look at this again.") from None


async def _rota(
    request: web.Request, actor: Actor, typed: Typed, *, problem: str = "", status: int = 200
) -> web.Response:
    console, now = request.app[CONSOLE], await request.app[PICTURES].now()
    own = sorted(set(actor.roles) - {HUB})
    groups = await console.store.many("group", own)
    done = request.query.get("done", "")
    return page(
        request,
        "duty.html",
        actor,
        status=status,
        rotas=rotas(groups, await duty.shifts_of(console, actor), actor.member, now),
        may={group: {a for a, sort in ACTS.items() if sort in _allowed(actor, group)} for group in own},
        runs={group for group in own if actor.runs(group)},
        done=done if done == "pending" or done.removeprefix("shift_") in ACTS else None,
        typed=typed,
        problem=problem,
        now=now,
    )


def _allowed(actor: Actor, group: str) -> frozenset[type[DeskCommand]]:
    return ALLOWED[cast("Role", actor.roles[group])]

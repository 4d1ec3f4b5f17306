"""`/groups/ID/drills`: a group's exercises: begin one, end it, see what came of it, choose their channels.

Everybody of the group may look; who may begin and end stands in the one table of permissions.
"""

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

import segno
from aiohttp import web
from markupsafe import Markup

from services.console import exercises
from services.console.account.pages import led_to, text_of
from services.console.decide.exercise_end import end_told
from services.console.decide.exercise_views import Standing
from services.console.decide.group.facts import area_in
from services.console.decide.group.training import MINUTES, Scenario, scenarios, speed_for
from services.console.decide.page_acts import lets
from services.console.door import CONSOLE, page_actor
from services.console.exercises import Begun
from services.console.group.channels import kinds_of
from services.console.group.pages import Scope, as_page, page, scope, scope_of
from services.console.group.saving import MOVED_ON, channels_of, save
from services.console.web.desk.words import DESK
from services.console.who_may import role_problem
from shared.contracts.base import HUB
from shared.contracts.drills import BeginDrill
from shared.contracts.groups import GroupDefinition
from shared.http import Problem
from shared.scenarios import shipped

_LATEST: Final = 4
"""Exercises shown with what came of them."""
_OURSELVES: Final = "ourselves"
"""The choice in which the members send the reports."""
_scenarios = lru_cache(maxsize=1)(shipped)


@dataclass(frozen=True, slots=True)
class Way:
    """How people come to the form of the exercise that goes on."""

    link: str
    picture: Markup


@as_page
async def get_drills(request: web.Request) -> web.StreamResponse:
    """The exercise that goes on, or the form to begin one; then the latest ones, and their channels."""
    found = await exercise_scope(request)
    return await _shown(request, found)


@as_page
async def post_begin(request: web.Request) -> web.StreamResponse:
    """Begin one."""
    found, form = await exercise_scope(request), await request.post()
    await _check_may(found)
    name, minutes = text_of(form, "what", most=40), text_of(form, "minutes", most=4)
    played = _scenarios().get(name, ())
    if name != _OURSELVES and not played:
        return await _shown(request, found, wrong="exercise_which")
    speed = speed_for(played, int(minutes) if minutes.isascii() and minutes.isdigit() else MINUTES[1])
    asked = Begun(name, speed, played) if played else Begun()
    await exercises.begin(found.console, found.actor, found.id, asked)
    return led_to(f"/groups/{found.id}/drills?done=begun")


@as_page
async def get_end(request: web.Request) -> web.StreamResponse:
    """Whether to end the one that goes on: what ends, and who will be told what."""
    found = await exercise_scope(request)
    await _check_may(found)
    latest = await exercises.latest(found.console, found.id, most=1)
    running = next((e for e in latest if e.goes_on), None)
    if running is None:
        raise Problem(404, "unknown_drill", "No exercise of the group goes on.")
    definition = GroupDefinition.model_validate(found.group["definition"])
    told = end_told(definition, channels_of(found), found.console.clock.now())
    return page(
        request,
        "drill_end.html",
        actor=found.actor,
        group=found.group,
        running=running,
        told=told,
        kind_of=kinds_of(found),
    )


@as_page
async def post_end(request: web.Request) -> web.StreamResponse:
    """End the one that goes on."""
    found, form = await exercise_scope(request), await request.post()
    await _check_may(found)
    await exercises.end(found.console, found.actor, found.id, text_of(form, "exercise", most=64))
    return led_to(f"/groups/{found.id}/drills?done=ended")


@as_page
async def post_channels(request: web.Request) -> web.StreamResponse:
    """Choose the channels of exercises."""
    found, form = await scope_of(request), await request.post()
    chosen = {c for c in form.getall("channel", []) if isinstance(c, str)}
    channels = [c.model_copy(update={"drills": c.id in chosen}) for c in channels_of(found)]
    try:
        return led_to(await save(found, form, channels=channels))
    except Problem as problem:
        if problem.code != MOVED_ON:
            raise
        return await _shown(request, await scope_of(request), chosen=chosen)


async def exercise_scope(request: web.Request) -> Scope:
    """The group in the address, for its people and whoever runs it; raises a 403 or 404 problem."""
    actor, name = await page_actor(request), request.match_info["group"]
    if name not in actor.roles and not actor.runs(name):
        raise Problem(403, "role_too_low", "Only people of the group see its exercises.")
    return await scope(request.app[CONSOLE], actor, name)


def _may(found: Scope) -> bool:
    """Whether the table lets them begin and end exercises of the group."""
    return lets([found.id], found.actor.roles, BeginDrill)


async def _check_may(found: Scope) -> None:
    if not _may(found):
        raise await role_problem(found.console, found.actor.roles, BeginDrill, [found.id])


async def _shown(
    request: web.Request, found: Scope, *, wrong: str = "", chosen: set[str] | None = None
) -> web.Response:
    """`chosen`: what was ticked in vain, because somebody else has changed the group meanwhile."""
    own = found.id in found.actor.roles and found.id != HUB
    latest = await exercises.latest(found.console, found.id, most=_LATEST) if own else []
    running = next((e for e in latest if e.goes_on), None)
    carrying = [c for c in found.group.get("channels", ()) if c.get("drills")]
    may, moved, language = _may(found), chosen is not None, DESK.language_of(request)
    return page(
        request,
        "drills.html",
        actor=found.actor,
        status=409 if moved else 422 if wrong else 200,
        group=found.group,
        own=own,
        may=may,
        runs=found.actor.runs(found.id),
        running=running,
        way=_way(found, running) if running else None,
        past=[e for e in latest if not e.goes_on],
        scenarios=_offered(found) if may and not running else (),
        minutes=MINUTES,
        heard={c["audience"] for c in carrying},
        chosen={c["id"] for c in carrying} if chosen is None else chosen,
        status_word=lambda status: DESK.say(language, f"status_{status}"),
        reason_word=partial(_reason, language),
        kind_of=kinds_of(found),
        done=_done(request),
        wrong=wrong,
        moved=moved,
    )


def _reason(language: str, reason: str) -> str:
    """Why a report was set aside, in the desk's words; a reason that has none by its name."""
    key = f"reason_{reason}"
    return DESK.say(language, key) if DESK.has(key) else reason


def _offered(found: Scope) -> list[Scenario]:
    return scenarios(_scenarios(), area_in(found.group), found.console.places.current.outcode_at)


def _way(found: Scope, running: Standing) -> Way:
    link = exercises.link_of(found.console, running.id)
    drawn = segno.make(link, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")
    return Way(link, Markup(drawn))  # noqa: S704 - drawn by a library from an address that we made


def _done(request: web.Request) -> str:
    done = request.query.get("done", "")
    return done if done in {"begun", "ended"} else ""

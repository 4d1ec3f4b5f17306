"""`/v1/groups/…/exercises`: begin an exercise, end it, see what came of it (`relay simulate --drill`)."""

from dataclasses import asdict
from typing import Any

from aiohttp import web

from services.console import exercises
from services.console.decide.exercise_views import Standing
from services.console.door import CONSOLE, Actor, Console, actor_of, body_of
from services.console.exercises import Begun
from services.console.models import ExerciseAnswer, ExerciseBegun, ExerciseEnd, ExerciseRequest
from shared.contracts.base import HUB
from shared.http import Problem


async def post_exercise(request: web.Request) -> web.Response:
    """`POST /v1/groups/…/exercises`: begin one; whoever holds the link may send its reports."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    asked, group = await body_of(request, ExerciseRequest), _group(request, actor)
    played = Begun(asked.name, asked.speed, asked.messages)
    exercise, verdict = await exercises.begin(console, actor, group, played, asked.id)
    answer = ExerciseBegun(
        id=exercise,
        outcome="applied" if verdict.reason else "pending",
        link=exercises.link_of(console, exercise),
    )
    return web.json_response(answer.model_dump(mode="json"), status=201 if verdict.reason else 202)


async def get_exercise(request: web.Request) -> web.Response:
    """`GET /v1/groups/…/exercises/ID`: how it stands, for people of the group."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    return web.json_response(await _shown(console, actor, request))


async def post_end(request: web.Request) -> web.Response:
    """`POST /v1/groups/…/exercises/ID/end`: it is over."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    asked, exercise = await body_of(request, ExerciseEnd), request.match_info["exercise"]
    verdict = await exercises.end(console, actor, _group(request, actor), exercise, asked.id)
    return web.json_response(await _shown(console, actor, request), status=200 if verdict.reason else 202)


async def _shown(console: Console, actor: Actor, request: web.Request) -> dict[str, Any]:
    standing = await exercises.one(console, _group(request, actor), request.match_info["exercise"])
    return _answer(standing).model_dump(mode="json")


def _group(request: web.Request, actor: Actor) -> str:
    group = request.match_info["group"]
    if group not in actor.roles or group == HUB:
        raise Problem(403, "not_your_group", "Exercises are for people of the group; name one of yours.")
    return group


def _answer(standing: Standing) -> ExerciseAnswer:
    return ExerciseAnswer.model_validate(
        {**asdict(standing), "reports": standing.reports, "left_open": standing.left_open}
    )

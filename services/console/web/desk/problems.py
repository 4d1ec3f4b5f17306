"""Refusals as pages: a sentence in the reader's language and a way back."""

from collections.abc import Awaitable, Callable
from functools import wraps

from aiohttp import web

from services.console.web.desk.render import page
from services.console.web.desk.words import DESK
from shared.errors import StateUnavailableError
from shared.http import Problem

PageHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def as_page(handler: PageHandler) -> PageHandler:
    """The handler, whose refusals are pages."""

    @wraps(handler)
    async def wrapped(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except StateUnavailableError as error:
            return refused(request, Problem(503, "state_unavailable", str(error), retry_after_s=2))
        except Problem as problem:
            return refused(request, problem)

    return wrapped


def refused(request: web.Request, problem: Problem) -> web.Response:
    """The page that says why not."""
    text = words_of(request, problem)
    response = page(request, "message.html", status=problem.status, text=text, back=_back(request))
    if problem.retry_after_s is not None:
        response.headers["Retry-After"] = str(problem.retry_after_s)
    return response


def words_of(request: web.Request, problem: Problem) -> str:
    """The refusal in the reader's language, where the catalog has it."""
    key = f"refused_{problem.code}"
    return DESK.say(DESK.language_of(request), key) if DESK.has(key) else problem.detail


def _back(request: web.Request) -> str:
    code = request.match_info.get("code")
    return f"/desk/{code}" if code and request.path != f"/desk/{code}" else "/desk"

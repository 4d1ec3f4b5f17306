"""Refusals as pages: a sentence in the reader's language and a way back."""

from aiohttp import web

from services.console.web.desk.render import DESK_PAGES, page
from services.console.web.inner import refusing
from shared.http import Problem

words_of, who_may = DESK_PAGES.words_of, DESK_PAGES.who_may


def refused(request: web.Request, problem: Problem) -> web.Response:
    """The page that says why not."""
    text = words_of(request, problem)
    return page(request, "message.html", status=problem.status, text=text, back=_back(request))


as_page = refusing(refused)


def _back(request: web.Request) -> str:
    code = request.match_info.get("code")
    return f"/desk/{code}" if code and request.path != f"/desk/{code}" else "/desk"

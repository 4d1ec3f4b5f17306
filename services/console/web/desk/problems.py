"""Refusals as pages: a sentence in the reader's language and a way back."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from services.console.web.desk.render import DESK_PAGES, page
from services.console.web.inner import refusing
from shared.http import Problem

_FIRST: Final[Mapping[str, str]] = {
    "not_accounted_for": "account",
    "place_needed": "place",
    "nobodys_area": "place",
}
"""Refusals that name an act to be done first."""

words_of, who_may = DESK_PAGES.words_of, DESK_PAGES.who_may


def refused(request: web.Request, problem: Problem) -> web.Response:
    """The page that says why not."""
    text = words_of(request, problem)
    code = request.match_info.get("code", "")
    first = elsewhere(problem, code) if code else None
    return page(request, "message.html", status=problem.status, text=text, back=_back(request), first=first)


as_page = refusing(refused)


def elsewhere(problem: Problem, code: str, *, absorbed: str = "") -> tuple[str, str] | None:
    """Address and name of the act that a refusal tells people to do first, if it names one."""
    if problem.code == "merge_the_other_way" and absorbed:
        return f"/desk/{absorbed}/merge", "merge"
    act = _FIRST.get(problem.code)
    return (f"/desk/{code}/{act}", act) if act else None


def _back(request: web.Request) -> str:
    code = request.match_info.get("code")
    return f"/desk/{code}" if code and request.path != f"/desk/{code}" else "/desk"

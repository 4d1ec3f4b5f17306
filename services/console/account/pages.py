"""How these pages are drawn, and how a refusal looks to somebody who is no program."""

import functools
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from services.console.csrf import FIELD
from services.console.door import ACTOR, Actor
from services.console.web.inner import Inner, refusing
from services.console.web.rendering import when
from services.console.web.words import Words
from shared.http import Handler, Problem

WORDS: Final = Words(Path(__file__).parents[1] / "web" / "account_languages")
_INNER: Final = Inner(["account"], WORDS, refusals="problem")
words_of = _INNER.words_of


def page(
    request: web.Request, template: str, *, actor: Actor | None = None, status: int = 200, **values: Any
) -> web.Response:
    """The page in the reader's language."""
    return _INNER.page(request, template, status=status, **{**frame(request, actor), "when": when, **values})


def frame(request: web.Request, actor: Actor | None) -> dict[str, Any]:
    """What the frame of these pages needs."""
    return {
        "actor": actor,
        "csrf_field": FIELD,
        "request_path": request.path,
        "clock": moment_of,
    }


def refused(request: web.Request, problem: Problem) -> web.Response:
    """A page that says what was wrong and what to do."""
    detail = words_of(request, problem)
    actor = request.get(ACTOR)
    return page(request, "refused.html", actor=actor, status=problem.status, code=problem.code, detail=detail)


def lost(request: web.Request, problem: Problem) -> web.Response:
    """A page for what none of ours refused itself: an address that leads nowhere, or a way not to use it."""
    language, general = WORDS.language_of(request), f"lost_{problem.status}"
    otherwise = WORDS.say(language, general if WORDS.has(general) else "lost_other")
    detail = _INNER.said(language, f"problem_{problem.code}", otherwise)
    nothing = problem.status == HTTPStatus.NOT_FOUND
    title = WORDS.say(language, "lost_title" if nothing else "refused")
    # Anybody may write an address: none of its parts becomes a link of ours.
    home = "/?lang={}".format
    return page(request, "lost.html", status=problem.status, title=title, detail=detail, other_language=home)


as_page = refusing(refused)


def in_words(handler: Handler) -> Handler:
    """The handler of a page's script, whose refusals are said in the reader's language."""

    @functools.wraps(handler)
    async def said(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Problem as problem:
            words, later = words_of(request, problem), problem.retry_after_s
            raise Problem(problem.status, problem.code, words, retry_after_s=later) from None

    return said


def led_to(location: str) -> web.Response:
    """Go on there; going back sends nothing twice."""
    return web.Response(status=303, headers={"Location": location})


def text_of(form: Mapping[str, Any], name: str, *, most: int = 300) -> str:
    """A field's text; empty where there is none, a file, or more than anybody would type."""
    value = form.get(name)
    return value if isinstance(value, str) and len(value) <= most else ""


def moment_of(moment: datetime | str) -> str:
    """A time for people, also out of a document."""
    return when(datetime.fromisoformat(moment) if isinstance(moment, str) else moment)

"""How these pages are drawn, and how a refusal looks to somebody who is no program."""

import functools
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.console.csrf import FIELD
from services.console.door import Actor, csrf_of
from services.console.web.rendering import when
from services.console.web.words import Words, other_language
from shared.errors import StateUnavailableError
from shared.http import Handler, Problem

_WEB: Final = Path(__file__).parents[1] / "web"
WORDS: Final = Words(_WEB / "account_languages")
_PAGES: Final = Environment(
    loader=FileSystemLoader([_WEB / "templates" / "account", _WEB / "templates"]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_YEAR_S: Final = 365 * 24 * 3600


def page(
    request: web.Request, template: str, *, actor: Actor | None = None, status: int = 200, **values: Any
) -> web.Response:
    """The page in the reader's language. Its forms say where they came from, to us and to nobody else."""
    language = WORDS.language_of(request)
    html = _PAGES.get_template(template).render(
        lang=language,
        dir=WORDS.say(language, "direction"),
        say=functools.partial(WORDS.say, language),
        said=functools.partial(_said, language),
        languages=WORDS.named(),
        unchecked=WORDS.unchecked_in_english(language),
        other_language=functools.partial(other_language, request),
        actor=actor,
        csrf_field=FIELD,
        csrf=csrf_of(request),
        request_path=request.path,
        when=when,
        clock=moment_of,
        **values,
    )
    response = web.Response(text=html, content_type="text/html", status=status)
    response.headers["Referrer-Policy"] = "same-origin"
    if request.query.get("lang") in WORDS.languages:
        response.set_cookie("lang", language, max_age=_YEAR_S, path="/", samesite="Lax", httponly=True)
    return response


def as_page(handler: Handler) -> Handler:
    """The handler, whose refusals are pages."""

    @functools.wraps(handler)
    async def drawn(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Problem as problem:
            return refused(request, problem)
        except StateUnavailableError as error:
            return refused(request, Problem(503, "state_unavailable", str(error), retry_after_s=2))

    return drawn


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


def refused(request: web.Request, problem: Problem) -> web.Response:
    """A page that says what was wrong and what to do."""
    response = page(
        request, "refused.html", status=problem.status, code=problem.code, detail=words_of(request, problem)
    )
    if problem.retry_after_s is not None:
        response.headers["Retry-After"] = str(problem.retry_after_s)
    return response


def words_of(request: web.Request, problem: Problem) -> str:
    """The refusal in the reader's language, where there are words for it."""
    return _said(WORDS.language_of(request), f"problem_{problem.code}", problem.detail)


def led_to(location: str) -> web.Response:
    """Go on there; going back sends nothing twice."""
    return web.Response(status=303, headers={"Location": location})


def text_of(form: Mapping[str, Any], name: str, *, most: int = 300) -> str:
    """A field's text; empty where there is none, a file, or more than anybody would type."""
    value = form.get(name)
    return value if isinstance(value, str) and len(value) <= most else ""


def _said(language: str, key: str, otherwise: str) -> str:
    """The text under that key, or these words: for what others add without words of ours."""
    return WORDS.say(language, key) if key in WORDS.keys("en") else otherwise


def moment_of(moment: datetime | str) -> str:
    """A time for people, also out of a document."""
    return when(datetime.fromisoformat(moment) if isinstance(moment, str) else moment)

"""How these pages are drawn, and whose they are: a group's admins' and the hub's operators'.

They wear the look, the frame and the common words of the account pages; their own words stand in a catalog of
their own.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.console.account.pages import WORDS as COMMON
from services.console.account.pages import moment_of
from services.console.csrf import FIELD
from services.console.decide.draft import Document
from services.console.door import CONSOLE, Actor, Console, csrf_of, page_actor
from services.console.web.words import Words, other_language
from shared.errors import StateUnavailableError
from shared.http import Handler, Problem

_WEB: Final = Path(__file__).parents[1] / "web"
_TEMPLATES: Final = _WEB / "templates"
WORDS: Final = Words(_WEB / "group_languages")
_PAGES: Final = Environment(
    loader=FileSystemLoader([_TEMPLATES / "group", _TEMPLATES / "account", _TEMPLATES]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_YEAR_S: Final = 365 * 24 * 3600
LANGUAGES: Final = {
    "en": "English", "es": "Español", "pt": "Português", "pl": "Polski", "tr": "Türkçe", "ar": "العربية",
    "bn": "বাংলা", "fr": "Français", "ro": "Română", "ur": "اردو", "sq": "Shqip",
    "vi": "Tiếng Việt", "zh": "中文",
}  # fmt: skip
"""Languages that a group may name as its own and a channel may speak, by their own names."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A group and somebody who runs it."""

    console: Console
    actor: Actor
    group: Document

    @property
    def id(self) -> str:
        """The group's id."""
        return str(self.group["id"])

    @property
    def version(self) -> int:
        """The group's version in force."""
        return int(self.group["version"])

    @property
    def sees_settings(self) -> bool:
        """Whether they may read channels' settings: those are the group's, and not the hub's."""
        return self.actor.roles.get(self.id) == "admin"


async def scope_of(request: web.Request) -> Scope:
    """The group in the address, for one who runs it; raises a 403 or 404 problem, or leads to the door."""
    actor, name = await page_actor(request), request.match_info["group"]
    if not actor.runs(name):
        raise Problem(403, "role_too_low", "Only the group's admins and the hub's operators may do this.")
    return await scope(request.app[CONSOLE], actor, name)


async def scope(console: Console, actor: Actor, name: str) -> Scope:
    """The group as it is now."""
    group = await console.store.one(f"group:{name}")
    if group is None:
        raise Problem(404, "unknown_group", "There is no such group; look at the list of groups.")
    return Scope(console, actor, group)


def page(
    request: web.Request, template: str, *, actor: Actor | None = None, status: int = 200, **values: Any
) -> web.Response:
    """The page in the reader's language."""
    language = COMMON.language_of(request)
    html = _PAGES.get_template(template).render(
        lang=language,
        dir=COMMON.say(language, "direction"),
        say=functools.partial(say, language),
        said=functools.partial(said, language),
        languages=COMMON.named(),
        unchecked=COMMON.say("en", "unchecked") if _unchecked(language) else "",
        other_language=functools.partial(other_language, request),
        actor=actor,
        csrf_field=FIELD,
        csrf=csrf_of(request),
        request_path=request.path,
        clock=moment_of,
        **values,
    )
    response = web.Response(text=html, content_type="text/html", status=status)
    response.headers["Referrer-Policy"] = "same-origin"
    if request.query.get("lang") in COMMON.languages:
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
        except web.HTTPRequestEntityTooLarge:
            return refused(request, Problem(413, "too_large", "That is too large."))
        except StateUnavailableError as error:
            return refused(request, Problem(503, "state_unavailable", str(error), retry_after_s=2))

    return drawn


def refused(request: web.Request, problem: Problem) -> web.Response:
    """A page that says what was wrong and what to do."""
    detail = words_of(request, problem)
    response = page(request, "refused.html", status=problem.status, code=problem.code, detail=detail)
    if problem.retry_after_s is not None:
        response.headers["Retry-After"] = str(problem.retry_after_s)
    return response


def words_of(request: web.Request, problem: Problem) -> str:
    """The refusal in the reader's language, where there are words for it."""
    return said(COMMON.language_of(request), f"problem_{problem.code}", problem.detail)


def say(language: str, key: str, **values: object) -> str:
    """The text of these pages, or of those whose frame they wear."""
    words = WORDS if key in WORDS.keys("en") else COMMON
    return words.say(language if language in words.languages else "en", key, **values)


def _unchecked(language: str) -> bool:
    return WORDS.unchecked(language) or COMMON.unchecked(language)


def said(language: str, key: str, otherwise: str) -> str:
    """The text under that key, or these words: for what plug-ins and later versions add."""
    known = key in WORDS.keys("en") or key in COMMON.keys("en")
    return say(language, key) if known else otherwise


def flag(form: Mapping[str, Any], name: str) -> bool:
    """Whether a box is ticked."""
    return form.get(name) is not None

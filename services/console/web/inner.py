"""How the pages of people who sign in are drawn, and how a refusal looks to somebody who is no program.

The desk, the account pages and the groups' pages each have templates and words of their own. What they share
is here, once: the reader's language and its cookie, the frame, and refusals as pages.
"""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.console.door import csrf_of
from services.console.web.words import other_language
from services.console.who_may import RoleProblem
from shared.errors import StateUnavailableError
from shared.http import Handler, Problem
from shared.pages import SHARED_TEMPLATES

_TEMPLATES: Final = Path(__file__).parent / "templates"
_BETWEEN: Final = " · "
"""Between the parts of a list, in every language."""
_YEAR_S: Final = 365 * 24 * 3600
Refused = Callable[[web.Request, Problem], web.Response]
"""How a family shows a refusal."""


class Spoken(Protocol):
    """The words of a family of pages."""

    languages: tuple[str, ...]

    def say(self, language: str, key: str, /, **values: object) -> str:
        """The text in that language."""
        ...

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        ...

    def language_of(self, request: web.Request) -> str:
        """The reader's language."""
        ...

    def named(self) -> list[tuple[str, str]]:
        """The languages to choose from."""
        ...

    def unchecked_in_english(self, language: str) -> str:
        """The English sentence that nobody has checked the translation; empty where somebody has."""
        ...


class Inner:
    """One family of pages: where its templates lie, and what it says.

    `refusals` is how the keys of its refusals begin.
    """

    def __init__(self, folders: Sequence[str], words: Spoken, *, refusals: str) -> None:
        self._words, self._refusals = words, refusals
        self._pages = Environment(
            loader=FileSystemLoader([*(_TEMPLATES / folder for folder in folders), SHARED_TEMPLATES]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def fragment(self, template: str, **values: Any) -> str:
        """A part of a page."""
        return self._pages.get_template(template).render(**values)

    def said(self, language: str, key: str, otherwise: str) -> str:
        """The text under that key, or these words: for what others add without words of ours."""
        return self._words.say(language, key) if self._words.has(key) else otherwise

    def page(self, request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """The page in the reader's language. Its forms say where they came from, to us and to nobody else."""
        language = self._words.language_of(request)
        common = {
            "lang": language,
            "dir": self._words.say(language, "direction"),
            "say": functools.partial(self._words.say, language),
            "said": functools.partial(self.said, language),
            "languages": self._words.named(),
            "other_language": functools.partial(other_language, request),
            "unchecked": self._words.unchecked_in_english(language),
            "csrf": csrf_of(request),
        }
        html = self.fragment(template, **{**common, **values})
        response = web.Response(text=html, content_type="text/html", status=status)
        response.headers["Referrer-Policy"] = "same-origin"
        if request.query.get("lang") == language:
            response.set_cookie("lang", language, max_age=_YEAR_S, path="/", samesite="Lax", httponly=True)
        return response

    def words_of(self, request: web.Request, problem: Problem) -> str:
        """The refusal in the reader's language, where there are words for it; of a role, who has it."""
        language = self._words.language_of(request)
        words = self.said(language, f"{self._refusals}_{problem.code}", problem.detail)
        return f"{words} {self.who_may(request, problem)}" if isinstance(problem, RoleProblem) else words

    def who_may(self, request: web.Request, problem: RoleProblem) -> str:
        """Which roles it takes, and who in the reader's own groups has one."""
        say = functools.partial(self._words.say, self._words.language_of(request))
        may = say("may_roles", roles=_BETWEEN.join(say(f"role_{role}") for role in problem.roles))
        return f"{may} {say('may_people', people=_BETWEEN.join(problem.people))}" if problem.people else may


def refusing(refused: Refused) -> Callable[[Handler], Handler]:
    """Makes of a handler one whose refusals are such pages."""

    def as_page(handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def drawn(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except StateUnavailableError as error:
                problem = Problem(503, "state_unavailable", str(error), retry_after_s=2)
            except web.HTTPRequestEntityTooLarge:
                problem = Problem(413, "too_large", "That is too large.")
            except Problem as raised:
                problem = raised
            response = refused(request, problem)
            if problem.retry_after_s is not None:
                response.headers["Retry-After"] = str(problem.retry_after_s)
            return response

        return drawn

    return as_page

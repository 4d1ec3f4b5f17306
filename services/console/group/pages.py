"""How these pages are drawn, and whose they are: a group's admins' and the hub's operators'.

They wear the look, the frame and the common words of the account pages; their own words stand in a catalog of
their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from services.console.account.pages import WORDS as COMMON
from services.console.account.pages import frame
from services.console.decide.draft import Document
from services.console.door import ACTOR, CONSOLE, Actor, Console, page_actor
from services.console.web.inner import Inner, refusing
from services.console.web.words import Together, Words
from services.console.who_may import role_problem
from shared.contracts.desk import DefineGroup
from shared.http import Problem

WORDS: Final = Words(Path(__file__).parents[1] / "web" / "group_languages")
_BOTH: Final = Together(WORDS, COMMON)
_INNER: Final = Inner(["group", "account", "map"], _BOTH, refusals="problem")
words_of, say, said = _INNER.words_of, _BOTH.say, _INNER.said
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
        raise await role_problem(request.app[CONSOLE], actor.roles, DefineGroup, [name])
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
    """The page in the reader's language, in the frame of the account pages."""
    return _INNER.page(request, template, status=status, **{**frame(request, actor), **values})


def refused(request: web.Request, problem: Problem) -> web.Response:
    """A page that says what was wrong and what to do."""
    detail = words_of(request, problem)
    actor = request.get(ACTOR)
    return page(request, "refused.html", actor=actor, status=problem.status, code=problem.code, detail=detail)


as_page = refusing(refused)


def flag(form: Mapping[str, Any], name: str) -> bool:
    """Whether a box is ticked."""
    return form.get(name) is not None

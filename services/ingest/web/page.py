"""How the front door's pages are drawn: in the reader's language, and marked where they are an exercise's.

Guarantees: a page of an exercise says so in its title, above all else, on its button and on its receipt, and
every link of it to a form leads to that exercise's form, except the one that says that it is the real one.
"""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.ingest.decide.languages import choose_language
from services.ingest.door import DOOR, Door
from services.ingest.web.nonce import LIFE, make_nonce
from services.ingest.web.typed import Typed
from shared.exercises import opens
from shared.pages import SHARED_TEMPLATES

_PAGES: Final = Environment(
    loader=FileSystemLoader([Path(__file__).parent / "templates", SHARED_TEMPLATES]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_EXERCISE: Final = re.compile(r"/exercise/([A-Za-z0-9_-]{1,64})/([0-9a-f]{32})")
_KEEP: Final = LIFE - timedelta(minutes=10)
"""How long after the page was made a report may wait on the phone: no longer than its number is good."""


@dataclass(frozen=True, slots=True)
class Page:
    """What every page needs: the door, the person's language, and whose form it belongs to."""

    request: web.Request
    door: Door
    language: str
    path: str = "/"
    """Where the form is."""
    exercise: str = ""
    """The id of the exercise whose form it is; empty for the real one."""

    @classmethod
    def of(cls, request: web.Request, *, path: str = "/", exercise: str = "") -> "Page":
        """The page for whoever asks."""
        door = request.app[DOOR]
        accept = request.headers.get("Accept-Language", "")
        language = choose_language(request.query.get("lang"), accept, door.words.languages)
        return cls(request, door, language, path, exercise)

    def marked_as(self, path: str) -> "Page":
        """The same page as the exercise's whose form is at this path; as it is for any other path."""
        found = _EXERCISE.fullmatch(path)
        if found is None or not opens(self.door.intake.master, found[1], found[2]):
            return self
        return replace(self, path=path, exercise=found[1])

    def say(self, key: str, **values: str) -> str:
        """The text in the person's language."""
        return self.door.words.say(self.language, key, **values)

    def response(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """The page as the answer."""
        html = _PAGES.get_template(template).render(
            say=self.say,
            lang=self.language,
            dir=self.door.words.direction(self.language),
            languages=self.door.words.named(),
            other_language=f"{self.path}?lang={{}}".format,
            form_path=self.path,
            exercise=bool(self.exercise),
            unchecked=self.door.words.unchecked_in_english(self.language),
            exit_url=str(self.door.settings.ingest_exit_url),
            **values,
        )
        return web.Response(text=html, content_type="text/html", status=status)

    def form(
        self, typed: Typed, *, status: int = 200, notice: str = "", errors: dict[str, str] | None = None
    ) -> web.Response:
        """The form with what was typed."""
        nonce = make_nonce(self.door.intake.master, self.door.now(), form=self.exercise)
        # The trap is emptied, so that a browser that filled it in does not fall in twice.
        fresh = replace(typed, trap="")
        return self.response(
            "form.html",
            status=status,
            typed=fresh,
            reach=self.door.contacts.reach,
            nonce=nonce,
            notice=notice,
            errors=errors or {},
            keep_s=int(_KEEP.total_seconds()),
        )

"""From a template and what it shows to a page in the reader's language."""

import functools
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.console.door import CONSOLE
from services.console.web.words import language_of, named, other_language, say, unchecked_in_english
from shared.pages import SHARED_TEMPLATES

_LONDON: Final = ZoneInfo("Europe/London")
_PAGES: Final = Environment(
    loader=FileSystemLoader([Path(__file__).parent / "templates", SHARED_TEMPLATES]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """A whole page."""
    language = language_of(request)
    html = fragment(
        language,
        template,
        languages=named(),
        unchecked=unchecked_in_english(language),
        other_language=functools.partial(other_language, request),
        report_url=request.app[CONSOLE].settings.report_url,
        **values,
    )
    return web.Response(text=html, content_type="text/html", status=status)


def fragment(language: str, template: str, **values: Any) -> str:
    """A part of a page."""

    def words(key: str, **named: object) -> str:
        return say(language, key, **named)

    common = {"say": words, "lang": language, "dir": say(language, "direction"), "when": when, "clock": clock}
    return _PAGES.get_template(template).render(**common, **values)


def when(moment: datetime) -> str:
    """A time as people here read it: 14/05 18:40."""
    return moment.astimezone(_LONDON).strftime("%d/%m %H:%M")


def clock(moment: datetime) -> str:
    """A time within the hour: 18:40."""
    return moment.astimezone(_LONDON).strftime("%H:%M")

"""How the desk's pages are made: one template environment, the words of the reader, the same frame."""

import functools
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.console.decide.local_times import HERE, days_until
from services.console.door import Actor, csrf_of
from services.console.submit import command_id
from services.console.web.desk.words import DESK
from services.console.web.words import other_language

_TEMPLATES: Final = Path(__file__).parent.parent / "templates"
_PAGES: Final = Environment(
    loader=FileSystemLoader([_TEMPLATES / "desk", _TEMPLATES]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_YEAR_S: Final = 365 * 24 * 3600
_NEAR_DAYS: Final = {-1: "day_yesterday", 0: "day_today", 1: "day_tomorrow"}
_HOUR_MIN, _DAY_MIN = 60, 24 * 60


def words(language: str) -> Mapping[str, Any]:
    """What every template and fragment may use."""

    def say(key: str, /, **values: object) -> str:
        return DESK.say(language, key, **values)

    def day_of(at: str | datetime, now: datetime) -> str:
        moment = _moment(at).astimezone(HERE)
        near = _NEAR_DAYS.get(days_until(moment, now))
        return say(near) if near else f"{say(f'weekday_{moment.weekday()}')} {moment:%d/%m}"

    def age(at: str | datetime, now: datetime) -> str:
        return _age(say, at, now)

    return {
        "say": say,
        "has": DESK.has,
        "lang": language,
        "dir": DESK.say(language, "direction"),
        "clock": clock,
        "age": age,
        "day_of": day_of,
        "local": local,
    }


def fragment(template: str, language: str, **values: Any) -> str:
    """A part of a page."""
    return _PAGES.get_template(template).render(**words(language), **values)


def page(
    request: web.Request, template: str, actor: Actor | None = None, *, status: int = 200, **values: Any
) -> web.Response:
    """A whole page. Each carries a new command id, so that what is sent twice is done once."""
    language = DESK.language_of(request)
    html = _PAGES.get_template(template).render(
        **words(language),
        languages=DESK.named(),
        unchecked=DESK.unchecked_in_english(language),
        other_language=functools.partial(other_language, request),
        me=actor,
        csrf=csrf_of(request),
        command_id=command_id(None),
        **values,
    )
    response = web.Response(text=html, content_type="text/html", status=status)
    response.headers["Referrer-Policy"] = "same-origin"
    if request.query.get("lang") == language:
        response.set_cookie("lang", language, max_age=_YEAR_S, path="/", samesite="Lax", httponly=True)
    return response


def clock(at: str | datetime, now: datetime | None = None) -> str:
    """The time of day as people here read it; with the day where it is not today's."""
    moment = _moment(at).astimezone(HERE)
    today = now is None or moment.date() == now.astimezone(HERE).date()
    return moment.strftime("%H:%M" if today else "%d/%m %H:%M")


def local(at: str | datetime, form: str = "%Y-%m-%d") -> str:
    """A moment as a form's field for days or times holds it."""
    return _moment(at).astimezone(HERE).strftime(form)


def _age(say: Any, at: str | datetime, now: datetime) -> str:
    minutes = int(max(timedelta(0), now - _moment(at)).total_seconds() // 60)
    if minutes < 1:
        return str(say("age_now"))
    if minutes < _HOUR_MIN:
        return str(say("age_minutes", n=minutes))
    if minutes < _DAY_MIN:
        return str(say("age_hours", n=minutes // _HOUR_MIN, m=minutes % _HOUR_MIN))
    return str(say("age_days", n=minutes // _DAY_MIN))


def _moment(at: str | datetime) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at

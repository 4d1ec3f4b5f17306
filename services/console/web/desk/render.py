"""How the desk's pages are made: one template environment, the words of the reader, the same frame."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web

from services.console.decide.local_times import HERE, days_until
from services.console.door import Actor
from services.console.submit import command_id
from services.console.web.desk.words import DESK
from services.console.web.inner import Inner
from services.console.web.plurals import named_in

EXERCISE: Final = web.RequestKey("exercise", bool)
"""Where a request notes that it is about an exercise, so that its refusals say so too."""
DESK_PAGES: Final = Inner(["desk", "map"], DESK, refusals="refused")
_YEAR_S: Final = 365 * 24 * 3600
_NEAR_DAYS: Final = {-1: "day_yesterday", 0: "day_today", 1: "day_tomorrow"}
_HOUR_MIN, _DAY_MIN = 60, 24 * 60


def words(language: str) -> Mapping[str, Any]:
    """What every template and fragment may use."""

    def say(key: str, /, **values: object) -> str:
        return DESK.say(language, key, **values)

    def day_of(at: str | datetime, now: datetime) -> str:
        near = _NEAR_DAYS.get(days_until(_moment(at).astimezone(HERE), now))
        return str(say(near)) if near else date_of(at)

    def date_of(at: str | datetime) -> str:
        """The day as it stands in what is passed on, and may be read on another."""
        moment = _moment(at).astimezone(HERE)
        return f"{say(f'weekday_{moment.weekday()}')} {moment:%d/%m}"

    def age(at: str | datetime, now: datetime) -> str:
        return _age(say, at, now)

    return {
        "say": say,
        "has": DESK.has,
        "lang": language,
        "dir": DESK.say(language, "direction"),
        "clock": clock,
        "foreign": lambda tag: foreign(tag, language),
        "age": age,
        "day_of": day_of,
        "date_of": date_of,
        "local": local,
    }


def fragment(template: str, language: str, **values: Any) -> str:
    """A part of a page."""
    return DESK_PAGES.fragment(template, **words(language), **values)


def page(
    request: web.Request, template: str, actor: Actor | None = None, *, status: int = 200, **values: Any
) -> web.Response:
    """A whole page. Each carries a new command id, so that what is sent twice is done once."""
    language = DESK.language_of(request)
    about = values.get("incident") or values.get("h") or {}
    frame: dict[str, Any] = {
        "problem": "",
        "first": None,
        "me": actor,
        "exercise": bool(request.get(EXERCISE) or about.get("drill")),
        "command_id": command_id(None),
    }
    return DESK_PAGES.page(request, template, status=status, **{**words(language), **frame, **values})


def clock(at: str | datetime, now: datetime | None = None) -> str:
    """The time of day as people here read it; with the day where it is not today's."""
    moment = _moment(at).astimezone(HERE)
    today = now is None or moment.date() == now.astimezone(HERE).date()
    return moment.strftime("%H:%M" if today else "%d/%m %H:%M")


def local(at: str | datetime, form: str = "%Y-%m-%d") -> str:
    """A moment as a form's field for days or times holds it."""
    return _moment(at).astimezone(HERE).strftime(form)


def foreign(tag: str | None, language: str) -> str:
    """What that language is called, if it is another than the reader's and has a name; else empty."""
    spoken = (tag or "").partition("-")[0].lower()
    return "" if spoken == language else named_in(language).get(spoken, "")


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

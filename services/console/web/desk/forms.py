"""From a form of the desk to the request that the desk API takes; what was typed is kept for another try."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiohttp import web
from multidict import MultiMapping
from pydantic import ValidationError

from services.console.decide.local_times import span_of
from services.console.decide.map.view import View, clicked, view_in
from services.console.decide.page_acts import PageAct
from services.console.models import DeskRequest
from shared.http import Problem

FATES: Final = ("let_go", "released", "bailed", "charged", "detention", "hospital")
"""What may have become of somebody of whom nobody knew."""
_CARRIED: Final = ("text", "ask", "setting", "agency", "let_go", "taken", "unknown", "absorbed", "to",
                   "report", "asks", "lat", "lon", "radius_m", "label", "group", "arrested",
                   "day", "from", "until", "needed", "owner", "check_at",
                   *(f"fate_{fate}" for fate in FATES))  # fmt: skip
_WORDS: Final = ("id", "text", "ask", "setting", "agency", "to", "report", "asks", "absorbed", "label",
                 "group", "owner", "check_at", "post", "tag", "sms_to", "sms_reason")  # fmt: skip
_FIGURES: Final = ("let_go", "taken", "unknown", "arrested", "radius_m", "lat", "lon", "version", "needed")
_MANY: Final = ("reports", "groups")
_TAGGED: Final = "tag_"
"""How the field of one person who was taken begins."""
_MOST_FIELDS: Final = 600


@dataclass(frozen=True, slots=True)
class Typed:
    """What came with a form: single fields, and those with several values."""

    one: Mapping[str, str]
    many: Mapping[str, tuple[str, ...]]

    def get(self, name: str, default: str = "") -> str:
        """A field as it was typed."""
        return self.one.get(name, default)

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a field."""
        return self.many.get(name, ())

    def carried(self) -> list[tuple[str, str]]:
        """What the next page must send again, beside version and id."""
        singles = [(n, self.one[n]) for n in _CARRIED if self.one.get(n)]
        tags = [(f"{_TAGGED}{tag}", fate) for tag, fate in self.tags().items()]
        return [*singles, *tags, *((n, v) for n in _MANY for v in self.many.get(n, ()))]

    def tags(self) -> dict[str, str]:
        """What became of whom, by the tag of each."""
        return {
            n.removeprefix(_TAGGED): fate for n, fate in self.one.items() if n.startswith(_TAGGED) and fate
        }

    def but(self, **changes: str) -> "Typed":
        """The same with these fields."""
        return Typed({**self.one, **changes}, self.many)


NOTHING: Final = Typed({}, {})


async def typed_in(request: web.Request) -> Typed:
    """The form that was sent. Raises a problem if it is none, or larger than any of ours."""
    return typed_of(await request.post())


def typed_of(form: MultiMapping[Any]) -> Typed:
    """The fields of a form or an address."""
    if len(form) > _MOST_FIELDS:
        raise Problem(413, "too_large", "That is more than this form sends; begin again.")
    texts = [(name, value) for name, value in form.items() if isinstance(value, str)]
    many = {name: tuple(v for n, v in texts if n == name) for name in {n for n, _ in texts}}
    return Typed({name: values[-1].strip() for name, values in many.items()}, many)


def request_of(act: PageAct, incident: str, typed: Typed) -> DeskRequest:
    """The command's request. Raises a 422 problem that says which field is wrong."""
    fields: dict[str, Any] = {"incident": incident, **(act.fixed or {})}
    fields |= {name: typed.get(name) for name in _WORDS if typed.get(name)}
    fields |= {name: typed.get(name).replace(",", ".") for name in _FIGURES if typed.get(name)}
    fields |= {name: typed.all(name) for name in _MANY if typed.all(name)}
    if became := _became(typed):
        fields["became"] = became
    if typed.get("day"):
        fields["begins"], fields["ends"] = span_in(typed)
    try:
        return DeskRequest.model_validate(fields)
    except ValidationError as error:
        wrong = {str(e["loc"][0]) for e in error.errors() if e["loc"]}
        raise Problem(422, f"wrong_{min(wrong)}" if wrong else "invalid", "Look at this again.") from None


def _became(typed: Typed) -> list[dict[str, str]]:
    """First of those who are named by their tags, then of so many of the others of whom nobody knew."""
    named = [{"tag": tag, "fate": fate} for tag, fate in typed.tags().items()]
    numbers = [(fate, typed.get(f"fate_{fate}")) for fate in FATES]
    return named + [{"fate": fate, "number": n} for fate, n in numbers if n not in {"", "0"}]


def span_in(typed: Typed) -> tuple[datetime, datetime]:
    """From when until when, as it was typed. Raises a 422 problem for what is no day and no two times."""
    span = span_of(typed.get("day"), typed.get("from"), typed.get("until"))
    if span is None:
        raise Problem(422, "wrong_span", "Give a day and two times, such as 18:30 and 22:00.")
    return span


def with_code(typed: Typed) -> Typed:
    """The form with the incident whose code was typed, else the one that was chosen."""
    code = typed.get("absorbed_code").upper()
    return typed.but(absorbed=code) if code else typed


def with_click(typed: Typed) -> Typed | None:
    """The form with the point of the map that was clicked; None: it was sent by another button."""
    view = view_typed(typed)
    found = clicked(view, typed.get("map.x"), typed.get("map.y")) if view else None
    return typed.but(lat=str(found[0]), lon=str(found[1]), chosen="", where="") if found else None


def view_typed(typed: Typed) -> View | None:
    """What the map of the form showed."""
    return view_in(typed.get("view_lat"), typed.get("view_lon"), typed.get("view_side"))

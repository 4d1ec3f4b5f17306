"""From an alert to the words for one audience, language and size.

Guarantees, held by property tests: every message has its status word, date and time, code,
group, place and "Observe, don't obstruct", whatever is dropped to make it fit; at most one ask,
and none where the alert asks nothing; what reporters wrote reaches verifiers only, cleaned and
in quotation marks. Pure: the clock, the network and the settings are the caller's.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.environment import TemplateModule
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared.contracts.alerts import AlertBody, AlertRaised, DigestBody, DutyBody, PostLine, PublicPlace
from shared.contracts.base import Place
from shared.contracts.groups import GroupDefinition
from shared.errors import RelayError
from shared.plugins.spec import RenderedMessage
from shared.words.clean import clean, clip
from shared.words.fit import Part, fit, fit_sms, parts_of
from shared.words.sms import spelled_plainly

MIN_CHARS: Final = 306
"""Two SMS segments: the shortest message that can carry everything that must be said."""

_SHORT_UP_TO: Final = 480
_SHORT_STATEMENT: Final = 90
_NUMBER: Final = re.compile(r"\b\d+[a-z]?\b", re.IGNORECASE)
_POSTCODE: Final = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?(?:\s?\d[A-Z]{2})?\b")
_END: Final = re.compile(r"[.!?](?=\s)")
_MAX_SUBJECT: Final = 120
_LONDON: Final = ZoneInfo("Europe/London")
_TEMPLATES: Final = Path(__file__).parent / "templates"
_FOR_VERIFIERS: Final = frozenset({"UNCONFIRMED", "LIKELY", "NOT_CONFIRMED", "DIGEST", "DUTY", "AFTERCARE"})
_CONFIRMED_ONCE: Final = frozenset({"confirmed", "officers_left", "aftercare", "closed"})
_HARMLESS: Final = frozenset({datetime, TemplateModule})
_UNPROVEN: Final = frozenset({"unconfirmed", "likely"})


class NotForThisAudienceError(RelayError):
    """Unconfirmed news was about to go to people who are no verifiers. Nothing is sent."""


def render(
    alert: AlertRaised, group: GroupDefinition, *, language: str, max_chars: int, base_url: str
) -> RenderedMessage:
    """The message for the alert's audience; in English where the language has no templates.

    `max_chars` is what the channel carries well; up to 480 the words are the short ones, made for SMS: in
    its alphabet where they can be, and counted as it counts. Below `MIN_CHARS` raises `ValueError`.
    `base_url` is the public address of the hub's pages ("" for no link). The alert's body must be in clear:
    `ValueError` if it is sealed or gone. Raises `NotForThisAudienceError` for unconfirmed news to anybody
    but verifiers.
    """
    if max_chars < MIN_CHARS:
        raise ValueError(f"a message needs {MIN_CHARS} characters, the channel takes {max_chars}")
    if alert.audience != "verifiers" and (alert.kind in _FOR_VERIFIERS or alert.status in _UNPROVEN):
        raise NotForThisAudienceError
    size = "short" if max_chars <= _SHORT_UP_TO else "long"
    spoken = language if language in _languages() else "en"
    facts = _facts(alert, group, size=size, base_url=base_url) | {"desk": _desk(alert, base_url)}
    parts = _parts(f"{spoken}/{size}/{alert.kind}.j2", facts)
    text = fit_sms(parts, max_chars) if size == "short" else fit(parts, max_chars, joined_by="\n")
    subject = fit(_parts(f"{spoken}/subject.j2", facts), _MAX_SUBJECT, joined_by=" ")
    return RenderedMessage(
        alert_id=alert.alert_id,
        kind=f"{facts['drill']}{alert.kind}",
        subject=subject,
        text=text,
        urgent=alert.urgency == "urgent",
        language=spoken,
        code=alert.code,
        thread=alert.incident_id,
        data=_for_machines(alert, spoken),
    )


def _parts(template: str, facts: Mapping[str, Any]) -> list[Part]:
    return parts_of(_environment().get_template(template).render(facts))


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, which asks less about the few harmless things that every template looks at."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A public attribute of a moment or of the shared macros at once, of anything else as ever."""
        if type(obj) in _HARMLESS and not attribute.startswith("_"):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = _Sandbox(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # plain text, never HTML; whoever shows it on a page escapes it there
        auto_reload=False,  # the templates come with the program
    )
    environment.globals.clear()  # no template uses Jinja's own, and each rendering would copy them
    return environment


@cache
def _languages() -> frozenset[str]:
    return frozenset(p.name for p in _TEMPLATES.iterdir() if p.is_dir())


def _facts(alert: AlertRaised, group: GroupDefinition, *, size: str, base_url: str) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "kind": alert.kind,
        "drill": "DRILL " if alert.drill else "",
        "at": _local(alert.at),
        "group": _named(group.name, size, 30, 80) or group.id,
        "code": alert.code or "",
        "ask": alert.ask,
        "status": alert.status or "",
        "unproven": alert.status in _UNPROVEN,
        "brief_place": "",
    }
    if isinstance(alert.body, DigestBody):
        return facts | _digest_facts(alert.body, size)
    if isinstance(alert.body, DutyBody):
        return facts | _duty_facts(alert.body)
    if isinstance(alert.body, AlertBody):
        return facts | _incident_facts(alert, alert.body, size) | {"link": _link(alert, base_url)}
    raise ValueError("the alert's body is not in clear")


def _incident_facts(alert: AlertRaised, body: AlertBody, size: str) -> dict[str, Any]:
    trusted = alert.audience == "verifiers"
    where = _place(alert, body)
    label = _named(where.label, size, 50, 120) or "place not known"
    return {
        "place": label,
        "brief_place": clip(label, 50),
        "radius_m": where.radius_m,
        "first_report_at": _local(body.first_report_at),
        "since": _local(body.since or body.first_report_at),
        "reports": body.reports,
        "first_hand": body.first_hand,
        "excerpt": _excerpt(body.excerpt, 50 if size == "short" else 280) if trusted else "",
        "statement": _statement(body.statement, size),
        "tally": body.tally,
        "fates": body.fates,
        "figures_told": body.figures_told,
        "note": (body.note or "") if trusted else "",
        "checked": body.checked,
        "was": _named(body.was, size, 50, 120),
        "was_m": body.was_m,
        "alike_names": _alike(body.was, where.label),
        "was_code": body.was_code,
        "still": _still(alert, body),
        "by_reports": body.note != "seen",
        "sightings": body.sightings if trusted else 0,
        "who": body.who,
        "seen": body.seen,
        "alike": body.alike,
        "watch_reports": body.watch_reports,
        "watch_since": _local(body.watch_since or body.first_report_at),
        **_team_facts(alert, body, size, trusted=trusted),
        "also_told": clip(", ".join(clean(name, 40) for name in body.also_told), 120) if trusted else "",
    }


def _named(name: str, size: str, short: int, long: int) -> str:
    """A name as the size has it; empty where nothing of it can be said."""
    return clean(name, long) if size != "short" else spelled_plainly(clean(name, short))


def _alike(was: str, now: str) -> bool:
    """Whether two names are of one street, so that "not this, but that" would say nothing."""
    return was == now or _street(was) == _street(now) != ""


def _street(name: str) -> str:
    """The street alone: without house numbers, the part of town and the postcode; empty if it has no name."""
    street = _NUMBER.sub(" ", _POSTCODE.sub(" ", name).partition(",")[0])
    return " ".join(street.casefold().split()) if any(map(str.isalpha, street)) else ""


def _excerpt(text: str, limit: int) -> str:
    """What a reporter wrote as one line; their own lines (what, then where) do not run into each other."""
    lines = [line for part in text.splitlines() if (line := clean(part, limit))]
    return clip(" ".join(line if line[-1] in ".,;:!?" else f"{line}," for line in lines).rstrip(","), limit)


def _still(alert: AlertRaised, body: AlertBody) -> bool:
    """Whether an update without words says no more than that: nothing else in it is new."""
    news = body.was or body.was_code or alert.ask != "NONE"
    return alert.status == "confirmed" and not news


def _team_facts(alert: AlertRaised, body: AlertBody, size: str, *, trusted: bool) -> dict[str, Any]:
    """Who is on duty, which posts want people, who follows up those of whom nothing is known."""
    names = ", ".join(clean(name, 40) for name in body.on_duty)
    return {
        "on_duty": clip(names, 120) if trusted else "",
        "posts": [_post_facts(post, alert.at, 40 if size == "short" else 120) for post in body.posts]
        if trusted
        else [],
        "unknown": body.unknown,
        "owner": clean(body.owner, 40) if trusted else "",
    }


def _post_facts(post: PostLine, now: datetime, width: int) -> dict[str, Any]:
    return {
        "place": clean(post.place, width),
        "begins": _local(post.begins),
        "ends": _local(post.ends),
        "needed": post.needed,
        "coming": post.coming,
        "there": post.there,
        "started": post.begins <= now,
    }


def _duty_facts(body: DutyBody) -> dict[str, Any]:
    lines = [
        {"begins": _local(s.begins), "ends": _local(s.ends), "places": s.places, "taken": s.taken}
        for s in body.lines
    ]
    return {"what": body.what, "lines": lines}


def _digest_facts(body: DigestBody, size: str) -> dict[str, Any]:
    width = 40 if size == "short" else 160
    lines = [
        {
            "at": _local(line.at),
            "place": clean(line.place, 40),
            "excerpt": _excerpt(line.excerpt, width),
            "reason": line.reason,
            "code": line.code or "",
            "reports": line.reports,
        }
        for line in body.lines
    ]
    return {"lines": lines, "held": body.held, "oldest": _local(body.oldest)}


def _statement(text: str, size: str) -> str:
    """A person's words; in the short form as many of their sentences as fit, rather than half a word."""
    whole = clean(text, 1000)
    if size != "short" or len(whole) <= _SHORT_STATEMENT:
        return _sentence(whole)
    ends = [m.end() for m in _END.finditer(whole) if m.end() <= _SHORT_STATEMENT]
    return whole[: ends[-1]] if ends else _sentence(clip(whole, _SHORT_STATEMENT))


def _sentence(text: str) -> str:
    """The text with a full stop, so that the next sentence does not run into it."""
    return text if not text or text[-1] in ".!?" else text + "."


def _local(moment: datetime) -> datetime:
    return moment.astimezone(_LONDON)


def _place(alert: AlertRaised, body: AlertBody) -> Place | PublicPlace:
    return body.place if alert.audience == "verifiers" else body.public


def _link(alert: AlertRaised, base_url: str) -> str:
    """The page with the present state: there is none before a person has confirmed, nor of an exercise."""
    public = not alert.drill and (alert.audience != "verifiers" or alert.status in _CONFIRMED_ONCE)
    return f"{base_url.rstrip('/')}/i/{alert.code}" if base_url and alert.code and public else ""


def _desk(alert: AlertRaised, base_url: str) -> str:
    """Where verifiers act on it: nobody else is told of that page."""
    page = "duty" if alert.kind == "DUTY" else alert.code or ""
    asked = bool(base_url) and alert.audience == "verifiers"
    return f"{base_url.rstrip('/')}/desk/{page}".rstrip("/") if asked else ""


def _for_machines(alert: AlertRaised, language: str) -> dict[str, Any]:
    """The facts for receivers that are programs: no more than the audience's people may know."""
    data: dict[str, Any] = {
        "type": "alert",
        "alert_id": alert.alert_id,
        "kind": alert.kind,
        "drill": alert.drill,
        "audience": alert.audience,
        "group": alert.group,
        "language": language,
        "code": alert.code,
        "status": alert.status,
        "ask": alert.ask,
        "urgent": alert.urgency == "urgent",
        "at": alert.at.isoformat(),
        "place": None,
    }
    if isinstance(alert.body, AlertBody):
        where = _place(alert, alert.body)
        data["place"] = {
            "label": clean(where.label, 200),
            "lat": where.lat,
            "lon": where.lon,
            "radius_m": where.radius_m,
        }
    return data

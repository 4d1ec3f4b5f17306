"""From an alert to the words for one audience, language and size.

Guarantees, held by property tests: every message has its status word, date and time, code,
group, place and "Observe, don't obstruct", whatever is dropped to make it fit; at most one ask,
and none where the alert asks nothing; what reporters wrote reaches verifiers only, cleaned and
in quotation marks. Pure: the clock, the network and the settings are the caller's.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog

from shared.contracts.alerts import AlertBody, AlertRaised, DigestBody, DutyBody, PostLine, PublicPlace
from shared.contracts.base import Place
from shared.contracts.groups import GroupDefinition
from shared.contracts.own_words import OwnWords
from shared.errors import RelayError
from shared.plugins.spec import RenderedMessage
from shared.promises import NEXT_NEWS
from shared.saying_most import EXCERPT
from shared.words import own
from shared.words.clean import clean, clip, sentence
from shared.words.fit import MUST, Part, fit, fit_sms, parts_of
from shared.words.library import ENGLISH, IN_FORCE, Library, shipped
from shared.words.rights import rights_line
from shared.words.said import MOST_SAID
from shared.words.sms import spelled_plainly
from shared.words.subscribers import ending as leaving

log = structlog.get_logger()

MIN_CHARS: Final = 306
"""Two SMS segments: the shortest message that can carry everything that must be said."""

SHORT_UP_TO: Final = 480
"""Up to so many characters the words are the short ones."""
_SHORT_STATEMENT: Final = 90
_NUMBER: Final = re.compile(r"\b\d+[a-z]?\b", re.IGNORECASE)
_POSTCODE: Final = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?(?:\s?\d[A-Z]{2})?\b")
_END: Final = re.compile(r"[.!?](?=\s)")
_MAX_SUBJECT: Final = 120
_LONDON: Final = ZoneInfo("Europe/London")
_LINK_RANK: Final = 1
_ENDING_RANK: Final = 1
_FOR_VERIFIERS: Final = frozenset({"UNCONFIRMED", "LIKELY", "NOT_CONFIRMED", "DIGEST", "DUTY", "AFTERCARE"})
_CONFIRMED_ONCE: Final = frozenset({"confirmed", "officers_left", "aftercare", "closed"})
_UNPROVEN: Final = frozenset({"unconfirmed", "likely"})


class NotForThisAudienceError(RelayError):
    """Unconfirmed news was about to go to people who are no verifiers. Nothing is sent."""


def render(  # noqa: PLR0913 - what a message depends on
    alert: AlertRaised,
    group: GroupDefinition,
    *,
    language: str,
    max_chars: int,
    base_url: str,
    words: Sequence[OwnWords] = (),
    library: Library | None = None,
    ending: str = "",
) -> RenderedMessage:
    """The message for the alert's audience; in English where nobody stands behind words in that language.

    `words` are the group's own: they come before the relay's while their review holds, at the alert's time.
    `library` holds the relay's templates; those that ship, where none is given.

    `ending` stands at the end where there is room for it: how somebody leaves who gets this by themselves;
    in English where its letters would turn a plain text message into a dearer one.

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
    size = "short" if max_chars <= SHORT_UP_TO else "long"
    facts = _facts(alert, group, size=size, base_url=base_url)
    shelf = library or shipped()
    asked = _Asked(alert, facts, size, max_chars, shelf, ending)
    spoken, text = _said(asked, language, words)
    subject = fit(_parts(shelf, f"{asked.subject_in(spoken)}/subject.j2", facts), _MAX_SUBJECT, joined_by=" ")
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


def own_fields(
    alert: AlertRaised, group: GroupDefinition, *, size: str, language: str, base_url: str
) -> dict[str, Any]:
    """What a group's own words for this alert may say."""
    facts = _facts(alert, group, size=size, base_url=base_url)
    return own.fields_of(facts, alert.kind, language, head=_head(shipped(), facts))


def own_parts(  # noqa: PLR0913 - what a message depends on
    text: str, alert: AlertRaised, group: GroupDefinition, *, size: str, language: str, base_url: str
) -> list[tuple[int, Part]]:
    """The parts of this alert's message in own words, each with its line; raises `OwnWordsError`."""
    fields = own_fields(alert, group, size=size, language=language, base_url=base_url)
    return own.parts(text, alert.kind, fields)


def product_parts(  # noqa: PLR0913 - what a message depends on
    library: Library, template: str, alert: AlertRaised, group: GroupDefinition, *, size: str, base_url: str
) -> list[Part]:
    """The parts of this alert's message by one of the library's templates."""
    return _parts(library, template, _facts(alert, group, size=size, base_url=base_url))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A message that is to be made."""

    alert: AlertRaised
    facts: Mapping[str, Any]
    size: str
    max_chars: int
    shelf: Library
    ending: str = ""

    def fitted(self, parts: list[Part]) -> str:
        # What is asked of people stands before it, and so is dropped after it.
        whole = [*parts, Part(_ENDING_RANK, self.ending, plainly=leaving(ENGLISH))] if self.ending else parts
        return (
            fit_sms(whole, self.max_chars)
            if self.size == "short"
            else fit(whole, self.max_chars, joined_by="\n")
        )

    def template(self, language: str) -> str:
        return f"{language}/{self.size}/{self.alert.kind}.j2"

    def standing(self, language: str) -> str:
        """Whether the relay's words in that language may be used today."""
        return self.shelf.standing(self.template(language), self.alert.at.date())

    def subject_in(self, language: str) -> str:
        """The language of the subject: that of the text, where its subject is signed too."""
        found = self.shelf.standing(f"{language}/subject.j2", self.alert.at.date())
        return language if found in IN_FORCE or (self.alert.drill and found != "missing") else ENGLISH


def _said(asked: _Asked, language: str, words: Sequence[OwnWords]) -> tuple[str, str]:
    """The language and the text: of the first words that somebody stands behind and that can be made.

    What was reviewed can be made. Should it be otherwise all the same, the next words go out: better the
    relay's own than none.
    """
    for spoken, made in _choices(asked, language, words):
        try:
            return spoken, asked.fitted(made())
        except Exception as error:  # noqa: BLE001 - whatever is wrong with them, others are there
            # Only the error's name: its text could hold the words themselves.
            log.warning("words_failed", kind=asked.alert.kind, language=spoken, error=type(error).__name__)
    return ENGLISH, asked.fitted(_english(asked, language))


def _choices(
    asked: _Asked, language: str, words: Sequence[OwnWords]
) -> Iterator[tuple[str, Callable[[], list[Part]]]]:
    """Words to try, before the relay's English: the group's own, then the relay's that are signed."""
    today, kind = asked.alert.at.date(), asked.alert.kind
    for spoken in dict.fromkeys((language, ENGLISH)):
        slot = (kind, asked.size, spoken)
        for mine in (w for w in words if w.slot == slot and w.in_force(today)):
            yield spoken, partial(_in_own_words, asked, mine)
        if spoken != ENGLISH and asked.standing(spoken) == "signed":
            yield spoken, partial(_parts, asked.shelf, asked.template(spoken), asked.facts)
        elif spoken != ENGLISH and asked.alert.drill and asked.standing(spoken) != "missing":
            yield spoken, partial(_unreviewed, asked, spoken)


def _in_own_words(asked: _Asked, words: OwnWords) -> list[Part]:
    head = _head(asked.shelf, asked.facts)
    fields = own.fields_of(asked.facts, words.kind, words.language, head=head)
    return [part for _, part in own.parts(words.text, words.kind, fields)]


def _unreviewed(asked: _Asked, language: str) -> list[Part]:
    """In an exercise a translation goes out that nobody has signed yet, and says so: so it gets readers."""
    said = Part(MUST, own.always(language)["unreviewed"])
    return [*_parts(asked.shelf, asked.template(language), asked.facts), said]


def _english(asked: _Asked, language: str) -> list[Part]:
    """The relay's own words; where another language was wanted, the link is dropped last of what may be."""
    made = _parts(asked.shelf, asked.template(ENGLISH), asked.facts)
    link = str(asked.facts.get("link", ""))
    if language == ENGLISH or not link:
        return made
    return [replace(p, rank=min(p.rank, _LINK_RANK)) if link in p.text else p for p in made]


def _head(shelf: Library, facts: Mapping[str, Any]) -> str:
    """The status word as the relay says it, DRILL before it in exercises: nobody words that differently."""
    subject = fit(_parts(shelf, f"{ENGLISH}/subject.j2", facts), _MAX_SUBJECT, joined_by=" ")
    return subject.partition(f" {facts['code']}")[0]


def _parts(shelf: Library, template: str, facts: Mapping[str, Any]) -> list[Part]:
    """The template's parts; what it says about the law is in its language where a lawyer signed that."""
    rights = _rights(shelf, template.partition("/")[0], facts) if facts.get("setting") else ""
    return parts_of(shelf.environment.get_template(template).render({**facts, "rights": rights}))


def _rights(shelf: Library, language: str, facts: Mapping[str, Any]) -> str:
    situation = (facts["jurisdiction"], facts["setting"])
    return rights_line(shelf, language, *situation, facts["at"].date(), drill=bool(facts["drill"]))


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
        "desk": _desk(alert, base_url),
        "next_asked": _next_asked(alert, group),
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
        "told_at": _local(body.told_at) if body.told_at else None,
        "told_today": body.told_at is not None and _local(body.told_at).date() == _local(alert.at).date(),
        "next_news": _local(alert.at + NEXT_NEWS) if _promises(alert) else None,
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
        "setting": body.setting or "",
        "jurisdiction": body.jurisdiction or "",
        "who": body.who,
        "seen": body.seen,
        "alike": body.alike,
        "watch_reports": body.watch_reports,
        "watch_since": _local(body.watch_since or body.first_report_at),
        **_team_facts(alert, body, size, trusted=trusted),
        "also_told": clip(", ".join(clean(name, 40) for name in body.also_told), 120) if trusted else "",
    }


def _promises(alert: AlertRaised) -> bool:
    """Whether it is a word to the community on what goes on: the next one comes soon."""
    return alert.audience != "verifiers" and alert.status == "confirmed"


def _next_asked(alert: AlertRaised, group: GroupDefinition) -> datetime | None:
    """When others are asked if nobody has taken it: said in the first word alone."""
    first = alert.kind == "UNCONFIRMED" and isinstance(alert.body, AlertBody) and alert.body.note is None
    return _local(alert.at + timedelta(minutes=group.policy.ladder_after_min)) if first else None


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
    whole = clean(text, MOST_SAID)
    if size != "short" or len(whole) <= _SHORT_STATEMENT:
        return sentence(whole)
    ends = [m.end() for m in _END.finditer(whole) if m.end() <= _SHORT_STATEMENT]
    return whole[: ends[-1]] if ends else sentence(clip(whole, _SHORT_STATEMENT))


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
        if alert.audience == "verifiers":
            data["facts"] = _facts_for_machines(alert.body)
    return data


def _facts_for_machines(body: AlertBody) -> dict[str, Any]:
    """What verifiers read in words."""
    return {
        "report": clean(body.excerpt, EXCERPT),
        "reported_at": (body.since or body.first_report_at).isoformat(),
        "statement": clean(body.statement, MOST_SAID),
        "note": body.note,
        "peers": [peer.model_dump(mode="json") for peer in body.peers],
    }

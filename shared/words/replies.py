"""What a member is answered by chat: one of few answers in their language, never free text of the machine.

Where something would go out, its very words stand in the answer, made by the same `render` as what
is sent then. Guarantees: a question for a yes always ends with how to say it, whatever is cut.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from shared.contracts.alerts import AlertRaised, PostLine, Preview, ReplyBody, ReplyLine
from shared.contracts.groups import GroupDefinition
from shared.contracts.own_words import OwnWords
from shared.words.clean import clean, clip
from shared.words.desk_words import languages
from shared.words.render import MIN_CHARS, render

REPLY_CHARS: Final = 3_000
"""More than any answer takes."""
_BRIEF_PREVIEW: Final = MIN_CHARS
_LONG_PREVIEW: Final = 1_500
_MOST_LINES: Final = 10
_LONDON: Final = ZoneInfo("Europe/London")
_TEXTS: Final = Path(__file__).parent / "replies.toml"
_ELSE: Final = "en"
_WITH_LINES: Final = frozenset({"open", "unknown_code", "which", "joined"})
_WITH_NAMES: Final = frozenset({"going", "there"})
"""Whoever goes is told who else does."""


@cache
def replies() -> Mapping[str, Mapping[str, str]]:
    """Language → answer → its text."""
    read: dict[str, dict[str, str]] = tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
    return read


def reply(
    raised: AlertRaised,
    body: ReplyBody,
    group: GroupDefinition | None,
    *,
    base_url: str,
    words: Sequence[OwnWords] = (),
) -> tuple[str, str]:
    """The text, and its language: the member's, or English. `group` is that of the preview, `words` its own.

    `body` is the alert's, in clear; the alert itself may still be sealed.
    """
    language = body.language if body.language in replies() else _ELSE
    texts = replies()[language]
    parts = [texts[body.answer].format(**_facts(body, language))]
    if body.answer in _WITH_NAMES and body.who:
        parts.append(f"+ {clean(body.who, 200)}")
    if body.answer in _WITH_LINES:
        parts += [_line(line) for line in body.lines[:_MOST_LINES]]
    if body.preview is not None and group is not None:
        about = _previewed(raised, body, body.preview)
        most = _BRIEF_PREVIEW if body.brief else _LONG_PREVIEW
        shown = render(about, group, language=language, max_chars=most, base_url=base_url, words=words)
        parts += ["", shown.text, ""]
        parts.append(texts["answer"].format(**_answers(body, language)))
    return ("DRILL " if raised.drill else "") + "\n".join(parts), language


def _facts(body: ReplyBody, language: str) -> dict[str, str]:
    words = languages()[language]
    return {
        "code": body.code,
        "who": clean(body.who, 40) or "?",
        "until": _clock(body.until),
        "channels": str(body.preview.channels) if body.preview else "0",
        "reason": body.reason,
        "place": clip(clean(body.post.place, 80), 80) if body.post else "?",
        "times": _times(body.post) if body.post else "?",
        "there": f"{words['THERE'][0].upper()} {body.code}",
        "post_no": f"{words['POST'][0].upper()} {body.code} {words['NO'][0].upper()}",
    }


def _clock(moment: datetime | None) -> str:
    return moment.astimezone(_LONDON).strftime("%H:%M") if moment else "?"


def _times(post: PostLine) -> str:
    begins = post.begins.astimezone(_LONDON)
    return f"{begins.day}/{begins.month} {begins:%H:%M}-{_clock(post.ends)}"


def _answers(body: ReplyBody, language: str) -> dict[str, str]:
    """How to say yes and no: in words that the desk understands, with the code."""
    words = languages()[language]
    return {
        "yes": " ".join(part for part in (words["YES"][0].upper(), body.code, body.proof) if part),
        "no": f"{words['NO'][0].upper()} {body.code}",
    }


def _line(line: ReplyLine) -> str:
    who = f": {clean(line.who, 40)} {_clock(line.until)}" if line.who else ""
    return f"{line.code} {clip(clean(line.place, 60), 60)}{who}".strip()


def _previewed(raised: AlertRaised, body: ReplyBody, preview: Preview) -> AlertRaised:
    """The alert that would go out."""
    return AlertRaised(
        id=raised.id,
        at=raised.at,
        alert_id=raised.alert_id,
        group=preview.group,
        group_version=preview.group_version,
        audience=preview.audience,
        kind=preview.kind,
        urgency="normal",
        ask=preview.ask,
        not_after=raised.not_after,
        drill=raised.drill,
        code=body.code,
        status=preview.status,
        body=preview.body,
    )

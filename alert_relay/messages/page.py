"""docs/messages.md: every message as it comes out, made by the very templates from one made-up incident."""

from collections.abc import Iterator
from typing import Any, Final

from alert_relay.messages.samples import GROUP, Sample, at, raised, samples
from services.ingest.web.words import CHECKED_BY, Words
from shared.contracts.alerts import ReplyBody
from shared.contracts.situation import JURISDICTIONS, SETTINGS
from shared.contracts.subscribers import Answer, Follow, FollowedArea
from shared.words import channel_test_text, question, render, reply, spending_told_message
from shared.words.drill_told import drill_told_message
from shared.words.library import RIGHTS, about_law, shipped
from shared.words.questions import questions
from shared.words.replies import replies
from shared.words.sms import sms_length
from shared.words.subscribers import ending, subscriber_answer
from shared.words.subscribers import texts as subscribers_texts

SHORT, LONG = 306, 4000
_URL: Final = "https://ar.example"


def messages_page() -> str:
    """The whole page."""
    return "\n".join(
        [
            _HEAD,
            *(_sample(one) for one in samples()),
            *_to_subscribers(),
            _ANSWERS,
            *_answers(),
            _LAW,
            _law_table(),
            _SIGNED,
            _signed_table(),
            "",
        ]
    )


_HEAD: Final = """# Every message, as it comes out

Generated from the templates by `make docs`, with one made-up incident: a raid in Dalston on a Saturday
evening, code D7K. *Short* is what goes over SMS and other narrow channels: never more than two text messages
of plain letters (four where a place can only be written in others, as in Arabic), and when it must be
shortened, status, time, place, code, group and *observe, don't obstruct* stay; what people saw is cut, not
left out. *Long* is for chats and e-mail. A link to the present state stands only where that page exists:
after a person has confirmed, and not of an exercise.
"""
_ANSWERS: Final = """
# Answers

What one person is told because they wrote. A reporter's receipt names no group.
"""
_LAW: Final = """
# About the law

One line of a confirmation, by where people are and whose law holds there
([how](operating/words.md#where-people-are-and-whose-law-holds-there)). It goes out only while a lawyer's
signature of exactly those words holds; in an exercise an unsigned one goes out too, and says that no lawyer
has reviewed it.
"""
_SIGNED: Final = """
# In which languages

A message to a group goes out in another language than English only while a native reader's signature of
exactly those words holds ([how](operating/words.md)); else it is English and the link. What one person is
answered is in their language all the same: a question in English is none to somebody who does not read it.
"""


def _sample(one: Sample) -> str:
    short, long = (
        render(one.alert, GROUP, language="en", max_chars=most, base_url=_URL).text for most in (SHORT, LONG)
    )
    return f"\n## {one.title}\n\n{_short(short)}\n\n```text\n{long}\n```"


def _to_subscribers() -> Iterator[str]:
    """What whoever may witness gets by text: how to leave stands in it too."""
    for one in samples():
        if one.title in _BY_TEXT:
            text = render(
                one.alert, GROUP, language="en", max_chars=SHORT, base_url=_URL, ending=ending("en")
            ).text
            yield _answer(f"A subscriber, by text: {one.title.partition(': ')[2]}", text)


_BY_TEXT: Final = frozenset(
    f"Community: {what}" for what in ("confirmed", "confirmed, at work", "enough are there", "the end")
)


def _short(text: str) -> str:
    length = sms_length(text)
    letters = "plain letters" if length.plain else "other letters"
    many = "one text message" if length.segments == 1 else f"{length.segments} text messages"
    return f"```text\n{text}\n```\n\n{length.characters} characters, {letters}: {many}."


def _answers() -> Iterator[str]:
    receipt = Words().say("en", "receipt_short", ref="D7K4Q2")
    yield _answer("A reporter: the receipt", receipt)
    for asks, what in (
        ("where", "where is it"),
        ("which", "which of several places"),
        ("what", "what do you see"),
    ):
        yield _answer(f"A reporter is asked: {what}", question(asks, "en"))  # type: ignore[arg-type]
    for answer, what in _TO_SUBSCRIBERS:
        yield _answer(f"A subscriber: {what}", _to_subscriber(answer))
    for reply_, what, facts in _TO_MEMBERS:
        yield _answer(f"A member, by chat: {what}", _to_member(reply_, facts))
    yield _answer("A channel is tested", channel_test_text(GROUP.name, "en"))
    for kind in ("DRILL_BEGUN", "DRILL_ENDED"):
        told = drill_told_message(raised(kind, 0, "verifiers", None), GROUP, "en")
        yield _answer(f"Verifiers: an exercise {'begins' if kind == 'DRILL_BEGUN' else 'is over'}", told.text)
    money = raised("SPENDING", 0, "verifiers", None)
    yield _answer(
        "Verifiers: money for texts",
        spending_told_message(money, GROUP, "en", spent=8_140, cap=10_000).text,
    )


_TO_SUBSCRIBERS: Final[tuple[tuple[Answer, str], ...]] = (
    ("confirm", "somebody asked to join"),
    ("joined", "in, and may be asked to witness"),
    ("facts", "facts only from now on"),
    ("left", "gone"),
    ("help", "how it works"),
)
_TO_MEMBERS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("joined", "the account is theirs", {"who": "Ada"}),
    ("claimed", "MINE", {"until": at(24)}),
    ("claimed_by", "MINE, of another's", {"who": "Ben", "until": at(24)}),
    ("going", "GO", {"who": "Ben"}),
    ("role", "what their role does not allow", {}),
)


def _to_subscriber(answer: Answer) -> str:
    area = FollowedArea(lat=51.547, lon=-0.06, radius_m=1500, label="E8")
    follows = (Follow(group=GROUP.id, area=area, choice="witness"),)
    return subscriber_answer(answer, "en", follows, {GROUP.id: GROUP}, code="482913", form=_URL)


def _to_member(answer: str, facts: dict[str, Any]) -> str:
    body = ReplyBody.model_validate(
        {"bridge": "sms", "address": "", "account": "", "answer": answer, "language": "en", "code": "D7K",
         **facts}
    )  # fmt: skip
    return reply(raised("REPLY", 9, "verifiers", body), body, GROUP, base_url=_URL)[0]


def _answer(title: str, text: str) -> str:
    return f"\n## {title}\n\n{_short(text)}"


def _law_table() -> str:
    rows = (_law_row(j, s) for j in JURISDICTIONS for s in SETTINGS)
    return "| law of | where people are | line | signed by |\n|---|---|---|---|\n" + "\n".join(rows)


def _law_row(jurisdiction: str, setting: str) -> str:
    found = shipped().templates.get(f"en/{RIGHTS}/{jurisdiction}/{setting}.j2")
    line, by = (found.text.strip(), found.head.signed_by) if found else ("none", None)
    return f"| {jurisdiction} | {setting} | {line} | {by or 'nobody yet'} |"


def _signed_table() -> str:
    head = "| language | messages to a group | who answers for them | receipt | questions | answers |\n"
    rows = (_row(language, name) for language, name in Words().named())
    return f"{head}|---|---|---|---|---|---|\n" + "\n".join(rows)


def _row(language: str, name: str) -> str:
    found = [
        f.head
        for path, f in shipped().templates.items()
        if path.startswith(f"{language}/") and not about_law(path)
    ]
    signed = sorted({head.signed_by for head in found if head.signed_by})
    messages = "original" if language == "en" else "by signature" if found else "English and the link"
    by = "the project" if language == "en" else ", ".join(signed) or "nobody yet"
    checked = _checked(language)
    asked, answered = (checked if language in texts else "English" for texts in (questions(), replies()))
    subscribed = answered if language in subscribers_texts() else "English"
    return f"| {name} | {messages} | {by} | {checked} | {asked} | {subscribed} |"


def _checked(language: str) -> str:
    if language == "en":
        return "original"
    return "a machine's" if Words().unchecked(language) else Words().say(language, CHECKED_BY)

"""What members are answered: every answer in every language, with what would go out and how to say yes."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from shared.contracts.alerts import (
    AlertBody,
    AlertRaised,
    DeskAnswer,
    Preview,
    PublicPlace,
    ReplyBody,
    ReplyLine,
)
from shared.contracts.base import Place
from shared.contracts.groups import GroupDefinition
from shared.words import desk_reply, reply
from shared.words.replies import replies

NOW = datetime(2022, 5, 14, 17, 42, tzinfo=UTC)
HACKNEY = GroupDefinition(id="hackney", name="Hackney")
PLACE = Place(lat=51.5, lon=-0.1, radius_m=30, how="street", label="12 Ashwin Street, Dalston")
PREVIEW = Preview(
    group="hackney",
    group_version=1,
    audience="community",
    kind="CONFIRMED",
    ask="WITNESSES",
    status="confirmed",
    body=AlertBody(
        place=PLACE,
        public=PublicPlace(lat=51.5, lon=-0.1, radius_m=200, label="Ashwin Street, Dalston"),
        first_report_at=NOW,
        excerpt="what a neighbour wrote",
        statement="two vans",
    ),
    channels=4,
    groups=1,
)


def body(answer: DeskAnswer, **more: Any) -> ReplyBody:
    given = {"bridge": "tg", "address": "7", "account": "a", "language": "en", "code": "D7K", **more}
    return ReplyBody(answer=answer, **given)


def text_of(told: ReplyBody, *, drill: bool = False) -> str:
    raised = AlertRaised(
        id="x", at=NOW, alert_id="a1", group="hub", group_version=0, audience="reporter", kind="REPLY",
        urgency="urgent", not_after=NOW + timedelta(minutes=10), drill=drill,
    )  # fmt: skip
    return reply(raised, told, HACKNEY, base_url="https://hub.example")[0]


def test_every_language_has_every_answer_with_the_same_facts() -> None:
    expected = {*get_args(DeskAnswer), "answer"}
    for language, texts in replies().items():
        assert set(texts) == expected, language
        for answer, text in texts.items():
            facts = set(re.findall(r"{\w+}", replies()["en"][answer]))
            assert set(re.findall(r"{\w+}", text)) == facts, (language, answer)


@pytest.mark.parametrize("language", sorted(replies()))
@pytest.mark.parametrize("answer", get_args(DeskAnswer))
def test_each_answer_is_filled_in(language: str, answer: DeskAnswer) -> None:
    facts = {"who": "Ada", "until": NOW, "reason": "why", "preview": PREVIEW, "proof": "0421"}
    text = text_of(body(answer, language=language, **facts))
    assert "{" not in text
    assert "None" not in text


@pytest.mark.parametrize("language", sorted(replies()))
def test_the_words_for_yes_and_no_are_ones_that_the_desk_understands(language: str) -> None:
    texts = replies()[language]
    shown = text_of(body("will_send", language=language, preview=PREVIEW, proof="0421"))
    pattern = re.escape(texts["answer"]).replace(r"\{yes\}", "(.+?)").replace(r"\{no\}", "(.+?)")
    found = re.search(pattern, shown)
    assert found is not None
    yes, no = (desk_reply(part) for part in found.groups())
    assert yes is not None
    assert no is not None
    assert (yes.keyword, yes.code, yes.words) == ("YES", "D7K", "0421")
    assert (no.keyword, no.code) == ("NO", "D7K")


@pytest.mark.parametrize("brief", [True, False])
def test_what_would_go_out_is_the_communitys_text_and_nothing_a_reporter_wrote(*, brief: bool) -> None:
    text = text_of(body("will_send", preview=PREVIEW, brief=brief))
    assert re.search(r"CONFIRMED .*D7K", text)
    assert "WITNESSES" in text
    assert "4 channel(s)" in text
    assert "neighbour wrote" not in text
    assert "12 Ashwin" not in text
    assert len(text) < (600 if brief else 2_000)


def test_a_drill_is_named_first_and_in_what_would_go_out() -> None:
    text = text_of(body("will_send", preview=PREVIEW), drill=True)
    assert text.startswith("DRILL ")
    assert "DRILL CONFIRMED" in text


def test_what_is_open_is_listed_with_who_is_on_it_in_local_time() -> None:
    lines = (ReplyLine(code="D7K", place="Ashwin\nStreet", who="@everyone", until=NOW), ReplyLine(code="K2M"))
    assert text_of(body("open", lines=lines)) == "Open:\nD7K Ashwin Street: @ everyone 18:42\nK2M"


def test_whoever_goes_is_told_who_else_does() -> None:
    assert text_of(body("going", who="Ada, Ben")).endswith(" Go in twos.\n+ Ada, Ben")
    assert text_of(body("going")).endswith(" Go in twos.")


def test_a_language_without_answers_gets_english() -> None:
    assert text_of(body("noted", language="xx")) == "D7K: noted for the desk."

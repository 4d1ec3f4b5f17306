"""Every kind of message in every language and size keeps status, time, place, code and group, and fits."""

from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from alert_relay.messages.page import LONG, SHORT, messages_page
from alert_relay.messages.samples import GROUP, samples
from services.console.group.pages import LANGUAGES
from shared.contracts.alerts import AlertBody, AlertKind, AlertRaised
from shared.words import clean, render
from shared.words.library_check import NOT_FOR_GROUPS
from shared.words.sms import is_plain, sms_length, spelled_plainly

SAMPLES = {sample.title: sample.alert for sample in samples()}
WORDS = {"NO_NEWS": "NO NEWS", "NOT_CONFIRMED": "NOT CONFIRMED"}
PLACES = {
    "usual": "Ashwin St/Kingsland Rd E8",
    "the longest in Wales": "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch, LL61 5UJ",
    "accents": "Łódź Café, Çamlıca Sokağı 4ª, E8",
    "of another script": "شارع كينغزلاند",
    "far too long": "W" * 400,
    "no letters": "\u202e\u0301\u0301",
}


def at(alert: AlertRaised, label: str) -> AlertRaised:
    """The same alert at a place of that name."""
    body = alert.body
    if not isinstance(body, AlertBody):
        return alert
    places: dict[str, Any] = {
        "place": body.place.model_copy(update={"label": label}),
        "public": body.public.model_copy(update={"label": label}),
    }
    return alert.model_copy(update={"body": body.model_copy(update=places)})


def said(alert: AlertRaised, language: str, most: int) -> str:
    return render(alert, GROUP, language=language, max_chars=most, base_url="https://ar.example").text


def shown(label: str, most: int) -> str:
    named = spelled_plainly(clean(label, 50)) if most == SHORT else clean(label, 120)
    return named or "place not known"


def test_no_kind_of_message_is_without_its_sample() -> None:
    assert {alert.kind for alert in SAMPLES.values()} == {*get_args(AlertKind)} - NOT_FOR_GROUPS


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("drill", [False, True], ids=["real", "drill"])
@pytest.mark.parametrize("most", [SHORT, LONG], ids=["short", "long"])
def test_what_must_stand_there_stands_there_and_it_fits(language: str, most: int, *, drill: bool) -> None:
    """In an exercise unsigned translations go out too, so that each that ships is looked at here."""
    for title, sample in SAMPLES.items():
        for label in PLACES.values():
            alert = at(sample, label).model_copy(update={"drill": drill})
            text = said(alert, language, most)
            status = WORDS.get(alert.kind, alert.kind)
            assert text.startswith(f"DRILL {status}" if drill else status), title
            local = alert.at.astimezone(ZoneInfo("Europe/London"))
            assert f"{local:%H:%M}" in text, title
            assert f" {local.day}" in text, title
            assert GROUP.name in text, title
            assert not alert.code or alert.code in text, title
            if isinstance(alert.body, AlertBody):
                assert shown(label, most) in text, title
            assert len(text) <= most, title
            if most == SHORT and is_plain(text):
                assert sms_length(text).segments <= 2, title
            assert is_plain(text) or label == PLACES["of another script"] or most == LONG, title


def test_the_page_shows_every_sample() -> None:
    page = messages_page()
    assert [title for title in SAMPLES if f"\n## {title}\n" not in page] == []

"""Every kind of message in every language and size keeps status, time, place, code and group, and fits."""

from itertools import product
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from alert_relay.messages.page import LONG, SHORT, messages_page
from alert_relay.messages.samples import GROUP, samples
from services.console.group.pages import LANGUAGES
from shared.contracts.alerts import AlertBody, AlertKind, AlertRaised
from shared.contracts.situation import JURISDICTIONS, SETTINGS
from shared.words import clean, render
from shared.words.library_check import NOT_FOR_GROUPS
from shared.words.sms import is_plain, sms_length, spelled_plainly
from shared.words.subscribers import ending

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
PLAIN_PLACES = [label for name, label in PLACES.items() if name != "of another script"]


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
            if most == SHORT:
                assert sms_length(text).segments <= (2 if is_plain(text) else 4), title
            assert is_plain(text) or label == PLACES["of another script"] or most == LONG, title


@pytest.mark.parametrize("setting", [None, *SETTINGS])
@pytest.mark.parametrize("jurisdiction", [None, *JURISDICTIONS])
@pytest.mark.parametrize("drill", [False, True], ids=["real", "drill"])
def test_it_fits_wherever_people_are_and_whosever_law_holds(
    setting: str | None, jurisdiction: str | None, *, drill: bool
) -> None:
    """Of what may be asked of people: the ask in its words, and everything that must stand there."""
    where = {"setting": setting, "jurisdiction": jurisdiction}
    for sample, ask in product(_ASKING, ("WITNESSES", "ENOUGH", "LEAVE", "NONE")):
        for label in (PLACES["usual"], PLACES["the longest in Wales"]):
            alert = at(sample, label)
            body = alert.body.model_copy(update=where) if alert.body else None
            alert = alert.model_copy(update={"body": body, "ask": ask, "drill": drill})
            for most, language in product((SHORT, LONG), ("en", "pl", "ar")):
                text = said(alert, language, most)
                head = f"{'DRILL ' if drill else ''}{alert.kind}"
                time = "18:51" if alert.kind == "CONFIRMED" else "19:13"
                place = shown(label, most)
                kept = (head, time, " 14", GROUP.name, "D7K", place, "Observe, don't obstruct.")
                assert [word for word in kept if word not in text] == []
                assert len(text) <= most
                assert most == LONG or sms_length(text).segments <= 2
                assert ask == "NONE" or ask in text


_ASKING = (SAMPLES["Community: confirmed"], SAMPLES["Community: enough are there"])


def test_the_page_names_every_kind() -> None:
    """Those too that are no message to a group."""
    page = messages_page()
    titles = (
        "A reporter is asked: where is it",
        "A member, by chat: MINE",
        "A channel is tested",
        "Verifiers: an exercise begins",
        "Verifiers: an exercise is over",
        "Verifiers: money for texts",
    )
    by_text = [part for part in page.split("\n## ") if part.startswith("A subscriber, by text")]
    assert all("STOP to leave.\n```" in part for part in by_text), "as a subscriber gets it"
    assert len(by_text) > 2
    assert [title for title in titles if f"\n## {title}\n" not in page] == []
    assert len(titles) == len(NOT_FOR_GROUPS)


def test_the_page_shows_every_sample() -> None:
    page = messages_page()
    assert [title for title in SAMPLES if f"\n## {title}\n" not in page] == []


_WITNESS = (SAMPLES["Community: confirmed"], SAMPLES["Community: enough are there"])
NEWS = "About 60 people are here and two vans have left with three people"


@pytest.mark.parametrize("setting", [None, *SETTINGS])
@pytest.mark.parametrize(
    ("url", "languages"),
    [
        ("https://ar.example", ("en", "ar", "pl")),
        ("https://alerts.a-long-name-of-a-network.example.org", ("en",)),
    ],
)
def test_who_may_be_asked_to_come_is_told_what_was_seen(
    setting: str | None, url: str, languages: tuple[str, ...]
) -> None:
    """The news is shortened in the worst case, and never dropped for the ask, its long form or the link."""
    for sample, ask, label in product(_WITNESS, ("WITNESSES", "ENOUGH", "LEAVE"), PLAIN_PLACES):
        alert = at(sample, label)
        body = alert.body.model_copy(update={"statement": NEWS, "setting": setting})  # type: ignore[union-attr]
        alert = alert.model_copy(update={"body": body, "ask": ask})
        for language in languages:
            text = render(
                alert, GROUP, language=language, max_chars=SHORT, base_url=url, ending=ending(language)
            ).text
            assert "About 60 people are here and" in text
            assert ask in text
            assert text.endswith("KONIEC konczy te wiadomosci." if language == "pl" else "STOP to leave.")
            assert sms_length(text).segments <= 2


def test_a_subscriber_who_may_witness_gets_the_fact_the_ask_the_link_and_how_to_leave() -> None:
    text = render(
        SAMPLES["Community: confirmed"],
        GROUP,
        language="en",
        max_chars=SHORT,
        base_url="https://ar.example",
        ending=ending("en"),
    ).text
    facts = ("Our volunteer sees them. 1 person held.", "WITNESSES useful", "Keep back", "/i/D7K", "STOP")
    assert [fact for fact in facts if fact not in text] == []

"""Whoever joins late gets one message that tells the state."""

from typing import Any

from alert_relay.messages.samples import GROUP, samples
from shared.contracts.alerts import AlertRaised
from shared.words import render
from shared.words.state_now import state_now

SAMPLES = {sample.title: sample.alert for sample in samples()}
CONFIRMED = SAMPLES["Community: confirmed"]
ENOUGH = SAMPLES["Community: enough are there"]
STILL = SAMPLES["Community: it goes on"]
MOVED = SAMPLES["Community: another place"]


def said(latest: AlertRaised, *before: AlertRaised) -> str:
    now: Any = state_now(latest, before)
    return render(now, GROUP, language="en", max_chars=306, base_url="https://ar.example").text


def test_an_update_is_told_as_what_is_confirmed_with_its_news() -> None:
    text = said(ENOUGH, CONFIRMED)
    assert text.startswith(
        "CONFIRMED Sat 14/5 19:13 Hackney Anti Raids D7K: immigration officers, Ashwin St, E8."
    )
    assert "About 60 people are here. ENOUGH" in text


def test_where_the_latest_says_nothing_of_its_own_it_says_what_was_seen_last_and_when() -> None:
    assert "19:13: About 60 people are here." in said(STILL, ENOUGH, CONFIRMED)
    assert "18:51: Our volunteer sees them. 1 person held." in said(STILL, STILL, CONFIRMED)


def test_what_only_those_who_were_told_before_know_is_not_said() -> None:
    text = said(MOVED, ENOUGH, CONFIRMED)
    assert "Dalston Lane" not in text
    assert "60 people" not in text, "that was seen at the place before"
    assert "60 people" not in said(STILL, MOVED, ENOUGH)


def test_after_officers_have_left_it_stays_an_update() -> None:
    assert said(SAMPLES["Community: aftercare"], CONFIRMED).startswith("UPDATE ")

"""How long a word to the community holds: each promises the next, and an hour overdue it lapses."""

from datetime import timedelta
from typing import Any

import pytest

from services.console.decide.public import OVERDUE, as_of, public_codes, public_entries
from shared.promises import NEXT_NEWS
from tests.rigs.console import BLURRED, START

LAPSES = NEXT_NEWS + OVERDUE


def alert(**change: Any) -> dict[str, Any]:
    return {
        "alert_id": "a1", "seq": 1, "feed_at": "x", "audience": "community", "kind": "CONFIRMED",
        "status": "confirmed", "incident_id": "i1", "group": "hackney", "code": "D7K", "ask": "WITNESSES",
        "at": START.isoformat(), "first_report_at": START.isoformat(), "public": BLURRED.model_dump(),
        **change,
    }  # fmt: skip


def entry_at(minutes: float, *alerts: dict[str, Any]) -> Any:
    now = START + timedelta(minutes=minutes)
    (entry,) = public_entries(alerts or [alert()], {"i1": {"status": "confirmed"}}, {}, now=now)
    return entry


@pytest.mark.parametrize(
    ("minutes", "word", "ask"),
    [
        (0, "confirmed", "WITNESSES"),
        (29, "confirmed", "WITNESSES"),  # the next word is not due yet
        (31, "confirmed", "WITNESSES"),  # late, which a group may be
        (89.9, "confirmed", "WITNESSES"),
        (90, "no_longer_confirmed", "NONE"),  # an hour late: nothing is held to be true, nobody is called
        (600, "no_longer_confirmed", "NONE"),  # nor does it come back by itself, or count as over
    ],
)
def test_a_confirmed_incident_lapses_an_hour_after_a_missed_word(minutes: float, word: str, ask: str) -> None:
    entry = entry_at(minutes)
    assert (entry.word, entry.ask, entry.ended) == (word, ask, False)
    assert entry.at == START
    lapsed = word == "no_longer_confirmed"
    assert entry.next_news == (None if lapsed else START + NEXT_NEWS)
    assert entry.moved == (START + LAPSES if lapsed else START)


def test_each_word_renews_the_promise() -> None:
    update = alert(
        alert_id="a2", seq=2, kind="UPDATE", ask="NONE", at=(START + timedelta(minutes=80)).isoformat()
    )
    entry = entry_at(100, alert(), update)
    assert (entry.word, entry.next_news) == ("confirmed", START + timedelta(minutes=110))


@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [
        ("OVER", "officers_left", "officers_left"),
        ("CLOSED", "closed", "closed"),
        ("WRONG", "retracted", "retracted"),
        ("NO_NEWS", "no_news", "no_news"),
    ],
)
def test_what_has_ended_promises_nothing_and_does_not_lapse(kind: str, status: str, word: str) -> None:
    entry = entry_at(100, alert(kind=kind, status=status))
    assert (entry.word, entry.next_news, entry.ended) == (word, None, True)


def test_time_alone_takes_away_but_never_adds() -> None:
    entries = [entry_at(0), entry_at(0, alert(kind="OVER", status="officers_left"))]
    words = {
        minutes: sorted(e.word for e in as_of(entries, START + timedelta(minutes=minutes)))
        for minutes in (0, 90, 120)
    }
    assert words == {
        0: ["confirmed", "officers_left"],
        90: ["no_longer_confirmed", "officers_left"],
        120: ["no_longer_confirmed"],
    }


def test_asked_again_nothing_changes() -> None:
    lapsed = as_of([entry_at(0)], START + LAPSES)
    assert as_of(lapsed, START + LAPSES + timedelta(hours=3)) == lapsed


def test_codes_are_those_of_what_is_public_and_of_what_it_took_in() -> None:
    incidents = [{"id": "i1", "code": "D7K", "sources": ["i1", "i2", "i3"]}]
    absorbed: list[dict[str, Any]] = [
        {"id": "i1", "code": "D7K"},
        {"id": "i2", "code": "P4M", "merged_into": "i1"},
        {"id": "i3", "code": "Q2Q", "merged_into": None},  # taken out again
    ]
    assert public_codes([entry_at(0)], incidents, absorbed) == {"D7K": "D7K", "P4M": "D7K"}
    assert public_codes([], incidents, absorbed) == {}

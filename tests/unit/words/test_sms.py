"""What a text costs as SMS, and how short messages stay within two segments of GSM's alphabet."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.base import Place
from shared.contracts.groups import GroupDefinition
from shared.words.fit import Part, fit_sms
from shared.words.sms import is_plain, sms_length, sms_places, spelled_plainly
from tests.unit.words.test_render import INCIDENT_KINDS, alert, body, words


@pytest.mark.parametrize(
    ("text", "segments", "plain"),
    [
        ("", 1, True),
        ("a" * 306, 2, True),
        ("a" * 152 + "€" + "a" * 152, 3, True),  # nobody divides an escape: a place stays empty
        ("a" * 151 + "€" + "a" * 153, 2, True),
        ("ç", 1, False),  # the alphabet has the capital alone
        ("Ç", 1, True),
        ("a" * 66 + "🚐" + "a" * 67, 3, False),
    ],
)
def test_segments_as_they_are_sent(text: str, segments: int, *, plain: bool) -> None:
    found = sms_length(text)
    assert (found.segments, found.plain) == (segments, plain)


@pytest.mark.parametrize(
    ("said", "spelled"),
    [
        ("Café É Ñ ü", "Café É Ñ ü"),  # the alphabet has these
        ("Trawsfynydd ŵ ŷ â", "Trawsfynydd w y a"),
        ("Łódź, straße, façade", "Lodz, straße, facade"),
        ("\u2018so\u2019 \u201csaid\u201d \u2013 \u2026", "'so' \"said\" - ..."),
        ("two vans 🚐🚐 here", "two vans here"),
        ("İstanbul ılık", "Istanbul ilik"),
        ("مرحبا now", "مرحبا now"),  # no letter near them
        ("نعم 🚐", "نعم"),
        ("t\u0301\u0301own", "town"),
        ("दुकान", "दुकान"),  # its marks are part of it
    ],
)
def test_letters_are_spelled_plainly_where_something_is_near(said: str, spelled: str) -> None:
    assert spelled_plainly(said) == spelled


@given(st.text(max_size=400))
def test_plain_spelling_costs_no_second_look_and_is_never_dearer_for_latin(said: str) -> None:
    once = spelled_plainly(said)
    assert spelled_plainly(once) == once
    assert sms_places(said) >= len(said)


@pytest.mark.parametrize("kind", INCIDENT_KINDS)
def test_a_welsh_street_and_an_emoji_leave_two_segments(kind: str) -> None:
    full = body(
        place=Place(lat=51.5, lon=0, radius_m=60, how="street", label="Heol y Dŵr \u2013 Tŷ’r Ysgol"),
        excerpt="two vans 🚐 they \u201ctook\u201d one",
        statement="Seen: 2 vans. Łukasz’s shop is shut. More soon.",
    )
    raised = alert(kind, "verifiers", body=full, ask="WITNESSES", drill=True)
    text = words(raised, 306, GroupDefinition(id="g", name="Caerdydd Ŵ[1]")).text
    found = sms_length(text)
    assert (found.plain, found.segments <= 2) == (True, True), text
    for must in ("DRILL", "Sat 14/5 18:42", "D7K", "Heol y Dwr", "Observe, don't obstruct."):
        assert must in text, text


def test_a_quotation_in_another_script_is_dropped_rather_than_doubling_the_price() -> None:
    text = words(alert("UNCONFIRMED", "verifiers", body=body(excerpt="شرطة الهجرة هنا")), 306).text
    assert "They wrote" not in text
    assert sms_length(text).plain
    long = words(alert("UNCONFIRMED", "verifiers", body=body(excerpt="شرطة الهجرة هنا")), 4000).text
    assert "شرطة الهجرة هنا" in long


@pytest.mark.parametrize("letter", ["€", "ש", "漢", "𠀀", "{"])
@pytest.mark.parametrize("kind", INCIDENT_KINDS)
def test_what_may_not_be_dropped_stays_whatever_it_costs(kind: str, letter: str) -> None:
    much = letter * 200
    place = Place(lat=51.5, lon=0, radius_m=20_000, how="area", label=much)
    raised = alert(kind, "verifiers", body=body(place=place, excerpt=much, statement=much), drill=True)
    text = words(raised, 306, GroupDefinition(id="g", name=letter * 80)).text
    assert len(text) <= 306
    assert letter * 10 in text
    for must in ("DRILL", "Sat 14/5 18:42", "D7K", "Observe, don't obstruct."):
        assert must in text, text


def test_parts_go_by_their_rank_until_the_places_suffice() -> None:
    parts = [Part(0, "must €"), Part(9, "b" * 150), Part(3, "c" * 150), Part(1, "d" * 20)]
    assert fit_sms(parts, 306) == f"must € {'c' * 150} {'d' * 20}"
    assert fit_sms([replace(parts[0], text="€" * 200), *parts[1:]], 306).startswith("€" * 200)
    assert is_plain(fit_sms(parts, 160))

"""The front door's pure parts, as tables."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.decide.buckets import Buckets
from services.ingest.decide.languages import choose_language
from services.ingest.decide.tidy import tidy, tidy_json
from services.ingest.web.typed import Typed
from shared.contacts import Reach


@pytest.mark.parametrize(
    ("given_text", "tidied"),
    [
        ("van in Mare St", "van in Mare St"),
        ("a\x00b", "ab"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("  a\n\n\n\n\nb  ", "a\n\nb"),
        ("\x1b[31mred", "[31mred"),
        ("safe\u202eevas", "safeevas"),
        ("half \ud83d", "half ?"),
        ("👮🏽\u200d♀️ 🚐", "👮🏽\u200d♀️ 🚐"),
        ("مداهمة", "مداهمة"),
    ],
)
def test_tidy(given_text: str, tidied: str) -> None:
    assert tidy(given_text) == tidied


@given(st.text(st.characters(exclude_categories=())))
def test_tidied_text_is_storable_and_stays_tidy(text: str) -> None:
    once = tidy(text)
    assert once.encode().decode() == once
    assert tidy(once) == once
    assert "\x00" not in once


def test_tidy_json_reaches_every_text() -> None:
    assert tidy_json({"a\x00": ["b\x00", {"c": "d\x00"}, 1, None]}) == {"a": ["b", {"c": "d"}, 1, None]}


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    buckets = Buckets(rate=2.0, burst=3)
    assert [buckets.take("a", 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert math.isclose(buckets.take("a", 0.0), 0.5)
    assert buckets.take("b", 0.0) == 0.0
    assert buckets.take("a", 0.5) == 0.0
    assert buckets.take("a", 0.5) > 0.0


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    buckets = Buckets(rate=100.0, burst=2)
    buckets.take("a", 0.0)
    assert [bool(buckets.take("a", 1e6)) for _ in range(3)] == [False, False, True]


def test_buckets_forget_the_longest_unseen() -> None:
    buckets = Buckets(rate=0.001, burst=1, max_clients=2)
    for client in "abc":
        buckets.take(client, 0.0)
    assert buckets.take("c", 0.0) > 0.0
    assert buckets.take("a", 0.0) == 0.0


@pytest.mark.parametrize(
    ("chosen", "accept", "language"),
    [
        (None, "", "en"),
        (None, "ar-EG,ar;q=0.9,en;q=0.8", "ar"),
        (None, "de, es;q=0.5, en;q=0.7", "en"),
        (None, "tlh, es;q=nonsense, ar;q=0.1", "ar"),
        ("es", "ar", "es"),
        ("ES-mx", "ar", "es"),
        ("../../etc", "ar", "ar"),
    ],
)
def test_language(chosen: str | None, accept: str, language: str) -> None:
    assert choose_language(chosen, accept, ("en", "ar", "es")) == language


REACH = Reach(email=True, countries=("GB",))


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"what": "van"}, {}),
        ({"where": "E8"}, {}),
        ({"lat": "51.5", "lon": "-0.1"}, {}),
        ({}, {"what": "error_nothing"}),
        ({"what": "\x00 \n"}, {"what": "error_nothing"}),
        ({"lat": "200", "lon": "0"}, {"what": "error_nothing"}),
        ({"what": "x" * 4001}, {"what": "error_long_text"}),
        ({"what": "van", "where": "x" * 201}, {"where": "error_long_line"}),
        ({"what": "van", "write_back": "yes"}, {"contact": "error_contact"}),
        ({"what": "van", "write_back": "yes", "contact": "nonsense"}, {"contact": "error_contact"}),
        ({"what": "van", "write_back": "yes", "contact": "07400 123456"}, {}),
        ({"what": "van", "write_back": "yes", "contact": "a@b.example"}, {}),
        ({"what": "van", "write_back": "no", "contact": "nonsense"}, {}),
        ({"what": "van", "website": "http://spam"}, {"website": "error_trap"}),
    ],
)
def test_what_is_wrong_with_a_form(fields: dict[str, str], wrong: dict[str, str]) -> None:
    assert Typed.of(fields).errors(REACH) == wrong


@pytest.mark.parametrize(
    ("reach", "wrong"),
    [
        (Reach(), {}),
        (Reach(email=True), {"contact": "error_contact_email"}),
        (Reach(countries=("GB",)), {"contact": "error_contact_phone"}),
    ],
)
def test_only_what_is_asked_for_can_be_wrong(reach: Reach, wrong: dict[str, str]) -> None:
    typed = Typed.of({"what": "van", "write_back": "yes", "contact": "nonsense"})
    assert typed.errors(reach) == wrong
    assert typed.report(source_id="n", language="en", reach=reach).contact is None


def test_a_contact_counts_only_where_writing_back_was_allowed() -> None:
    fields = {"what": "van", "where": "E8", "contact": "07400 123456", "there": "told"}
    no = Typed.of({**fields, "write_back": "no"}).report(source_id="n", language="en", reach=REACH)
    yes = Typed.of({**fields, "write_back": "yes"}).report(source_id="n", language="en", reach=REACH)
    assert (no.contact, yes.contact) == (None, "+447400123456")
    assert (no.text, no.first_hand, no.language) == ("van\nE8", False, "en")

"""The keys of names: how gazetteer and messages meet, and under what else a place is found."""

import pytest

from shared.gazetteer.aliases import keys_of
from shared.gazetteer.keys import fingerprint, name_key, shorter


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Queen's Rd", "queens road"),
        ("St. Thomas St", "saint thomas street"),
        ("King’s Cross Stn", "kings cross station"),
        ("kings x", "kings cross"),
        ("Straße-Gdns", "strasse gardens"),
        ("Elephant & Castle", "elephant and castle"),
        ("Kingsland Shopping Center", "kingsland shopping centre"),
        ("  ", ""),
        ("...", ""),
    ],
)
def test_names_meet_in_one_form(written: str, key: str) -> None:
    assert name_key(written) == key


@pytest.mark.parametrize(
    ("name", "also"),
    [
        ("Ashwin Street", set()),
        ("Elephant & Castle", {"elephant castle"}),
        ("Bow and Bromley", {"bow bromley"}),
        ("Newport / Casnewydd", {"newport", "casnewydd"}),
        ("Camden Road (North)", {"camden road"}),
        ("The High Road (South)", {"high road south"}),
        ("The Broadway Market", {"broadway market"}),
        ("Opp Hackney Library", {"hackney library"}),
        ("Saint Mark (Church)", {"saint mark"}),
    ],
)
def test_a_name_is_found_by_its_parts_but_never_by_a_word_that_names_nothing(
    name: str, also: set[str]
) -> None:
    own, *others = keys_of(name)
    assert own == name_key(name)
    assert set(others) == also


@pytest.mark.parametrize(
    "said",
    [
        "Dalston Kingsland Station",
        "dalston kingsland stn",
        "Dalston Kingsland tube",
        "dalston kingsland overground",
        "dalston kingsland train station",
        "Dalston Kingsland Underground Station",
    ],
)
@pytest.mark.parametrize(
    ("name", "station"),
    [
        ("Dalston Kingsland", True),
        ("Dalston Kingsland Station", False),
        ("Dalston Kingsland Railway Station", True),
    ],
)
def test_a_station_is_found_however_people_travel(said: str, name: str, *, station: bool) -> None:
    assert name_key(said) in keys_of(name, station=station)


@pytest.mark.parametrize(
    "name", ["Stoke Newington Police Station", "Hackney Fire Station", "Bow Bus Station"]
)
def test_no_trains_call_at_other_stations(name: str) -> None:
    assert not any("tube" in key for key in keys_of(name))


@pytest.mark.parametrize(
    ("key", "without"),
    [
        ("ashwin street", ["ashwin"]),
        ("peckham police station", ["peckham police", "peckham"]),
        ("hackney town hall", ["hackney"]),
        ("church road", []),
        ("the high street", []),
        ("street", []),
        ("dalston", []),
        ("", []),
    ],
)
def test_what_people_leave_out(key: str, without: list[str]) -> None:
    assert list(shorter(key)) == without


def test_the_rules_have_a_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint()
    assert before == fingerprint()
    monkeypatch.setitem(__import__("shared.gazetteer.keys", fromlist=["_SHORT"])._SHORT, "rd", "rode")
    assert fingerprint() != before

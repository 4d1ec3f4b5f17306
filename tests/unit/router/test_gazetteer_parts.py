"""The parts of the gazetteer that hold by themselves: filter, marks, kept answers, cells, discs."""

import sqlite3
import string
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.gazetteer.discs import discs
from shared.gazetteer.filter import WordFilter, filter_bits
from shared.gazetteer.grid import RUNS_SQL, block, rings
from shared.gazetteer.kept import Kept
from shared.gazetteer.marks import asked, heard, marks, sound
from shared.geo import distance_m

words = st.text(alphabet=string.ascii_lowercase, min_size=5, max_size=20)


@given(st.sets(st.text(), max_size=300))
def test_a_filter_never_forgets_a_word(put_in: set[str]) -> None:
    found = WordFilter(filter_bits(put_in, len(put_in)))
    assert all(word in found for word in put_in)


def test_a_filter_lets_few_strangers_in() -> None:
    found = WordFilter(filter_bits((f"{n} road" for n in range(3_000)), 3_000))
    assert sum(f"street {n}" in found for n in range(10_000)) < 500


@given(
    word=words, at=st.integers(1, 18), letter=st.sampled_from(string.ascii_lowercase), slip=st.integers(0, 3)
)
def test_a_word_and_its_slip_share_a_mark(word: str, at: int, letter: str, slip: int) -> None:
    at %= len(word)
    slipped = (
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :],
    )[slip]
    assert asked(slipped, 1) & set(marks(word))


@given(st.text())
def test_any_word_has_marks_or_none(word: str) -> None:
    assert asked(word, 1) <= asked(word, 2) or not asked(word, 2)
    assert all(0 <= mark < 1 << 32 for mark in (*marks(word), heard(word)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mare", "mayor"),
        ("road", "rode"),
        ("knight", "nite"),
        ("wright", "rite"),
        ("philip", "fillip"),
        ("dalston", "dolston"),
        ("kingsland", "kingslend"),
        ("peckham", "pekkem"),
    ],
)
def test_words_that_sound_alike(one: str, other: str) -> None:
    assert sound(one) == sound(other)


def test_kept_answers_are_bounded_by_what_they_hold() -> None:
    asked_for: list[str] = []

    def ask(key: str) -> tuple[int, ...]:
        asked_for.append(key)
        return tuple(range(len(key)))

    kept = Kept(ask, most=10)
    for key in ("aaaa", "bbb", "aaaa", "c" * 50, "aaaa", "aaaa"):
        assert len(kept(key)) == len(key)
    assert asked_for == ["aaaa", "bbb", "c" * 50, "aaaa"]


@given(
    lat=st.floats(-89, 89),
    lon=st.floats(-179, 179),
    east=st.floats(-300, 300),
    north=st.floats(-300, 300),
)
def test_a_disc_meets_the_cells_of_all_its_points(lat: float, lon: float, east: float, north: float) -> None:
    there = lat + north / 111_195, lon + east / 111_195
    reach = distance_m(lat, lon, *there) + 1
    ((cell, _), *_) = rows_of_cells(*there, 0.001)
    assert any(first <= cell <= last for first, last in rows_of_cells(lat, lon, reach))


def rows_of_cells(lat: float, lon: float, reach: float) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(":memory:")) as db:
        asked = f"WITH RECURSIVE {RUNS_SQL} SELECT first, last FROM run"  # noqa: S608 - no data in it
        return db.execute(asked, block(lat, lon, reach)).fetchall()


def test_rings_grow_to_the_reach_asked_for() -> None:
    assert list(rings(100)) == [100]
    assert list(rings(1_000)) == [300, 1_000]
    assert list(rings(2_000)) == [300, 750, 2_000]


def test_discs_of_districts_and_sectors() -> None:
    codes = [("E1 1AA", 51.0, 0.0), ("E1 1AB", 51.02, 0.0), ("E1 2AA", 51.0, 0.0), ("E10 1AA", 52.0, 0.0)]
    found = dict(discs(codes))
    assert list(found) == ["E1", "E1 1", "E1 2", "E10", "E10 1"]
    assert found["E1 1"].lat == pytest.approx(51.01)
    assert found["E1 1"].radius_m == pytest.approx(1_112, abs=5)
    assert found["E1 2"].radius_m == 250
    assert found["E10"].radius_m == 900

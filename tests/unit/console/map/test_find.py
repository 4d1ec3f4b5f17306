"""A place is found as people type it, those of one's own area first; hostile words break nothing."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.decide.map.areas import GroupArea, shape_of
from services.console.decide.map.find import MOST, From, find, unknown_code
from shared.gazetteer.load import gazetteer_of, load_gazetteer
from shared.gazetteer.port import NamedPlace
from shared.gazetteer.rows import Rows

KNOWN: Final = load_gazetteer()
HERE: Final = From(51.5467, -0.0753)


@pytest.mark.parametrize(
    ("typed", "name", "around"),
    [
        ("Ashwin Street", "Ashwin Street", "Dalston, Hackney, E8"),
        ("ashwin st", "Ashwin Street", "Dalston, Hackney, E8"),
        ("ASHWIN", "Ashwin Street", "Dalston, Hackney, E8"),
        ("ashwn street", "Ashwin Street", "Dalston, Hackney, E8"),
        ("Ashwin Street, Dalston", "Ashwin Street", "Dalston, Hackney, E8"),
        ("Ashwin Street E8 3DL", "Ashwin Street", "Dalston, Hackney, E8"),
        ("kingsland road e2", "Kingsland Road", "Haggerston, Hackney, E2"),
        ("Kingsland Rd Haggerston", "Kingsland Road", "Haggerston, Hackney, E2"),
        ("e8", "E8", "E8"),
        ("Dalston Junction", "Dalston Junction", "Dalston, Hackney, E8"),
    ],
)
def test_places_are_found_as_people_type_them(typed: str, name: str, around: str) -> None:
    found = find(KNOWN, typed, HERE)
    assert found, typed
    assert (found[0].name, found[0].around) == (name, around)


def test_a_road_in_several_parts_is_offered_in_parts_the_nearest_first() -> None:
    found = find(KNOWN, "Kingsland Road", HERE)
    assert len(found) == 3
    assert [f.metres for f in found] == sorted(f.metres or 0 for f in found)


def test_the_groups_own_area_comes_first_and_only_a_few_are_offered() -> None:
    many = [NamedPlace("Church Road", "street", 51.3 + n / 100, -0.1, 100) for n in range(40)]
    far = shape_of(((((-0.2, 51.6), (0.0, 51.6), (0.0, 51.65), (-0.2, 51.65), (-0.2, 51.6)),),))
    found = find(gazetteer_of(Rows(names=many)), "church road", From(51.3, -0.1, (GroupArea("g", "G", far),)))
    assert len(found) == MOST
    inside = [f.inside for f in found]
    assert inside == sorted(inside, reverse=True)
    assert inside[0]
    assert found[0].lat >= 51.6


def test_a_groups_district_counts_as_its_area() -> None:
    found = find(KNOWN, "ashwin street", From(None, None, (GroupArea("g", "G", outcodes=frozenset({"E8"})),)))
    assert (found[0].inside, found[0].metres) == (True, None)


def test_a_full_postcode_is_found_and_an_unknown_one_as_far_as_it_is_known() -> None:
    rows = Rows(
        postcodes={"ZZ1 1AA": (51.5, -0.1), "ZZ1 1AB": (51.501, -0.1)}, outcodes={"ZZ1": (51.5, -0.1)}
    )
    known = gazetteer_of(rows)
    names = [find(known, typed, HERE)[0].name for typed in ("zz11aa", "ZZ1 1AA", "ZZ1 1ZZ", "zz1 9aa", "ZZ1")]
    assert names == ["ZZ1 1AA", "ZZ1 1AA", "ZZ1 1", "ZZ1", "ZZ1"]


@pytest.mark.parametrize(
    ("typed", "unknown"),
    [
        ("zz11aa", None),
        ("ZZ1 1ZZ", "ZZ1 1ZZ"),
        ("zz1 9", "ZZ1 9"),
        ("ZZ1 1", None),
        ("ZZ1", None),
        ("zz9", "ZZ9"),
        ("flat 3, ZZ1 1ZZ", "ZZ1 1ZZ"),
        ("gr8 to see you", None),
        ("high street", None),
        ("", None),
    ],
)
def test_a_postcode_that_is_not_in_the_list_is_named(typed: str, unknown: str | None) -> None:
    rows = Rows(postcodes={"ZZ1 1AA": (51.5, -0.1)}, outcodes={"ZZ1": (51.5, -0.1)})
    assert unknown_code(gazetteer_of(rows), typed) == unknown


def test_one_of_thousands_is_found_at_once() -> None:
    many = [NamedPlace("Church Road", "street", 50 + n / 1_000, -0.1, 100) for n in range(4_000)]
    assert len(find(gazetteer_of(Rows(names=many)), "church road", HERE)) == MOST


@pytest.mark.parametrize(
    "typed", ["", "   ", "nonsense blah", "'; DROP TABLE place", "\ud800", "%", "_", "x" * 9_999]
)
def test_what_is_no_place_finds_nothing(typed: str) -> None:
    assert find(KNOWN, typed, HERE) == ()


@given(st.text(max_size=120))
def test_no_words_raise(typed: str) -> None:
    assert len(find(KNOWN, typed, HERE)) <= MOST

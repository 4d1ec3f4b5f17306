"""A list of subscribers as CSV: what goes out comes in again, nothing reckons, each mistake has its place."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.decide.list_file import (
    COLUMNS,
    Known,
    Wrong,
    harmless,
    lines_of,
    plain,
    rows,
)
from shared.contacts import EmailAddress, Reach, contact_of
from shared.contracts.base import GroupId
from shared.contracts.subscribers import Consent, Follow, FollowedArea, Imported, Subscriber

HACKNEY = GroupId("hackney")
TODAY = date(2026, 5, 14)
E8 = FollowedArea(lat=51.5, lon=0.0, radius_m=1500, label="E8 3DL")
CONSENT = Consent(on=date(2026, 5, 1), how="paper list, meeting")


def contact(typed: str, way: str) -> tuple[str, str] | None:
    found = contact_of(typed, Reach(email=True, countries=("GB",)))
    if found is None:
        return ("chat", typed) if way == "chat" else None
    return ("email" if isinstance(found, EmailAddress) else "join", found.text)


KNOWN = Known(
    group=HACKNEY,
    contact=contact,
    languages=frozenset({"en", "es"}),
    is_place=lambda place: place.startswith("E8"),
    today=TODAY,
)


def read(text: str) -> list[Imported | Wrong]:
    return list(rows(io.StringIO(text, newline=""), KNOWN))


def one(**cells: str) -> Imported | Wrong:
    given = {"contact": "07400 123456", "consented_on": "2026-05-01", "consented_how": "paper list", **cells}
    out = io.StringIO(newline="")
    csv.writer(out).writerows([list(given), list(given.values())])
    (found,) = read(out.getvalue())
    return found


def test_the_least_that_a_row_holds_is_a_contact_and_when_and_how_they_consented() -> None:
    found = one()
    assert isinstance(found, Imported)
    assert (found.way, found.address, found.language, found.choice) == (
        "join",
        "+447400123456",
        "en",
        "information",
    )
    assert found.consent == Consent(on=date(2026, 5, 1), how="paper list")


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("contact", ""),
        ("contact", "020 7946 0000"),
        ("contact", "4.474E+11"),
        ("contact", "=HYPERLINK(1)"),
        ("contact", "x" * 500),
        ("contact", "a@b.example\r\nBcc: c@d.example"),
        ("language", "xx"),
        ("place", "Nowhere"),
        ("place", "=1+1"),
        ("choice", "everything"),
        ("quiet", "at night"),
        ("urgent", "perhaps"),
        ("consented_on", ""),
        ("consented_on", "14/05/2026"),
        ("consented_on", "2026-05-15"),
        ("consented_how", ""),
        ("consented_how", " \u202e "),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column_and_not_repeated(column: str, cell: str) -> None:
    found = one(**{column: cell})
    assert isinstance(found, Wrong)
    assert (found.line, found.column) == (3 if "\n" in cell else 2, column)
    assert not cell.strip() or cell not in found.problem


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_files_of_any_spreadsheet_are_read(separator: str, before: str, end: str) -> None:
    lines = [
        ["contact", "consented_on", "consented_how", "language"],
        ["'+447400123456", "2026-05-01", "list", "es"],
        [],
        ["ada@example.org", "2026-05-01", "list", ""],
    ]
    text = before + "".join(separator.join(line) + end for line in lines)
    first, second = read(text)
    assert isinstance(first, Imported)
    assert isinstance(second, Imported)
    assert (first.address, first.language, second.way) == ("+447400123456", "es", "email")


def test_bad_rows_leave_the_others_be() -> None:
    head = "contact,consented_on,consented_how\n"
    found = read(f"{head}nobody,2026-05-01,x\n07400123456,2026-05-01,x\n1,2\n\udcff,2026-05-01,x\n")
    assert [type(f).__name__ for f in found] == ["Wrong", "Imported", "Wrong", "Wrong"]
    assert [f.line for f in found if isinstance(f, Wrong)] == [2, 4, 5]


@pytest.mark.parametrize(
    "text", ["", "\n", "a,b\n", "contact\n", "contact,consented_on,consented_how,officer\n"]
)
def test_a_file_without_the_columns_is_one_mistake(text: str) -> None:
    (found,) = read(text + "x,y,z\n")
    assert isinstance(found, Wrong)
    assert found.line == 1


@given(st.text(max_size=30))
def test_no_cell_reckons_and_each_comes_back_as_it_was(cell: str) -> None:
    safe = harmless(cell)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    if not cell.startswith("\ufeff"):
        assert plain(safe) == cell


@given(st.text(max_size=60))
def test_no_file_raises_and_no_mistake_repeats_what_stands_there(text: str) -> None:
    for found in read("contact,consented_on,consented_how\n" + text):
        assert isinstance(found, Wrong | Imported)


def person(**more: Any) -> Subscriber:
    follows = (Follow(group=HACKNEY, area=E8, choice="witness", quiet="22:00-07:00", urgent_breaks=False),)
    fields = {"number": 1, "way": "join", "address": "+447400123456", "language": "es", "follows": follows}
    return Subscriber.model_validate({**fields, "consent": CONSENT, **more})


def test_what_goes_out_comes_in_again() -> None:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(lines_of(person(), HACKNEY))
    (found,) = read(out.getvalue())
    assert found == Imported(
        way="join",
        address="+447400123456",
        language="es",
        group=HACKNEY,
        place="E8 3DL",
        choice="witness",
        quiet="22:00-07:00",
        urgent_breaks=False,
        consent=CONSENT,
    )


def test_only_the_groups_own_rows_go_out_and_who_came_by_a_code_says_so() -> None:
    both = (*person().follows, Follow(group=GroupId("other")))
    (row,) = lines_of(person(follows=both, consent=None, since=datetime(2026, 5, 2, tzinfo=UTC)), HACKNEY)
    assert row["contact"] == "'+447400123456"
    assert (row["consented_on"], row["since"]) == ("2026-05-02", "2026-05-02")
    assert list(lines_of(person(), GroupId("other"))) == []

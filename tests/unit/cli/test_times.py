"""Times as people type them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_relay.cli.times import read_time, shown

NOW = datetime(2022, 5, 14, 18, 42, 7, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("+2h", "2022-05-14T20:42:07+01:00"),
        ("+90 min", "2022-05-14T20:12:07+01:00"),
        ("+1d", "2022-05-15T18:42:07+01:00"),
        ("19:30", "2022-05-14T19:30:00+01:00"),
        ("07:00", "2022-05-15T07:00:00+01:00"),
        ("today 07:00", "2022-05-14T07:00:00+01:00"),
        ("Tomorrow 19:30", "2022-05-15T19:30:00+01:00"),
        ("2022-05-14T20:00:00Z", "2022-05-14T20:00:00+00:00"),
    ],
)
def test_what_is_typed_is_what_is_meant(typed: str, meant: str) -> None:
    assert read_time(typed, NOW).isoformat() == meant


def test_a_day_and_time_without_a_zone_is_local() -> None:
    assert read_time("2022-05-14 18:30", NOW).tzinfo is not None


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_time_or_a_mistake(text: str) -> None:
    try:
        assert read_time(text, NOW).tzinfo is not None
    except ValueError:
        return


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_time_is_shown_as_nothing(nothing: Any) -> None:
    assert shown(nothing) == ""
    assert shown(datetime(2022, 5, 14, 18, tzinfo=UTC).isoformat())

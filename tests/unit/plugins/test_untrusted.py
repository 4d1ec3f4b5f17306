"""Values that strangers had a hand in: as the type they should have, or nothing; never an exception."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_relay.plugins import moment_in

THEN = datetime(2026, 6, 22, 14, 46, 18, tzinfo=UTC)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("value", "per_second", "moment"),
    [
        (1_782_139_578, 1, THEN),
        (1_782_139_578.5, 1, THEN + timedelta(seconds=0.5)),
        ("1782139578", 1, THEN),
        (1_782_139_578_000, 1000, THEN),
        ("1782139578000", 1000, THEN),
        ("2026-06-22T14:46:18Z", 1, THEN),
        ("2026-06-22T16:46:18+02:00", 1000, THEN),
        ("2026-06-22T14:46:18", 1, None),  # in which zone?
        ("0001-01-01T00:00:00+14:00", 1, None),
        ("9" * 5000, 1, None),
        ("soon", 1, None),
        ("٣", 1, None),
        ("", 1, None),
        (True, 1, None),
        (None, 1, None),
        ([], 1, None),
        (1e30, 1, None),
        (-1e30, 1, None),
        (float("nan"), 1, None),
        (float("-inf"), 1, None),
        (10**400, 1000, None),
    ],
)
def test_a_moment_is_read_or_is_none(value: Any, per_second: int, moment: datetime | None) -> None:
    assert moment_in({"at": value}, "at", per_second=per_second) == moment


def test_a_moment_that_is_not_said_is_none() -> None:
    assert moment_in({}, "at") is None


@given(ANYTHING, st.sampled_from([1, 1000]))
def test_whatever_is_said_a_moment_has_a_zone_and_can_be_stored(value: Any, per_second: int) -> None:
    moment = moment_in({"at": value}, "at", per_second=per_second)
    if moment is not None:
        assert moment.tzinfo is UTC
        json.dumps(moment.isoformat())

"""The benchmark's arithmetic: a wrong percentile would make every published figure wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.relay import GROUPS, SIDE, group_document, number_at, place_of
from bench.stats import latencies, losses, percentile, ratio, significant, spread, sustained

FIGURES = st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("percent", "expected", "why"),
    [
        (50, 500, "half of a thousand"),
        (99, 990, "0.99 × 1,000 must not become 991 by binary rounding"),
        (99.9, 999, "the same one digit on"),
        (100, 1000, "the greatest"),
        (0.01, 1, "the least"),
    ],
)
def test_percentiles_are_by_nearest_rank(percent: float, expected: float, why: str) -> None:
    assert percentile(list(range(1000, 0, -1)), percent) == expected, why


@given(FIGURES, st.floats(min_value=0.01, max_value=100))
def test_a_percentile_is_one_of_the_values_and_splits_them(values: list[float], percent: float) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(v <= found for v in values) >= percent * len(values) / 100 - 1e-6
    assert sum(v < found for v in values) < percent * len(values) / 100 + 1e-6


@pytest.mark.parametrize("percent", [0, -1, 101])
def test_an_impossible_percentage_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="not a percentage"):
        percentile([1.0], percent)


def test_nothing_measured_is_refused_rather_than_zero() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)
    with pytest.raises(ValueError, match="no values"):
        spread([])


def test_ratios_are_taken_within_a_round() -> None:
    # The machine was twice as slow in the second round for both: the ratio must not notice.
    found = ratio([1000, 500, 1100], [2000, 1000, 2000])
    assert (found.median, found.low, found.high) == (0.5, 0.5, 0.55)


def test_rounds_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratio([1.0, 2.0], [1.0])


def test_latency_counts_from_the_schedule_to_the_first_arrival() -> None:
    assert latencies({1: 10.0, 2: 11.0, 3: 12.0}, {1: [10.5, 99.0], 3: [12.25], 7: [1.0]}) == [0.5, 0.25]


def test_lost_and_copies_are_told_apart_and_strangers_do_not_count() -> None:
    assert losses({1: 0.0, 2: 0.0, 3: 0.0}, {1: [1.0], 2: [1.0, 2.0, 3.0], 9: [1.0]}) == (1, 2)


def test_the_sustained_rate_lasts_until_the_backlog_is_gone() -> None:
    assert sustained({1: 0.0, 2: 0.5}, {1: [1.0, 50.0], 2: [4.0]}) == 0.5
    assert sustained({1: 0.0}, {}) == 0.0


@given(FIGURES)
def test_a_spread_holds_its_median(values: list[float]) -> None:
    found = spread(values)
    assert found.low <= found.median <= found.high


@pytest.mark.parametrize(("value", "shown"), [(1234.56, 1235.0), (0.0123456, 0.01235), (0.0, 0.0)])
def test_figures_are_shown_to_four_digits(value: float, shown: float) -> None:
    assert significant(value) == shown


def test_every_number_has_a_place_of_its_own_in_its_group() -> None:
    places = {n: place_of(n) for n in range(0, GROUPS * SIDE * SIDE, 7)}
    assert len(set(places.values())) == len(places)
    for n, (lat, lon) in places.items():
        assert number_at(lat, lon) == n
        ((ring,),) = group_document(n % GROUPS)["definition"]["area"]["polygons"]
        assert ring[0][0] < lon < ring[1][0]
        assert ring[0][1] < lat < ring[2][1]

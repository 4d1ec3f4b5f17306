"""How fast one account may send."""

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.decide.rate import free_at, width


def test_a_chunk_is_a_seconds_worth_at_most_and_never_empty() -> None:
    assert [width(64, r) for r in (None, 1000.0, 30.0, 2.9, 0.2)] == [64, 64, 30, 2, 1]


@given(st.floats(0.2, 80), st.lists(st.tuples(st.floats(0, 3), st.integers(1, 64)), min_size=1, max_size=50))
def test_over_time_no_more_than_the_rate_goes_out_but_for_one_chunk(
    rate: float, wishes: list[tuple[float, int]]
) -> None:
    now = free = 0.0
    gone: list[tuple[float, int]] = []
    for later, wished in wishes:
        now = max(now + later, free)
        sent = min(wished, width(64, rate))
        free = free_at(free, sent, rate, now)
        gone.append((now, sent))
    for n, (begin, _) in enumerate(gone):
        for m in range(n, len(gone)):
            between = sum(sent for _, sent in gone[n : m + 1])
            assert between <= (gone[m][0] - begin) * rate + gone[m][1] + 1e-6

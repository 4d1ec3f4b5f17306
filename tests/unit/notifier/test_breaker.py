"""When an account is left alone, and when one message asks again: tables, and what holds whatever happens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.decide.breaker import (
    LONGEST_ASKED_S,
    LONGEST_PAUSE_S,
    TO_OPEN,
    Breaker,
    News,
    speaks_of_provider,
)
from shared.contracts.ledger import RecipientOutcome, Result

FAILED = News(failures=TO_OPEN, reason="http_500")
ARRIVED = News(delivered=True)


def outcome(result: Result, reason: str = "x", after_s: float | None = None) -> RecipientOutcome:
    return RecipientOutcome(
        recipient="c:0", result=result, channel_kind="told", reason=reason, retry_after_s=after_s
    )


def after(breaker: Breaker, news: News, at: float, who: str = "", jitter: float = 1.0) -> Breaker:
    return breaker.after(news, who=who, now=at, jitter=jitter)


@pytest.mark.parametrize(
    ("ended", "speaks"),
    [
        (outcome("retry", "http_500"), True),  # whoever it had been for
        (outcome("retry", "http_503"), True),
        (outcome("retry", "http_429"), True),
        (outcome("retry", "unreachable"), True),
        (outcome("unknown", "deadline"), True),  # it hangs
        (outcome("unknown", "connection_broke"), True),  # it resets
        (outcome("retry", "a_plugins_own", 9.0), True),  # it asks for a pause, in whatever words
        (outcome("delivered", "delivered"), False),
        (outcome("rejected", "bad_number"), False),  # this number
        (outcome("rejected", "http_500"), False),  # decided by the channel, not by its provider's health
        (outcome("retry", "smtp_451"), False),  # this mailbox, as grey lists do
        (outcome("retry", "http_4290"), False),
        (outcome("retry", "bad_credentials"), False),  # a person must act, and is told
        (outcome("retry", "lease_lapsed"), False),  # ours
        (outcome("unknown", "plugin_error"), False),  # the plug-in's
    ],
)
def test_what_speaks_of_the_provider(ended: RecipientOutcome, *, speaks: bool) -> None:
    assert speaks_of_provider(ended) is speaks


def test_the_news_of_an_attempt_is_what_all_its_outcomes_say_together() -> None:
    some = [outcome("delivered"), outcome("rejected", "bad_number"), outcome("retry", "http_429", 7.0)]
    assert News.of([*some, outcome("unknown", "deadline")]) == News(True, 2, 7.0, "http_429")  # noqa: FBT003
    assert News.of([outcome("rejected", "bad_number")]) == News()
    assert News.of([outcome("retry", "http_429", 6e5)]).asked_s == LONGEST_ASKED_S


def test_it_opens_after_failures_in_a_row_and_not_before() -> None:
    one = News(failures=1, reason="unreachable")
    breaker = Breaker()
    for n in range(TO_OPEN - 1):
        breaker = after(breaker, one, float(n))
        assert breaker.wait_s(float(n)) is None
    opened = after(breaker, one, 10.0)
    assert (opened.wait_s(10.0), opened.since, opened.reason) == (1.0, 0.0, "unreachable")
    assert after(after(breaker, ARRIVED, 10.0), one, 11.0).wait_s(11.0) is None  # not in a row


def test_a_chunk_that_fails_as_a_whole_opens_it_at_once() -> None:
    assert after(Breaker(), News(failures=64), 5.0).wait_s(5.0) == 1.0
    assert after(Breaker(), News(failures=64, delivered=True), 5.0) == Breaker()  # some went: it answers


def test_one_at_a_time_asks_again_and_longer_pauses_follow_until_somebody_is_delivered_to() -> None:
    breaker, now, pauses = after(Breaker(), FAILED, 0.0), 0.0, []
    for n in range(8):
        wait = breaker.wait_s(now)
        assert wait is not None
        pauses.append(wait)
        now += wait
        assert breaker.wait_s(now) is None
        breaker = breaker.entered(n)
        assert breaker.wait_s(now) == 0.0  # nobody beside the probe
        breaker = after(breaker, FAILED, now, who=n)  # type: ignore[arg-type]
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert breaker.since == 0.0
    now += LONGEST_PAUSE_S
    assert after(breaker.entered("p"), ARRIVED, now, who="p") == Breaker()


def test_a_probe_that_learns_nothing_makes_room_for_another() -> None:
    breaker = after(Breaker(), FAILED, 0.0).entered("p")
    assert breaker.left("somebody else") == breaker
    assert breaker.left("p").wait_s(1.0) is None
    assert after(breaker, News(), 1.0, who="p").wait_s(1.0) is None  # refused: nothing is known


def test_what_began_before_it_was_opened_changes_nothing() -> None:
    opened = after(Breaker(), FAILED, 0.0)
    assert after(opened, FAILED, 0.5) == opened
    assert after(opened, ARRIVED, 0.5) == opened
    probed = opened.entered("p")
    assert after(probed, FAILED, 1.0) == probed
    assert after(probed, ARRIVED, 1.0) == Breaker()  # but that somebody got it now says that it works


def test_a_pause_that_is_asked_for_holds_though_others_arrived_and_is_never_made_shorter() -> None:
    asked = News(delivered=True, failures=1, asked_s=31.0, reason="http_429")
    held = after(Breaker(), asked, 0.0)
    assert held.wait_s(0.0) == 31.0
    assert after(held, News(failures=1, asked_s=3.0), 1.0).wait_s(1.0) == 30.0
    assert after(held, News(failures=1, asked_s=60.0), 1.0).wait_s(1.0) == 60.0
    assert after(held, ARRIVED, 30.0).wait_s(30.0) == 1.0


def test_who_always_asks_for_a_second_is_asked_less_and_less() -> None:
    breaker, now, pauses = Breaker(), 0.0, []
    for n in range(5):
        breaker = after(breaker.entered(n), News(failures=1, asked_s=1.0), now, who=n)  # type: ignore[arg-type]
        pauses.append(breaker.wait_s(now))
        now += pauses[-1] or 0.0
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_jitter_takes_half_of_a_pause_at_most() -> None:
    waits = [after(Breaker(), FAILED, 0.0, jitter=j).wait_s(0.0) for j in (0.0, 0.5, 1.0)]
    assert waits == [0.5, 0.75, 1.0]


NEWS = st.builds(
    News,
    delivered=st.booleans(),
    failures=st.integers(0, 70),
    asked_s=st.sampled_from([0.0, 0.0, 0.5, 40.0, LONGEST_ASKED_S]),
    reason=st.just("http_500"),
)


@given(st.lists(st.tuples(st.floats(0, 50), NEWS, st.booleans(), st.floats(0, 1)), max_size=60))
def test_whatever_happens_one_probe_at_a_time_no_endless_wait_and_an_arrival_ends_it(
    story: list[tuple[float, News, bool, float]],
) -> None:
    breaker, now = Breaker(), 0.0
    for n, (passed, news, own, jitter) in enumerate(story):
        now += passed
        before = breaker.wait_s(now)
        if own and before is None:
            breaker = breaker.entered(n)
            assert breaker.wait_s(now) is None or breaker.probe == n
        breaker = breaker.after(news, who=n if own else "earlier", now=now, jitter=jitter).left(n)
        wait = breaker.wait_s(now)
        assert wait is None or wait <= max(LONGEST_PAUSE_S, LONGEST_ASKED_S) + 1e-9
        if before is not None and wait is not None and not own:
            assert wait >= before - 1e-9  # who is no probe shortens no pause
        assert breaker.since <= now
    later = now + LONGEST_ASKED_S
    assert breaker.wait_s(later) is None
    assert breaker.entered("last").after(ARRIVED, who="last", now=later, jitter=0.0) == Breaker()

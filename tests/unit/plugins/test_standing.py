"""When a source that broke off is read again, and how its bridge stands meanwhile."""

import pytest

from shared.plugins.spec import BadCredentials, Refused, RetryLater
from shared.plugins.standing import NOT_CALLED, Standing, again, called, constant, failures_after


@pytest.mark.parametrize(
    ("ended", "failures", "jitter", "state", "after_s"),
    [
        (RetryLater("unreachable"), 1, 1.0, "TRANSIENT_DISCONNECT", 1.0),
        (RetryLater("unreachable"), 1, 0.0, "TRANSIENT_DISCONNECT", 0.5),
        (RetryLater("unreachable"), 4, 1.0, "TRANSIENT_DISCONNECT", 8.0),
        (RetryLater("unreachable"), 99, 1.0, "TRANSIENT_DISCONNECT", 60.0),
        (RetryLater("http_429", 20.0), 1, 1.0, "RATE_LIMITED", 20.0),
        (RetryLater("http_429", 0.0), 3, 1.0, "RATE_LIMITED", 4.0),
        (RetryLater("captcha_needed", 86_400.0), 1, 1.0, "RATE_LIMITED", 3_600.0),
        (RetryLater("http_429", -5.0), 1, 1.0, "RATE_LIMITED", 1.0),
        (BadCredentials("no_such_account"), 1, 1.0, "BAD_CREDENTIALS", 60.0),
        (BadCredentials("no_such_account"), 9, 0.0, "BAD_CREDENTIALS", 30.0),
    ],
)
def test_what_follows_from_an_end(
    ended: RetryLater | BadCredentials, failures: int, jitter: float, state: str, after_s: float
) -> None:
    found = again(ended, failures=failures, jitter=jitter)
    assert (found.standing.state, found.standing.reason, found.after_s) == (state, ended.reason, after_s)


def test_a_source_that_was_read_for_a_while_begins_with_the_first_pause_again() -> None:
    assert [failures_after(5, read_for_s=s) for s in (0.1, 29.9, 30.0)] == [6, 6, 1]


def test_a_reason_that_is_no_constant_is_never_shown() -> None:
    assert constant("http_429") == "http_429"
    for text in ("what +447700900123 wrote", "", "A", "x" * 65, "line\n"):
        assert constant(text) == "unspecified"
    found = again(RetryLater("what +447700900123 wrote"), failures=1, jitter=0.5)
    assert found.standing == Standing("TRANSIENT_DISCONNECT", "unspecified")


@pytest.mark.parametrize(
    ("before", "how", "after"),
    [
        (NOT_CALLED, None, Standing("CONNECTED")),
        (NOT_CALLED, Refused(403, "bad_signature", ""), Standing("BAD_CREDENTIALS", "bad_signature")),
        (NOT_CALLED, Refused(401, "a text of theirs", ""), Standing("BAD_CREDENTIALS", "unspecified")),
        (NOT_CALLED, Refused(400, "not_json", ""), NOT_CALLED),
        (Standing("CONNECTED"), Refused(403, "bad_signature", ""), Standing("CONNECTED")),
        (Standing("CONNECTED"), ValueError(), Standing("TRANSIENT_DISCONNECT", "plugin_error")),
        (Standing("TRANSIENT_DISCONNECT", "plugin_error"), None, Standing("CONNECTED")),
        (Standing("BAD_CREDENTIALS", "bad_signature"), None, Standing("CONNECTED")),
    ],
)
def test_how_a_called_bridge_stands_after_a_call(
    before: Standing, how: Refused | Exception | None, after: Standing
) -> None:
    assert called(before, how) == after

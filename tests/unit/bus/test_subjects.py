"""Subjects, patterns and the seven streams: pure tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.streams import STREAMS, config_of, stream_of
from shared.bus.subjects import check_pattern, check_subject, matches
from shared.contracts import catalog

TOKENS = st.lists(st.from_regex(r"[A-Za-z0-9_-]{1,4}", fullmatch=True), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("pattern", "subject", "expected"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.b.c", False),
        ("a.b.c", "a.b", False),
        ("a.*", "a.b", True),
        ("a.*", "a", False),
        ("a.*", "a.b.c", False),  # a star is one token
        ("*.b", "a.b", True),
        ("a.>", "a.b", True),
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),  # > is one token or more
        (">", "a", True),
        ("a.*.>", "a.b", False),
        ("a.*.>", "a.b.c", True),
        ("a.b", "a.B", False),
    ],
)
def test_matching(pattern: str, subject: str, *, expected: bool) -> None:
    assert matches(pattern, subject) is expected


@given(TOKENS)
def test_a_subject_matches_itself_and_every_widening(tokens: list[str]) -> None:
    subject = ".".join(tokens)
    assert check_subject(subject) == check_pattern(subject) == subject
    assert matches(subject, subject)
    for n in range(len(tokens)):
        assert matches(".".join([*tokens[:n], "*", *tokens[n + 1 :]]), subject)
        assert matches(".".join([*tokens[:n], ">"]), subject)


@given(st.text(max_size=12))
def test_what_passes_as_a_subject_is_harmless(text: str) -> None:
    try:
        check_subject(text)
    except ValueError:
        return
    assert text.isascii()
    assert not set(text) & set(" \r\n\t*>$")
    assert all(text.split("."))


def test_streams_and_their_catalog_agree() -> None:
    assert STREAMS.keys() == catalog.STREAMS.keys()
    assert sum(spec.max_bytes for spec in STREAMS.values()) < 10 * 10**9


def test_a_subject_of_no_stream_is_named() -> None:
    assert stream_of("alerts.v1.hackney") == "DECISIONS"
    with pytest.raises(ValueError, match=r"alerts\.v2\.hackney"):
        stream_of("alerts.v2.hackney")


def test_keys_do_not_age_and_reports_age_in_14_days() -> None:
    day = 86400 * 10**9
    ages = {name: config_of(name, replicas=1)["max_age"] // day for name in STREAMS}
    assert ages == {
        "REPORTS": 14,
        "DESK": 35,
        "DECISIONS": 35,
        "LEDGER": 35,
        "DEAD": 35,
        "KEYS": 0,
        "SUBSCRIBERS": 0,
    }

"""Server-sent events come in any pieces; whole events come out."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.plugins.event_stream import Event, EventReader

STREAM = (
    b':\nid:7-1\nevent:receive\ndata:{"a": "\xc3\xa9\xef\xbf\xbc"}\n\n:\n'
    b"id: 7-2\r\nevent: receive\r\ndata: one\r\ndata: two\r\n\r\n"
    b"retry:3\n\ndata\n\nid:7-3\nevent:receive\ndata:last\n\nid:7-4\ndata:never ends"
)
EVENTS = [
    Event("7-1", "receive", '{"a": "é\ufffc"}'),
    Event("7-2", "receive", "one\ntwo"),
    Event(None, "message", ""),
    Event("7-3", "receive", "last"),
]


def read(*pieces: bytes, most: int = 1_000) -> list[Event]:
    reader = EventReader(most_bytes=most)
    return [event for piece in pieces for event in reader.feed(piece)]


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_the_same_bytes_are_the_same_events_however_they_are_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    assert read(*(STREAM[a:b] for a, b in itertools.pairwise(edges))) == EVENTS


@pytest.mark.parametrize(
    "long",
    [b"data:" + b"x" * 2_000 + b"\n", b"data:xxxxxxxx\n" * 200, b"nonsense" * 300 + b"\n"],
    ids=["one line", "many lines", "no field"],
)
def test_an_event_that_is_too_long_is_passed_over_and_the_next_is_read(long: bytes) -> None:
    found = read(b"id:1\nevent:receive\n" + long + b"\nid:2\ndata:short\n\n", most=1_000)
    assert found == [Event("1", "receive", None), Event("2", "message", "short")]


@pytest.mark.parametrize("bad", [b"a\rX-Evil: 1", b"\x00", "é".encode(), b"a b", b"x" * 201, b""])
def test_an_id_that_could_not_stand_in_a_header_is_none(bad: bytes) -> None:
    assert read(b"id:" + bad + b"\ndata:x\n\n") == [Event(None, "message", "x")]


@given(pieces=st.lists(st.binary(max_size=60), max_size=20))
def test_any_bytes_are_read(pieces: list[bytes]) -> None:
    for event in read(*pieces, most=50):
        assert event.data is None or len(event.data.encode()) <= 3 * 50 + 50

"""Which letters are believed: a table of a bad peer's attempts, and what holds for any bytes."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.federation.letter import MOST_BYTES, Letter
from shared.federation.link import Link, signed
from shared.federation.trust import PURPOSE, SKEW, Heard, Refusal, believe
from tests.unit.federation.letters import GLASGOW, LINK, LONDON, NOW, STRANGER, a_letter, sealed

GLASGOWS = (-4.5, 55.7, -4.0, 56.0)
LATE = (NOW + timedelta(minutes=4)).isoformat()


def letter(**changed: Any) -> tuple[bytes, str]:
    return sealed(a_letter(**changed))


def of_a_stranger() -> tuple[bytes, str]:
    return sealed(a_letter(), STRANGER)


def by_our_own_key() -> tuple[bytes, str]:
    return sealed(a_letter(), GLASGOW)


def tampered() -> tuple[bytes, str]:
    body, signature = letter()
    return body.replace(b"two vans", b"ten vans"), signature


def one_space_more() -> tuple[bytes, str]:
    body, signature = letter()
    return body + b" ", signature


def for_another_purpose() -> tuple[bytes, str]:
    body, _ = letter()
    return body, signed(LONDON, b"", body)


def with_another_algorithm() -> tuple[bytes, str]:
    body, signature = letter()
    return body, f"none={signature}"


def otherwise_encoded() -> tuple[bytes, str]:
    body, signature = letter()
    return body, signature + "=="


def signed_rubbish(content: bytes) -> tuple[bytes, str]:
    return content, signed(LONDON, PURPOSE, content)


ATTACKS: list[tuple[str, tuple[bytes, str], str]] = [
    ("signed by somebody else", of_a_stranger(), "bad_signature"),
    ("signed with the recipient's key", by_our_own_key(), "bad_signature"),
    ("a word changed on the way", tampered(), "bad_signature"),
    ("the same to JSON, other bytes", one_space_more(), "bad_signature"),
    ("a signature made for something else", for_another_purpose(), "bad_signature"),
    ("names another algorithm", with_another_algorithm(), "bad_signature"),
    ("a signature in another encoding", otherwise_encoded(), "bad_signature"),
    ("no signature", (letter()[0], ""), "bad_signature"),
    ("meant for another hub", letter(audience="leeds"), "wrong_audience"),
    ("in another hub's name", letter(sender="leeds", via=["leeds"]), "wrong_sender"),
    ("too late", letter(at=LATE, until=LATE), "window_too_long"),
    ("expired", letter(at="2026-11-28T07:00:00Z", until="2026-11-28T07:05:00Z"), "expired"),
    ("good for a day", letter(until="2026-11-29T07:00:00Z"), "window_too_long"),
    ("from the future", letter(at="2026-11-28T07:20:00Z", until="2026-11-28T07:25:00Z"), "from_the_future"),
    ("it came by us before", letter(via=["glasgow", "london"]), "loop"),
    ("it went in a circle", letter(via=["leeds", "york", "leeds", "london"]), "loop"),
    ("by too many hubs", letter(via=["leeds", "york", "hull", "london"]), "too_many_hops"),
    ("hides who sent it", letter(via=["london", "leeds"]), "wrong_way"),
    ("an answer by way of others", letter(via=["leeds", "london"], answers="i9"), "too_many_hops"),
    (
        "outside where it may speak of",
        letter(where={"lat": 51.5, "lon": 0.0, "radius_m": 40}),
        "outside_area",
    ),
    ("news of nowhere", letter(where=None), "no_place"),
    ("an older or newer kind of letter", letter(type="peer.letter.v0"), "bad_letter"),
    ("a command", letter(says="end"), "bad_letter"),
    ("a field of the wrong type", letter(sequence="first"), "bad_letter"),
    ("no place on earth", letter(where={"lat": 95, "lon": 0, "radius_m": 1}), "bad_letter"),
    ("not JSON", signed_rubbish(b"\xff{"), "bad_letter"),
    ("deeply nested", signed_rubbish(b"[" * 8_000), "bad_letter"),
    ("too large", letter(text="x" * MOST_BYTES), "too_large"),
]


@pytest.mark.parametrize(("what", "sent", "reason"), ATTACKS, ids=[a[0] for a in ATTACKS])
def test_a_bad_peers_letter_is_refused_by_name(what: str, sent: tuple[bytes, str], reason: str) -> None:
    assert believe(*sent, LINK, NOW, within=GLASGOWS) == Refusal(reason), what


@pytest.mark.parametrize(
    ("state", "reason"), [("revoked", "revoked"), ("invited", "not_open")], ids=["revoked", "not yet open"]
)
def test_a_link_that_is_not_open_carries_nothing(state: str, reason: str) -> None:
    link = Link.model_validate({**LINK.model_dump(), "state": state})
    assert believe(*letter(), link, NOW) == Refusal(reason)


def test_a_sound_letter_is_believed_as_it_was_written() -> None:
    found = believe(*letter(), LINK, NOW, within=GLASGOWS)
    assert isinstance(found, Letter)
    assert (found.about, found.says, found.via) == ("i1", "unconfirmed", ("london",))


def test_an_answer_and_a_test_need_no_place() -> None:
    answer = letter(answers="i9", says="over", where=None)
    assert isinstance(believe(*answer, LINK, NOW, within=GLASGOWS), Letter)
    assert isinstance(believe(*letter(says="test", where=None), LINK, NOW, within=GLASGOWS), Letter)


def test_clocks_may_be_apart_a_little() -> None:
    body, signature = letter()
    assert isinstance(believe(body, signature, LINK, NOW - SKEW), Letter)
    assert believe(body, signature, LINK, NOW - SKEW - timedelta(seconds=1)) == Refusal("from_the_future")


def test_what_a_later_hub_adds_is_signed_and_ignored() -> None:
    body = letter()[0][:-1] + b',"mood":"tired"}'
    assert isinstance(believe(body, signed(LONDON, PURPOSE, body), LINK, NOW), Letter)


@given(body=st.binary(max_size=400), signature=st.text(max_size=100))
def test_any_bytes_are_answered_not_raised(body: bytes, signature: str) -> None:
    assert isinstance(believe(body, signature, LINK, NOW), Refusal)


@given(body=st.binary(max_size=400))
def test_any_signed_bytes_are_answered_not_raised(body: bytes) -> None:
    assert isinstance(believe(*signed_rubbish(body), LINK, NOW), Letter | Refusal)


@given(at=st.integers(0, 8_000), change=st.integers(1, 255))
def test_no_byte_may_change(at: int, change: int) -> None:
    body, signature = letter()
    spoilt = bytearray(body)
    spoilt[at % len(body)] ^= change
    assert believe(bytes(spoilt), signature, LINK, NOW) == Refusal("bad_signature")


def heard(heard: Heard, **changed: Any) -> str:
    refused = heard.first(Letter.model_validate(a_letter(**changed)), NOW)
    return refused.reason if refused else "first"


def test_no_letter_is_good_twice_but_the_same_news_may_come_in_another() -> None:
    ears = Heard()
    told = [heard(ears), heard(ears), heard(ears, sequence=2), heard(ears, run="r2"), heard(ears, sequence=2)]
    assert told == ["first", "replayed", "first", "first", "replayed"]


def test_letters_in_any_order_and_with_gaps_are_heard() -> None:
    ears = Heard()
    assert [heard(ears, sequence=n) for n in (9, 2, 5)] == ["first"] * 3


def test_what_has_expired_is_forgotten() -> None:
    ears = Heard()
    first = Letter.model_validate(a_letter())
    ears.first(first, NOW)
    ears.first(Letter.model_validate(a_letter(sequence=2)), first.until + timedelta(seconds=1))
    assert len(ears._known) == 1


def test_a_flood_is_refused_before_memory_fills(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.federation.trust.MOST_REMEMBERED", 2)
    ears = Heard()
    assert [heard(ears, sequence=n) for n in (1, 2, 3)] == ["first", "first", "too_many_at_once"]

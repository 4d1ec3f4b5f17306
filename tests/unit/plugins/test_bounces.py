"""Mails that come back: whose they are says a name that nobody can make up; what they say, RFC 3464."""

from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.plugins.bounces import ReturnPath, come_back
from shared.plugins.spec import DeliveryReceipt, Ignored
from tests.rigs.mail import bounce

PATH = ReturnPath.of("bounces@hub.example", "made-up", "hackney/mail")
NAME = PATH.name_of("a1-mail-0")
BACK = PATH.address_of(NAME)


def said(raw: bytes) -> str | None:
    back = come_back(raw, PATH)
    if back is None:
        return None
    assert back[0] == NAME
    found = back[1]
    return found.reason if isinstance(found, Ignored) else f"{found.arrived}.{found.reason}"


def test_a_name_is_the_same_at_every_attempt_and_says_nothing_of_whom_it_is_for() -> None:
    assert PATH.name_of("a1-mail-0") == NAME
    assert len({PATH.name_of(f"a1-mail-{n}") for n in range(200)}) == 200
    assert len(BACK.partition("@")[0]) <= 64
    assert "a1" not in NAME


@pytest.mark.parametrize(
    ("action", "status", "is_said"),
    [
        ("failed", "5.1.1", "failed.dsn_5_1_1"),
        ("Failed (fatal error)", "5.2.2 (mailbox full)", "failed.dsn_5_2_2"),
        ("failed", "4.4.7", "failed.dsn_4_4_7"),  # it was late until its time ran out
        ("failed", "unknown", "failed.dsn"),
        ("failed", "5.99999.1", "failed.dsn"),
        ("delayed", "4.4.1", "delayed"),
        ("relayed", "2.1.9", "relayed"),
        ("expanded", "2.1.5", "expanded"),
        ("delivered", "2.1.5", "delivered.delivered"),
        ("delivered", "5.1.1", "no_delivery_status"),
        ("failed", "2.0.0", "no_delivery_status"),
        ("eaten", "5.0.0", "no_delivery_status"),
    ],
)
def test_what_a_delivery_status_says(action: str, status: str, is_said: str) -> None:
    assert said(bounce(BACK, "ada@far.example", action=action, status=status)) == is_said


@pytest.mark.parametrize(
    ("more", "is_said"),
    [
        (["delivered 2.0.0"], "failed.dsn_5_1_1"),
        (["failed 5.7.1"], "failed.dsn_5_1_1"),
    ],
)
def test_of_several_recipients_behind_one_address_a_failed_one_counts(more: list[str], is_said: str) -> None:
    assert said(bounce(BACK, "x@far.example", action="failed", status="5.1.1", more=more)) == is_said


def test_what_is_delivered_to_one_and_late_for_another_is_not_delivered() -> None:
    told = bounce(BACK, "x@far.example", action="delivered", status="2.0.0", more=["delayed 4.4.1"])
    assert said(told) == "delayed"


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "Envelope-To", "To"])
def test_the_name_is_found_wherever_a_server_writes_to_whom_it_came(header: str) -> None:
    raw = bounce("somebody@else.example", "x@far.example", action="failed", status="5.1.1")
    assert said(f"{header}: <{BACK.upper()}>\n".encode() + raw) == "failed.dsn_5_1_1"


def test_an_answer_of_somebody_who_is_away_fails_nothing() -> None:
    assert said(f"To: {BACK}\nSubject: I am away\n\nUntil Monday\n".encode()) == "no_delivery_status"


@pytest.mark.parametrize(
    "to",
    [
        "bounces@hub.example",
        f"bounces+{'a' * 32}@hub.example",
        f"bounces+{NAME[:-1]}{'a' if NAME[-1] != 'a' else 'b'}@hub.example",
        f"bounces+{NAME}@other.example",
        f"bounces+{NAME}@hub.example.evil.example",
        f"evil-bounces+{NAME}@hub.example",
        ReturnPath.of("bounces@hub.example", "made-up", "camden/mail").address_of(NAME),
    ],
)
def test_a_name_that_is_made_up_is_none_of_ours(to: str) -> None:
    forged = bounce(to, "x@far.example", action="failed", status="5.1.1")
    assert come_back(forged, ReturnPath.of("bounces@hub.example", "other", "hackney/mail")) is None
    if NAME not in to or "hub.example.evil" in to or "other" in to or "evil" in to:
        assert come_back(forged, PATH) is None


def test_another_channel_s_mail_in_the_same_mailbox_is_left_to_it() -> None:
    other = ReturnPath.of("bounces@hub.example", "made-up", "camden/mail")
    assert come_back(bounce(BACK, "x@far.example", action="failed", status="5.1.1"), other) is None


def test_a_mail_of_a_thousand_parts_is_not_taken_apart() -> None:
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(1_000)
    )
    assert come_back(f"To: {BACK}\n".encode() + nested, PATH) is None


@given(spoilt=st.data())
def test_a_spoilt_mail_is_named_and_not_raised(spoilt: st.DataObject) -> None:
    raw = bounce(BACK, "ada@far.example", action="failed", status="5.1.1")
    at = spoilt.draw(st.integers(0, len(raw)))
    back = come_back(raw[:at] + spoilt.draw(st.binary(max_size=40)) + raw[at + 20 :], PATH)
    assert back is None or isinstance(back[1], DeliveryReceipt | Ignored)


@given(raw=st.binary(max_size=300))
def test_any_bytes_are_read_and_not_raised(raw: bytes) -> None:
    back = come_back(f"To: {BACK}\n".encode() + raw, PATH)
    assert back is None or isinstance(back[1], DeliveryReceipt | Ignored)


def test_headers_are_read_as_they_came() -> None:
    mail = Message()
    mail["To"] = "=?utf-8?q?=C3=A4?= <x@y.example>"
    assert PATH.name_in(mail) is None

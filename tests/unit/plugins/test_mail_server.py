"""Where mail comes in and goes out, in one line."""

import re

import pytest

from shared.plugins.mail_server import IMAP, SMTP, MailServer, is_plain_address, mail_server


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("imaps://relay@mail.hub.example", MailServer("mail.hub.example", 993, "tls", "relay")),
        (
            "imaps://a+b@hub.example@mail.hub.example:9",
            MailServer("mail.hub.example", 9, "tls", "a+b@hub.example"),
        ),
        ("imap://relay@mail.hub.example", MailServer("mail.hub.example", 143, "starttls", "relay")),
        ("imap://relay@127.0.0.1:1143", MailServer("127.0.0.1", 1143, "none", "relay")),
    ],
)
def test_a_mailbox_is_somebody_s_and_never_read_in_clear_from_afar(url: str, server: MailServer) -> None:
    assert re.match(IMAP, url)
    assert mail_server(url) == server


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtps://relay@mail.hub.example", MailServer("mail.hub.example", 465, "tls", "relay")),
        ("smtp://mail.hub.example", MailServer("mail.hub.example", 587, "starttls", None)),
        ("smtp://localhost:25", MailServer("localhost", 25, "none", None)),
    ],
)
def test_mail_may_be_handed_in_by_nobody_in_particular(url: str, server: MailServer) -> None:
    assert re.match(SMTP, url)
    assert mail_server(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "imaps://mail.hub.example",
        "imaps://relay:password@mail.hub.example",
        "https://relay@mail.hub.example",
        "imaps://relay@mail.hub.example/INBOX",
        "imaps://re lay@mail.hub.example",
        "imaps://relay@mail.hub.example:123456",
    ],
)
def test_what_is_no_address_of_a_mailbox(url: str) -> None:
    assert not re.match(IMAP, url)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("rota@group.example", True),
        ("a+b.c'd@group.example", True),
        ("rota", False),
        ("@group.example", False),
        ("rota@", False),
        ("rota@group.example,second@group.example", False),
        ("rota@group.example\r\nBcc: x@y.example", False),
        ("Rota <rota@group.example>", False),
        ("rötä@group.example", False),
    ],
)
def test_an_address_holds_no_second_header_or_recipient(text: str, *, plain: bool) -> None:
    assert is_plain_address(text) == plain

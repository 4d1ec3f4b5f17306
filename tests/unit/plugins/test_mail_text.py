"""What a stranger's mail says, and that it is a person's: whoever made it, and whatever it is made of."""

from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.plugins.mail_text import Letter, letter_in
from shared.plugins.spec import Ignored
from tests.rigs.mail import bounce, mail_of

US = "reports@hub.example"
ADA = "Ada <ada@far.example>"


def read(raw: bytes | EmailMessage) -> Letter | str:
    found = letter_in(raw if isinstance(raw, bytes) else raw.as_bytes(), US)
    return found.reason if isinstance(found, Ignored) else found


def letter(raw: bytes | EmailMessage) -> Letter:
    found = read(raw)
    assert isinstance(found, Letter), found
    return found


def test_a_mail_is_its_words_its_writer_and_its_name() -> None:
    mail = mail_of(ADA, US, "two vans\n", subject="Raid in Ridley Road", message_id="<1@far.example>")
    found = letter(mail)
    assert (found.sender, found.subject, found.text) == ("ada@far.example", "Raid in Ridley Road", "two vans")
    assert (found.answers, found.forwarded, found.answerable) == (False, False, True)
    assert found.message_id == "<1@far.example>"


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"auto_submitted": "auto-replied"}, "auto_reply"),
        ({"auto_submitted": "Auto-Generated; owner-email=x"}, "auto_reply"),
        ({"auto_submitted": "auto-notified (moved)"}, "auto_reply"),
        ({"precedence": "auto_reply"}, "auto_reply"),
        ({"x_autoreply": "yes"}, "auto_reply"),
        ({"x_autorespond": ""}, "auto_reply"),
        ({"precedence": "Bulk"}, "mailing_list"),
        ({"list_id": "<friends.far.example>"}, "mailing_list"),
        ({"list_unsubscribe": "<https://x.example>"}, "mailing_list"),
        ({"return_path": "<>"}, "bounce"),
    ],
)
def test_what_no_person_wrote_is_named(headers: dict[str, str], why: str) -> None:
    assert read(mail_of(ADA, US, "I am away until Monday", subject="Away", **headers)) == why


@pytest.mark.parametrize(
    ("sender", "why"),
    [
        ("Reports@Hub.example", "own_message"),
        ("MAILER-DAEMON@far.example", "bounce"),
        ("nobody", "no_sender"),
        ("a@x.example, b@x.example", "no_sender"),
    ],
)
def test_whose_it_is_not_is_named(sender: str, why: str) -> None:
    assert read(f"From: {sender}\n\nraid\n".encode()) == why


def test_two_senders_are_none() -> None:
    assert read(b"From: a@x.example\nFrom: b@x.example\n\nraid\n") == "no_sender"
    assert read(b"Subject: raid\n\nraid\n") == "no_sender"


def test_a_delivery_status_is_a_bounce() -> None:
    assert read(bounce(US, "x@far.example", action="failed", status="5.1.1")) == "bounce"


def test_a_person_s_own_program_may_say_that_they_wrote_it() -> None:
    assert letter(mail_of(ADA, US, "raid", auto_submitted="no")).text == "raid"
    assert not letter(mail_of(ADA, US, "raid", x_auto_response_suppress="DR, All")).answerable


def test_a_mail_without_words_is_none_and_a_subject_alone_is_one() -> None:
    assert read(mail_of(ADA, US, " \n")) == "no_text"
    assert letter(mail_of(ADA, US, "", subject="raid in Ridley Road")).subject == "raid in Ridley Road"


def test_the_plain_text_of_two_is_read_and_html_where_there_is_nothing_else() -> None:
    both = mail_of(ADA, US, "plain words")
    both.add_alternative("<p>other words</p>", subtype="html")
    assert letter(both).text == "plain words"
    only = EmailMessage()
    only["From"] = ADA
    only.set_content(
        f"<html><head><style>{'x' * 30_000}</style></head><body><p>two vans</p><p>Ridley Road</p></body>",
        subtype="html",
    )
    assert letter(only).text.split() == ["two", "vans", "Ridley", "Road"]


def test_the_words_around_a_picture_are_read_and_nothing_that_is_attached() -> None:
    mail = MIMEMultipart()
    mail["From"] = ADA
    for words in ("above the picture", "below it"):
        mail.attach(MIMEText(words))
    notes = MIMEText("an old file")
    notes.add_header("Content-Disposition", "attachment", filename="notes.txt")
    mail.attach(notes)
    other = mail_of(ADA, US, "an attached mail")
    whole = letter(mail.as_bytes())
    assert whole.text == "above the picture\nbelow it"
    carrier = mail_of(ADA, US, "see there")
    carrier.add_attachment(other)
    carrier.add_attachment(b"\x89PNG" * 100, maintype="image", subtype="png", filename="x.png")
    assert letter(carrier).text == "see there"


def test_an_answer_is_without_what_it_answers_and_one_passed_on_is_whole() -> None:
    quoted = "in Ridley Road\n\nOn 1 May 2022 Relay wrote:\n> Where exactly?"
    found = letter(mail_of(ADA, US, quoted, subject="Re: Raid", in_reply_to="<1@hub.example>"))
    assert (found.text, found.answers) == ("in Ridley Road", True)
    passed = letter(mail_of(ADA, US, quoted, subject="Fwd: Raid", in_reply_to="<1@hub.example>"))
    assert (passed.text, passed.forwarded) == (quoted, True)
    assert (
        letter(mail_of(ADA, US, "> all of it quoted", in_reply_to="<1@x.example>")).text
        == "> all of it quoted"
    )


def test_html_that_quotes_is_cut_where_the_quotation_begins() -> None:
    mail = EmailMessage()
    mail["From"], mail["In-Reply-To"] = ADA, "<1@hub.example>"
    mail.set_content(
        "<p>in Ridley Road</p><div class='gmail_quote'>On 1 May Relay wrote<blockquote>Where?",
        subtype="html",
    )
    assert letter(mail).text == "in Ridley Road"


def test_lines_that_a_program_broke_are_whole_again() -> None:
    head = b"From: a@x.example\nContent-Type: text/plain; format=flowed\n\n"
    assert (
        letter(head + b"two vans \nin Ridley Road\nsix officers\n").text
        == "two vans in Ridley Road\nsix officers"
    )


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("utf-8", "İki minibüs".encode(), "İki minibüs"),
        ("iso-8859-9", "İki minibüs".encode("iso-8859-9"), "İki minibüs"),
        ("gb2312", "两辆车".encode("gb2312"), "两辆车"),
        ("no-such-charset", "two väns".encode(), "two väns"),
        ("unicode_escape", b"two\\x20vans \\q", "two\\x20vans \\q"),
        ("punycode", b"two vans", "two vans"),
        ("undefined", b"two vans", "two vans"),
        ("zlib", b"two vans", "two vans"),
        ("us-ascii", "two väns".encode(), "two väns"),
        ("gb2312", "鎔".encode("gbk"), "鎔"),
        ("bz2", b"two vans", "two vans"),
        ("utf-16-le", "two vans".encode("utf-16-le"), "two vans"),
        ("", b"\x81\x8d", "\x81\x8d"),
        ("", "two väns".encode("latin-1"), "two väns"),
        ("utf-8\0", b"two vans", "two vans"),
    ],
)
def test_a_text_is_read_as_it_is_written_however_that_is_named(charset: str, raw: bytes, text: str) -> None:
    named = f"Content-Type: text/plain; charset={charset}\n" if charset else ""
    head = f"From: a@x.example\n{named}Content-Transfer-Encoding: 8bit\n\n".encode()
    assert letter(head + raw).text == text


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("=?utf-8?b?xLBraSBtaW5pYsO8cw==?=", "İki minibüs"),
        ("=?no-such?q?two_vans?=", "two vans"),
        ("=?utf-8?b?x?=", "=?utf-8?b?x?="),
        ("two\n vans", "two vans"),
        ("x" * 9_000, "x" * 200),
    ],
)
def test_a_subject_is_one_line_whatever_it_is_made_of(subject: str, says: str) -> None:
    assert letter(f"From: a@x.example\nSubject: {subject}\n\nraid".encode()).subject == says


def test_a_copy_has_the_same_name_and_nobody_else_can_take_it() -> None:
    mail = mail_of(ADA, US, "raid", message_id="<1@far.example>")
    again = b"Received: by another.example\n" + mail.as_bytes()
    other = mail_of("eve@x.example", US, "raid", message_id="<1@far.example>")
    assert letter(mail).name == letter(again).name != letter(other).name
    without = mail_of(ADA, US, "raid", date="Sat, 14 May 2022 18:42:00 +0000")
    assert letter(without).name == letter(without).name != letter(mail_of(ADA, US, "raid")).name


@pytest.mark.parametrize(
    "message_id",
    ["<1@x.example>\r\nBcc: eve@x.example", "<1 2@x>", "1@x.example", "<" + "x" * 300 + ">", "<<1@x>>"],
)
def test_a_name_that_could_be_more_than_one_is_none(message_id: str) -> None:
    raw = f"From: a@x.example\nMessage-ID: {message_id}\n\nraid".encode()
    assert letter(raw).message_id in {"", "<1@x.example>"}


def test_whatever_the_library_raises_at_a_mail_it_is_named() -> None:
    assert read(b"From: " + b"<(" * 50_000 + b"\n\nraid\n") == "not_understood"


BUSY = {
    "lines": b"\n" + b"x\n" * 400_000,
    "headers": b"X: y\n" * 400_000,
    "borders": b'Content-Type: multipart/mixed; boundary="a"\n\n' + b"--a\n\nx\n" * 2_000,
    "borders by another end of line": b'Content-Type: multipart/mixed; boundary="a"\r\r'
    + b"--a\r\rx\r" * 2_000,
    "parameters": b"Content-Type: text/plain; " + b"a*0=b; " * 500 + b"\n\nraid",
    "parameters on many lines": b"Content-Type: text/plain;\n" + b" a*0=b;\n" * 500 + b"\nraid",
}


@pytest.mark.parametrize("made", BUSY)
def test_a_mail_made_to_keep_us_busy_is_not_taken_apart(made: str) -> None:
    assert read(b"From: a@x.example\n" + BUSY[made]) == "too_many_parts"


def test_a_mail_of_parts_within_parts_is_not_taken_apart() -> None:
    nested = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(3_000))
    assert read(f"From: a@x.example\n{nested}".encode()) == "too_many_parts"


SPOILT = b"""From: =?utf-8?q?Ada?= <ada@far.example>
Subject: =?utf-8?b?cmFpZA==?=
Message-ID: <1@far.example>
In-Reply-To: <0@far.example>
Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/plain; charset*0="utf"; charset*1="-8"; format=flowed
Content-Transfer-Encoding: base64
Content-Disposition: inline; filename*=utf-8''x.txt

dHdvIHZhbnM=
--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>two=20vans</p>
--b--
"""


@given(data=st.data())
def test_a_spoilt_mail_is_read_or_named_and_not_raised(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(SPOILT)))
    cut = data.draw(st.integers(0, 30))
    assert isinstance(
        letter_in(SPOILT[:at] + data.draw(st.binary(max_size=30)) + SPOILT[at + cut :], US), Letter | Ignored
    )


@given(head=st.binary(max_size=200), body=st.binary(max_size=200))
def test_any_bytes_are_read_or_named_and_not_raised(head: bytes, body: bytes) -> None:
    assert isinstance(letter_in(b"From: a@x.example\n" + head + b"\n\n" + body, US), Letter | Ignored)

"""What may be written to of all that people, and attackers, type where the form asks for a contact."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contacts import EmailAddress, PhoneNumber, Reach, contact_of, mailbox_of, stored_contact
from shared.errors import SettingsError
from shared.plugins.bridge_file import read_bridges
from shared.plugins.contacts_file import FormContacts, read_contacts

UK = Reach(email=True, countries=("GB",))


@pytest.mark.parametrize(
    ("typed", "contact"),
    [
        ("07400 123456", PhoneNumber("+447400123456")),
        (" +44 (0)7400-123 456", PhoneNumber("+447400123456")),
        ("٠٧٤٠٠١٢٣٤٥٦", PhoneNumber("+447400123456")),
        ("anna@mail.example", EmailAddress("anna@mail.example")),
        ("Anna.B+raid@MAIL.Example", EmailAddress("Anna.B+raid@mail.example")),
        # Numbers that cost whoever writes to them, or that no phone has.
        ("0906 123 4567", None),
        ("+44 70 1234 5678", None),
        ("0871 123 4567", None),
        ("020 7946 0000", None),
        ("07700 900123", None),
        ("+882 16 1234", None),
        ("999", None),
        # Whose country is not written to: Jersey shares the code, and no price.
        ("+44 7797 123456", None),
        ("+40 721 123 456", None),
        # What would end a header, name a second recipient, or stand for a secret.
        ("a@b.example\r\nBcc: all@c.example", None),
        ("a@b.example\nBcc: all@c.example", None),
        ("a@b.example,c@d.example", None),
        ("a@b.example c@d.example", None),
        ("<a@b.example>", None),
        ('"a b"@c.example', None),
        ("a@b.example\x00", None),
        ("file:/etc/passwd@b.example", None),
        ("env:SECRET@b.example", None),
        ("a@[127.0.0.1]", None),
        ("a@localhost", None),
        ("a..b@c.example", None),
        ("ä@b.example", None),
        ("a@b.example" + "x" * 300, None),
        ("x" * 65 + "@b.example", None),
        ("07400 123456 ext. 9", None),
        ("07400123456;07400123457", None),
        ("", None),
        ("nonsense", None),
    ],
)
def test_what_can_be_written_to(typed: str, contact: EmailAddress | PhoneNumber | None) -> None:
    assert contact_of(typed, UK) == contact
    if contact:
        assert stored_contact(contact.text) == contact


def test_only_what_the_hub_can_write_to_is_a_contact() -> None:
    phone, mail = "+447400123456", "anna@mail.example"
    only_mail, only_phone = Reach(email=True), Reach(countries=("GB",))
    assert (contact_of(phone, only_mail), contact_of(mail, only_phone)) == (None, None)
    assert contact_of(phone, Reach()) is contact_of(mail, Reach()) is None
    abroad = Reach(countries=("GB", "RO"))
    assert contact_of("+40 721 123 456", abroad) == PhoneNumber("+40721123456")
    assert (abroad.codes, only_mail.anybody, Reach().anybody) == ("+44, +40", True, False)


@given(st.text(max_size=60) | st.from_regex(r"[a-z\r\n@.<>:, ]{1,30}@b\.example", fullmatch=True))
def test_whatever_is_typed_a_contact_is_one_plain_line(typed: str) -> None:
    contact = contact_of(typed, UK)
    assert contact is None or (
        contact.text.isascii() and contact.text.isprintable() and not set(contact.text) & set(' <>,;:"\\')
    )


@pytest.mark.parametrize("address", ["07400123456", "+449061234567", "a@B.example", "", "env:X", "!room:x"])
def test_what_this_hub_never_stored_is_no_contact(address: str) -> None:
    assert stored_contact(address) is None


BRIDGES = """
- {id: sms-london, kind: android-sms, settings: {signing_key: env:KEY}}
- {id: bot, kind: telegram, settings: {secret_token: env:KEY}}
- {id: mail, kind: email, settings: {address: a@x.example, mailbox: "imaps://a@x.example", password: env:KEY}}
"""
EMAIL = "email: {kind: smtp, settings: {host: mail.example, sender: relay@hub.example%s}}"
PHONE = (
    "phone: {kind: kannel, settings: {url: 'http://127.0.0.1:1', username: relay, password: env:P,"
    " sender: Hub}%s}"
)


def read(folder: Path, text: str, form_url: str = "https://hub.example/") -> FormContacts:
    (folder / "bridges.yaml").write_text(BRIDGES)
    (folder / "contacts.yaml").write_text(text)
    return read_contacts(folder / "contacts.yaml", read_bridges(folder / "bridges.yaml"), form_url=form_url)


def test_a_file_with_both_ways(tmp_path: Path) -> None:
    found = read(
        tmp_path, f"{EMAIL % ''}\n{PHONE % ', answers: sms-london, countries: [GB, IE], per_hour: 9'}"
    )
    assert found.reach == Reach(email=True, countries=("GB", "IE"))
    email, phone = found.way(EmailAddress("a@b.example")), found.way(PhoneNumber("+447400123456"))
    assert email
    assert phone
    assert (email.kind, email.answers, email.per_hour) == ("smtp", None, 60)
    assert (phone.kind, phone.answers, phone.per_hour) == ("kannel", "sms-london", 9)


def test_without_a_file_or_with_an_empty_one_nobody_is_written_to(tmp_path: Path) -> None:
    assert read_contacts(None, {}, form_url="") == FormContacts() == read(tmp_path, "", form_url="")
    assert FormContacts().way(EmailAddress("a@b.example")) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("email: {kind: kannel}", "email: kind must be one of smtp"),
        ("phone: {kind: smtp}", "phone: kind must be one of kannel"),
        ("fax: {kind: smtp}", "fax: there is no such key"),
        (EMAIL % ", to: [a@b.example]", "email: leave out `to`"),
        (EMAIL % ", bounces_to: b@hub.example", "email: settings.bounces_mailbox"),
        (EMAIL % ", port: none", "email: settings.port"),
        (PHONE % ", answers: nowhere", "answers: nowhere is no SMS bridge"),
        (PHONE % ", answers: bot", "answers: bot is no SMS bridge"),
        (PHONE % ", answers: mail", "answers: mail is no SMS bridge"),
        (PHONE % ", countries: [XX]", "two letters"),
        (PHONE % ", countries: []", "countries"),
        (PHONE % ", per_hour: 0", "per_hour"),
        ("[", "line"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=r"contacts\.yaml") as caught:
        read(tmp_path, text)
    assert says in str(caught.value)


def test_without_a_form_to_answer_by_nobody_can_be_asked(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="RELAY_INGEST_PUBLIC_URL"):
        read(tmp_path, EMAIL % "", form_url="")


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada+1@example.org", "ada@example.org"),
        ("ADA+2+3@Example.org", "ada@example.org"),
        ("+tag@example.org", "+tag@example.org"),
        ("+447400123456", "+447400123456"),
        ("@ada:example.org", "@ada:example.org"),
    ],
)
def test_one_mailbox_is_counted_as_one(address: str, mailbox: str) -> None:
    assert mailbox_of(address) == mailbox

"""E-mail: a mailbox of the hub's own; whoever writes to it reports, and is answered in the same thread.

The mailbox is read by IMAP, and a mail is deleted there once its report is stored: a crash loses nothing, and
no words lie there longer than they must. What is no person's mail (an answer of a machine, a list, a bounce,
our own) is counted and stays. A mail is known by its Message-ID and sender, so a copy is no second report.
"""

import asyncio
import json
import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import ClassVar, Final

from pydantic import Field

from alert_relay.plugins import (
    CANNOT_WRITE_BACK,
    SERVERS,
    BadCredentials,
    ChannelHost,
    Ignored,
    IncomingReport,
    Outcome,
    PluginSettings,
    ReadingHost,
    Rejected,
    RetryLater,
    Secrets,
    Spec,
    looks_like_desk_reply,
    with_code_of,
)
from shared.plugins import mail_server
from shared.plugins.imap_mailbox import OLDEST, Mail, Mailbox
from shared.plugins.mail_text import Letter, letter_in
from shared.plugins.mail_words import READING, SET_UP, WHILE_AWAY
from shared.plugins.smtp_mail import hand_over

_MOST_SUBJECT: Final = 80
_LEADS_ELSEWHERE: Final = re.compile(r"[/@]|\w\.\w")
_LINE: Final = 900
"""A longer line would be broken, and the name of a mail in it spoilt: many have more than the usual 78."""


class EmailSettings(PluginSettings):
    """The mailbox, and how it is answered from."""

    address: str = Field(min_length=3)
    """The address that people write to; answers come from it."""
    mailbox: str = Field(pattern=mail_server.IMAP)
    """How it is read: imaps://user@server."""
    password: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the password, for reading and for answering."""
    outgoing: str = Field(default="", pattern=f"^$|{mail_server.SMTP}")
    """How mail goes out: smtps://user@server; without it nobody is answered."""


class Email:
    """One mailbox. It remembers nothing: what lies there is still to be done."""

    spec: ClassVar[Spec] = Spec(
        kind="email",
        title="E-mail",
        summary="People write to an address of the hub's; each mail is a report, answered in its thread.",
        who_else_reads=(
            "The writer's mail provider and the hub's can read everything, and so can whoever carries it "
            "between them where they do not encrypt."
        ),
        stability="good",
        tested="real",
        example={
            "address": "reports@hub.example",
            "mailbox": "imaps://reports@mail.hub.example",
            "password": "env:RELAY_MAIL_PASSWORD",
            "outgoing": "smtps://reports@mail.hub.example",
        },
        contacts="message",
        read_by=SERVERS,
        set_up=SET_UP,
        while_away=WHILE_AWAY,
        notes=READING,
    )
    Settings: ClassVar[type[PluginSettings]] = EmailSettings

    def __init__(self, settings: EmailSettings, secrets: Secrets) -> None:
        """Resolve the password."""
        self._address = mail_server.plain_address(settings.address, "address", "an email bridge")
        self._settings = settings
        self._mailbox = Mailbox(mail_server.mail_server(settings.mailbox), secrets.resolve(settings.password))

    async def read(self, host: ReadingHost) -> RetryLater | BadCredentials:
        """Read the mailbox until its server breaks off."""

        async def look(mails: Sequence[Mail]) -> Collection[str]:
            stored = []
            for mail in mails:
                found = await asyncio.to_thread(self.report_in, mail, host.now)  # a large one takes a while
                if isinstance(found, IncomingReport):
                    await host.take(found)
                    stored.append(mail.uid)
                else:
                    host.ignored(found)
            return stored

        return await self._mailbox.follow(host.connected, look)

    def report_in(self, mail: Mail, now: datetime) -> IncomingReport | Ignored:
        """The report in one mail, or why there is none."""
        if mail.at is not None and now - mail.at > OLDEST:
            return Ignored("too_old")
        letter = letter_in(mail.raw, self._address)
        if isinstance(letter, Ignored):
            return letter
        return IncomingReport(
            source_id=letter.name,
            text=words_of(letter),
            sender=letter.sender.lower(),
            contact=_contact(letter),
            observed_at=mail.at,
            # Whoever passes on another's mail was not necessarily there.
            first_hand=False if letter.forwarded else None,
        )

    async def write_back(self, address: str, text: str, host: ChannelHost, *, key: str) -> Outcome:
        """Mail it to whoever wrote, below their mail."""
        if not self._settings.outgoing:
            return CANNOT_WRITE_BACK
        contact = _contact_in(address)
        if contact is None:
            return Rejected("bad_address")
        server = mail_server.mail_server(self._settings.outgoing)
        password = host.secrets.resolve(self._settings.password)
        mail = _answer(self._address, contact, text, key)
        return await hand_over(server, password, mail, sender=self._address, to=contact[0])


def words_of(letter: Letter) -> str:
    """What a mail says: its text, and the subject above it where that is the writer's own."""
    if letter.answers:
        return with_code_of(letter.text, letter.subject) or letter.text or letter.subject
    to_desk = looks_like_desk_reply(letter.text, addressed=True)
    if to_desk or letter.subject.lower() in letter.text.lower():
        return letter.text
    return f"{letter.subject}\n{letter.text}".strip()


def _contact(letter: Letter) -> str | None:
    """Whom to answer, and which mail of theirs: as `_contact_in` reads it."""
    if not letter.answerable or not mail_server.is_plain_address(letter.sender):
        return None
    return json.dumps([letter.sender, letter.message_id, letter.subject], ensure_ascii=False)


def _contact_in(contact: str) -> tuple[str, str, str] | None:
    """Whom to answer, and which mail; None for what is no contact of ours."""
    try:
        address, message_id, subject = json.loads(contact)
    except (ValueError, TypeError, RecursionError):
        return None
    if not all(isinstance(one, str) for one in (address, message_id, subject)):
        return None
    return (address, message_id, subject) if mail_server.is_plain_address(address) else None


def _answer(us: str, contact: tuple[str, str, str], text: str, key: str) -> bytes:
    address, answered, subject = contact
    mail = EmailMessage(policy=SMTP.clone(max_line_length=_LINE))
    mail["From"], mail["To"] = us, address
    mail["Subject"] = _subject(subject)
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{key}@{us.rpartition('@')[2]}>"
    if answered:
        mail["In-Reply-To"] = mail["References"] = answered
    mail["Auto-Submitted"] = "auto-replied"
    mail["X-Auto-Response-Suppress"] = "All"  # what Exchange understands
    mail.set_content(text.replace("\0", ""), cte="quoted-printable")
    return mail.as_bytes()


def _subject(theirs: str) -> str:
    """Theirs, which keeps the thread together; not one that would lead a stranger somewhere."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in theirs).split())
    if len(plain) > _MOST_SUBJECT or _LEADS_ELSEWHERE.search(plain):
        return "Re:"
    return plain if plain.lower().startswith("re:") else f"Re: {plain}".strip()

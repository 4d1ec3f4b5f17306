"""E-mail by SMTP: one mail per address, threaded by incident, never showing one address to another.

Where its settings name a mailbox, each mail has a return address of its own (VERP), and what comes back there
says which mail never arrived.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from alert_relay.plugins import (
    BadCredentials,
    ChannelHost,
    DeliveryReceipt,
    HearingHost,
    Ignored,
    Outcome,
    PluginSettings,
    RenderedMessage,
    RetryLater,
    Spec,
)
from shared.plugins.addresses import resolved
from shared.plugins.bounces import ReturnPath, come_back
from shared.plugins.imap_mailbox import Mail, Mailbox
from shared.plugins.mail_server import IMAP, MailServer, mail_server, plain_address
from shared.plugins.smtp_mail import hand_over


class SmtpSettings(PluginSettings):
    """The mail server, who writes, and to whom."""

    host: str = Field(min_length=1)
    """The mail server's name."""
    port: int = Field(default=587, ge=1, le=65535)
    """587 for `starttls`, 465 for `tls`."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """`none` only for a server on this machine."""
    username: str | None = None
    """Who logs in; without one nobody does."""
    password: str | None = Field(default=None, pattern=r"^(env|file):.+$")
    """A reference to the password."""
    sender: str = Field(min_length=3)
    """The address that the mails come from."""
    to: tuple[str, ...] = Field(min_length=1)
    """Addresses, or references to them."""
    bounces_to: str | None = None
    """The address of a mailbox where mails come back that could not be delivered; it takes what is written to
    `name+anything@`, too."""
    bounces_mailbox: str | None = Field(default=None, pattern=IMAP, validate_default=True)
    """How that mailbox is read: imaps://user@server."""
    bounces_password: str | None = Field(default=None, pattern=r"^(env|file):.+$", validate_default=True)
    """A reference to that mailbox's password."""

    @field_validator("bounces_mailbox", "bounces_password")
    @classmethod
    def _all_or_none(cls, value: str | None, info: ValidationInfo) -> str | None:
        """A mailbox that cannot be read would swallow what comes back."""
        if value and not info.data.get("bounces_to"):
            raise ValueError("needs bounces_to, too")
        if info.data.get("bounces_to") and not value:
            raise PydanticCustomError("missing", "is needed with bounces_to")
        return value


class SmtpChannel:
    """Sends each mail over a connection of its own, so that one refusal touches no other."""

    spec: ClassVar[Spec] = Spec(
        kind="smtp",
        title="E-mail",
        summary="Mails alerts through your mail server; all mails about one incident form a thread.",
        who_else_reads="Your mail server, the recipients' mail providers, and who can read their screens.",
        stability="good",
        tested="real",
        example={
            "host": "mail.group.example",
            "username": "relay",
            "password": "env:HACKNEY__SMTP_PASSWORD",
            "sender": "relay@group.example",
            "to": ["rota@group.example"],
            "bounces_to": "bounces@group.example",
            "bounces_mailbox": "imaps://bounces@mail.group.example",
            "bounces_password": "env:HACKNEY__BOUNCES_PASSWORD",
        },
        notes="""
- *Accepted* means that your mail server took the mail. An address that it refuses at once is *refused*; one
  that another server refuses later comes back as a mail, and nobody reads that unless the three `bounces_…`
  settings name a mailbox for it. Then the ledger says *failed*, with the reason (`dsn_5_1_1`: no such
  address).
- **That mailbox** should be for nothing else. Its server must put mail to `bounces+anything@group.example`
  into the mailbox of `bounces@group.example`, as most do. Each mail's return address holds a name made for
  that mail alone: what comes back to a name that is none of ours is not believed, and left where it is.
- What has come back is **deleted** once the ledger has it: it names whom you wrote to. Where your mail server
  can, it is asked to send no words back (RFC 3461). A delay is counted and says nothing; *delivered* is
  seldom said.
- Several channels may share a mailbox, and so may groups that trust each other with its password. With
  another password, what comes back of mails sent before is no longer known.
- The hub's own mails, to subscribers and to those who are asked back, come back likewise: the operator puts
  the same three settings into the contacts file.
- `relay status` names a mailbox that is not read, and why.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = SmtpSettings
    max_chars: ClassVar[int] = 4000

    def __init__(self, settings: SmtpSettings, host: ChannelHost) -> None:
        username = resolved(settings.username, host.secrets) if settings.username else None
        self._server = MailServer(settings.host, settings.port, settings.tls, username)
        self._password = resolved(settings.password, host.secrets) if settings.password else None
        self._sender = _address(settings.sender, "sender")
        self._to = tuple(_address(resolved(to, host.secrets), "to") for to in settings.to)
        self._bounces: tuple[ReturnPath, Mailbox] | None = None
        if settings.bounces_to and settings.bounces_mailbox and settings.bounces_password and host.name:
            password = host.secrets.resolve(settings.bounces_password)
            path = ReturnPath.of(_address(settings.bounces_to, "bounces_to"), password, host.name)
            self._bounces = path, Mailbox(mail_server(settings.bounces_mailbox), password)

    def recipients(self) -> Sequence[str]:
        """The addresses."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Mail it to one address; once the content is on its way, a broken connection is `Unknown`."""
        mail = self._mail(address, message, key)
        name = self._bounces[0].name_of(key) if self._bounces else None
        sender = self._bounces[0].address_of(name) if self._bounces and name else self._sender
        return await hand_over(
            self._server, self._password, mail, sender=sender, to=address, provider_id=name
        )

    async def fetch_receipts(self, host: HearingHost) -> RetryLater | BadCredentials | None:
        """Read what comes back, and delete it once it is recorded; nothing where no mailbox is named."""
        if self._bounces is None:
            return None
        path, mailbox = self._bounces

        async def look(mails: Sequence[Mail]) -> Collection[str]:
            found = {mail.uid: back for mail in mails if (back := come_back(mail.raw, path)) is not None}
            for _ in range(len(mails) - len(found)):
                host.ignored(Ignored("not_ours"))
            for _, said in found.values():
                if isinstance(said, Ignored):
                    host.ignored(said)
            await host.take([said for _, said in found.values() if isinstance(said, DeliveryReceipt)])
            return found.keys()

        return await mailbox.follow(host.connected, look)

    def _mail(self, address: str, message: RenderedMessage, key: str) -> bytes:
        domain = self._sender.rpartition("@")[2]
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"] = self._sender, address
        mail["Subject"] = " ".join("".join(c if c.isprintable() else " " for c in message.subject).split())
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = f"<{key}@{domain}>"
        if message.thread:
            mail["References"] = mail["In-Reply-To"] = f"<{message.thread}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        if message.leave_url:  # RFC 8058: one tap, and no page in between
            mail["List-Unsubscribe"] = f"<{message.leave_url}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail["X-Priority"] = "1" if message.urgent else "3"
        mail.set_content(message.text.replace("\0", ""), cte="quoted-printable")
        return mail.as_bytes()


def _address(text: str, key: str) -> str:
    return plain_address(text, key, "an smtp channel")

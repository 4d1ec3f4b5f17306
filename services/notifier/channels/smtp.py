"""E-mail by SMTP: one mail per address, threaded by incident, never showing one address to another."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import ClassVar, Literal

import aiosmtplib
from pydantic import Field

from shared.errors import SettingsError
from shared.plugins.addresses import resolved
from shared.plugins.spec import (
    BadCredentials,
    ChannelHost,
    Delivered,
    Outcome,
    PluginSettings,
    Rejected,
    RenderedMessage,
    RetryLater,
    Spec,
    Unknown,
)

_PERMANENT = 500
_CONNECT_S = 5.0
_AUTHENTICATION = frozenset({454, 530, 534, 535, 538})


class SmtpSettings(PluginSettings):
    """The mail server, who writes, and to whom."""

    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """`none` only for a server on this machine."""
    username: str | None = None
    password: str | None = Field(default=None, pattern=r"^(env|file):.+$")
    """A reference to the password."""
    sender: str = Field(min_length=3)
    to: tuple[str, ...] = Field(min_length=1)
    """Addresses, or references to them."""


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
        },
    )
    Settings: ClassVar[type[PluginSettings]] = SmtpSettings
    max_chars: ClassVar[int] = 4000

    def __init__(self, settings: SmtpSettings, host: ChannelHost) -> None:
        self._settings = settings
        self._username = resolved(settings.username, host.secrets) if settings.username else None
        self._password = resolved(settings.password, host.secrets) if settings.password else None
        self._sender = _address(settings.sender, "sender")
        self._to = tuple(_address(resolved(to, host.secrets), "to") for to in settings.to)

    def recipients(self) -> Sequence[str]:
        """The addresses."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Mail it to one address; once the content is on its way, a broken connection is `Unknown`."""
        mail = self._mail(address, message, key)
        client = self._client()
        try:
            outcome = await self._envelope(client, address)
            return outcome or await _content(client, mail)
        finally:
            client.close()

    async def _envelope(self, client: aiosmtplib.SMTP, address: str) -> Outcome | None:
        """Everything before the content: whatever fails here, nothing was sent."""
        try:
            await client.connect()
            if self._username is not None and self._password is not None:
                await client.login(self._username, self._password)
            await client.mail(self._sender)
            await client.rcpt(address)
        except aiosmtplib.SMTPConnectResponseError as error:
            # the server turns everybody away now
            return RetryLater(f"smtp_{error.code}", words=error.message)
        except aiosmtplib.SMTPResponseException as error:
            return _refusal(error)
        except (aiosmtplib.SMTPException, OSError):
            return RetryLater("unreachable")
        return None

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._settings.host,
            port=self._settings.port,
            timeout=_CONNECT_S,
            use_tls=self._settings.tls == "tls",
            start_tls=self._settings.tls == "starttls",
        )

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


async def _content(client: aiosmtplib.SMTP, mail: bytes) -> Outcome:
    try:
        await client.data(mail)
    except aiosmtplib.SMTPResponseException as error:
        return _refusal(error)
    except (aiosmtplib.SMTPException, OSError):
        return Unknown("connection_broke")
    return Delivered()


def _refusal(error: aiosmtplib.SMTPResponseException) -> Outcome:
    code, words = error.code, error.message
    if code in _AUTHENTICATION:
        return BadCredentials(words=words)
    if code >= _PERMANENT:
        return Rejected(f"smtp_{code}", words=words)
    return RetryLater(f"smtp_{code}" if code > 0 else "unreachable", words=words)


def _address(text: str, key: str) -> str:
    """An address that can hold no second header or recipient."""
    if "@" not in text or not text.isascii() or any(c.isspace() or c in '<>,;:"' for c in text):
        raise SettingsError(f"`{key}` of an smtp channel must be a plain address like rota@group.example.")
    return text

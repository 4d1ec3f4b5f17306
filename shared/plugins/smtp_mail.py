"""Handing one mail to a mail server, and what its answers mean, for channel and bridge alike."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import aiosmtplib

from shared.plugins.mail_server import MailServer
from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RetryLater, Unknown

_PERMANENT: Final = 500
_CONNECT_S: Final = 5.0
_AUTHENTICATION: Final = frozenset({454, 530, 534, 535, 538})


async def hand_over(  # noqa: PLR0913 - a mail, its envelope, and where that goes
    server: MailServer,
    password: str | None,
    mail: bytes,
    *,
    sender: str,
    to: str,
    provider_id: str | None = None,
) -> Outcome:
    """Mail it to one address over a connection of its own, so that one refusal touches no other.

    Once the content is on its way, a broken connection is `Unknown`. A bounce shall hold no words of ours
    (RFC 3461), where the server knows how.
    """
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        timeout=_CONNECT_S,
        use_tls=server.tls == "tls",
        start_tls=server.tls == "starttls",
    )
    try:
        outcome = await _envelope(client, server.username, password, sender, to)
        return outcome or await _content(client, mail, provider_id)
    finally:
        client.close()


async def _envelope(
    client: aiosmtplib.SMTP, username: str | None, password: str | None, sender: str, to: str
) -> Outcome | None:
    """Everything before the content: whatever fails here, nothing was sent."""
    try:
        await client.connect()
        if username is not None and password is not None:
            await client.login(username, password)
        if client.is_ehlo_or_helo_needed:
            with suppress(aiosmtplib.SMTPHeloError):  # one of before 1995: it is greeted in the old way
                await client.ehlo()
        await client.mail(sender, options=_asked(client, "RET=HDRS"))
        await client.rcpt(to, options=_asked(client, "NOTIFY=FAILURE"))
    except aiosmtplib.SMTPConnectResponseError as error:
        # the server turns everybody away now
        return RetryLater(f"smtp_{error.code}", words=error.message)
    except aiosmtplib.SMTPResponseException as error:
        return _refusal(error)
    except (aiosmtplib.SMTPException, OSError):
        return RetryLater("unreachable")
    return None


def _asked(client: aiosmtplib.SMTP, option: str) -> Sequence[str]:
    return [option] if client.supports_extension("dsn") else []


async def _content(client: aiosmtplib.SMTP, mail: bytes, provider_id: str | None) -> Outcome:
    try:
        await client.data(mail)
    except aiosmtplib.SMTPResponseException as error:
        return _refusal(error)
    except (aiosmtplib.SMTPException, OSError):
        return Unknown("connection_broke")
    return Delivered(provider_id)


def _refusal(error: aiosmtplib.SMTPResponseException) -> Outcome:
    code, words = error.code, error.message
    if code in _AUTHENTICATION:
        return BadCredentials(words=words)
    if code >= _PERMANENT:
        return Rejected(f"smtp_{code}", words=words)
    return RetryLater(f"smtp_{code}" if code > 0 else "unreachable", words=words)

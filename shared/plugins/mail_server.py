"""Where mail comes in and goes out, as settings say it: an address of one line instead of five settings.

    imaps://relay@mail.hub.example        smtps://relay@mail.hub.example:465

The user stands before the last @, and may hold one itself. Without the s in front (`imap://`, `smtp://`) the
connection is encrypted all the same, by STARTTLS, unless it leads to this machine.
"""

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from shared.errors import SettingsError

Tls = Literal["tls", "starttls", "none"]
IMAP: Final = r"^imaps?://[^\s@/:]+(@[^\s@/:]+)?@[^\s@/:]+(:[0-9]{1,5})?$"
"""What an address of a mailbox looks like: whose it is has to be said."""
SMTP: Final = r"^smtps?://([^\s@/:]+(@[^\s@/:]+)?@)?[^\s@/:]+(:[0-9]{1,5})?$"
_PORTS: Final = {"imaps": 993, "imap": 143, "smtps": 465, "smtp": 587}
_HERE: Final = frozenset({"localhost", "127.0.0.1"})


@dataclass(frozen=True, slots=True)
class MailServer:
    """One server, how the way to it is encrypted, and as whom to sign in; None: nobody in particular."""

    host: str
    port: int
    tls: Tls
    username: str | None = None


def mail_server(url: str) -> MailServer:
    """What such an address (`IMAP`, `SMTP`) says."""
    parts = urlsplit(url)
    user, _, _ = parts.netloc.rpartition("@")
    host = parts.hostname or ""
    tls: Tls = "tls" if parts.scheme.endswith("s") else "none" if host in _HERE else "starttls"
    return MailServer(host, parts.port or _PORTS[parts.scheme], tls, user or None)


def plain_address(text: str, key: str, kind: str) -> str:
    """An address that can hold no second header or recipient."""
    if not is_plain_address(text):
        raise SettingsError(f"`{key}` of {kind} must be a plain address like rota@group.example.")
    return text


def is_plain_address(text: str) -> bool:
    """Whether it is one address and nothing else."""
    return "@" in text[1:-1] and text.isascii() and text.isprintable() and not set(text) & set(' <>(),;:"\\')

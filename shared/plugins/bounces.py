"""Mails that come back: a return address for each mail that we send, and what such a mail says. Pure.

The return address (RFC 5321's reverse path) is `bounces+NAME@group.example`. The name stands for one mail to
one recipient, says nothing of either, and is made with a secret: whoever got that mail knows it and may say
of that mail what they like, and nothing of any other. What is not in the form that programs read (RFC 3464),
as the answers of people who are away are not, is not taken for anything.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any, Final

from shared.plugins.mail_text import parsed
from shared.plugins.spec import DeliveryReceipt, Ignored

_BYTES: Final = 10
_NAME: Final = "[a-z2-7]{32}"
_TO: Final = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
"""Where servers write to whom a mail came in, the surest first."""
_MOST_HEADERS: Final = 50
_MOST_CHARS: Final = 2_000
_STATUS: Final = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?!\d)")
_NOT_FINAL: Final = frozenset({"delayed", "relayed", "expanded"})
NO_STATUS: Final = Ignored("no_delivery_status")


@dataclass(frozen=True, slots=True)
class ReturnPath:
    """Where one channel's mails come back to."""

    address: str
    key: bytes

    @classmethod
    def of(cls, address: str, password: str, channel: str) -> "ReturnPath":
        """Of one channel: others may share the mailbox, and each knows its own."""
        key = hmac.digest(password.encode(), f"return path of {channel} at {address}".encode(), "sha256")
        return cls(address, key)

    def name_of(self, key: str) -> str:
        """The name of a mail, the same at every attempt."""
        which = self._digest(f"mail {key}")
        return _letters(which) + _letters(self._digest(f"name {_letters(which)}"))

    def address_of(self, name: str) -> str:
        """Where the mail of that name comes back to."""
        local, _, domain = self.address.rpartition("@")
        return f"{local}+{name}@{domain}"

    def name_in(self, mail: Message) -> str | None:
        """Which of our mails has come back; None for what is none of them, or says so without knowing."""
        local, _, domain = self.address.rpartition("@")
        ours = re.compile(
            rf"(?<![\w.+-]){re.escape(local)}\+({_NAME})@{re.escape(domain)}(?![\w.-])", re.IGNORECASE
        )
        told = (
            str(value)[:_MOST_CHARS] for name in _TO for value in (mail.get_all(name) or ())[:_MOST_HEADERS]
        )
        found = (name.lower() for value in told for name in ours.findall(value))
        return next((name for name in found if self._is_ours(name)), None)

    def _is_ours(self, name: str) -> bool:
        half = len(name) // 2
        return hmac.compare_digest(_letters(self._digest(f"name {name[:half]}")), name[half:])

    def _digest(self, what: str) -> bytes:
        return hmac.digest(self.key, what.encode(), hashlib.sha256)[:_BYTES]


def _letters(what: bytes) -> str:
    return base64.b32encode(what).decode().lower()


def come_back(raw: bytes, path: ReturnPath) -> tuple[str, DeliveryReceipt | Ignored] | None:
    """Which mail of ours has come back and what is said of it; None for what is no business of ours."""
    try:
        mail = parsed(raw)
        name = path.name_in(mail) if mail is not None else None
        return None if mail is None or name is None else (name, _said(name, mail))
    except Exception:  # noqa: BLE001 - whatever the library raises at a mail made for it: others wait behind it
        return None


def _said(name: str, mail: Message) -> DeliveryReceipt | Ignored:
    """Of several recipients (an alias of theirs led to them) the worst counts."""
    told = [_of_recipient(name, block) for block in _recipients(mail)]
    receipts = [one for one in told if isinstance(one, DeliveryReceipt)]
    failed = [one for one in receipts if one.arrived == "failed"]
    not_final = [one for one in told if isinstance(one, Ignored)]
    worst: list[DeliveryReceipt | Ignored] = [*failed, *not_final, *receipts]
    return worst[0] if worst else NO_STATUS


def _recipients(mail: Message) -> Iterator[Message]:
    """What a delivery status says of each recipient."""
    if mail.get_content_type() != "multipart/report":
        return
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            told: Any = part.get_payload()
            yield from (block for block in told if isinstance(block, Message) and block.get("Action"))
            return


def _of_recipient(name: str, block: Message) -> DeliveryReceipt | Ignored:
    action = str(block["Action"]).partition(";")[0].partition("(")[0].strip().lower()
    status = _STATUS.match(str(block.get("Status", ""))[:_MOST_CHARS])
    kind = status[1] if status else ""
    if action == "failed" and kind != "2":
        reason = "_".join(("dsn", *status.groups())) if status else "dsn"
        return DeliveryReceipt(name, "failed", reason)
    if action == "delivered" and kind in {"2", ""}:
        return DeliveryReceipt(name, "delivered")
    return Ignored(action if action in _NOT_FINAL else NO_STATUS.reason)

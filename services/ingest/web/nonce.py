"""The form's hidden number: makes a double submit one report, and shows that the page was ours.

Signed with the master key and timed; nothing is stored for it, here or in the browser.
"""

import base64
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from shared.sealing import MasterKey

LIFE: Final = timedelta(hours=20)
"""Shorter than NATS's duplicate window, so that a page still good can never store twice."""


def make_nonce(master: MasterKey, now: datetime) -> str:
    """A fresh one: random part, time in seconds, signature."""
    unsigned = f"{secrets.token_hex(12)}.{int(now.timestamp())}"
    return f"{unsigned}.{_signature(master, unsigned)}"


def is_good(master: MasterKey, nonce: str, now: datetime) -> bool:
    """Whether it is one of ours and not too old."""
    unsigned, _, signature = nonce.rpartition(".")
    if not hmac.compare_digest(_signature(master, unsigned).encode(), signature.encode("utf-8", "replace")):
        return False
    made = int(unsigned.rpartition(".")[2])
    return timedelta() <= now - datetime.fromtimestamp(made, now.tzinfo) + timedelta(seconds=1) <= LIFE


def _signature(master: MasterKey, unsigned: str) -> str:
    tag = master.tag("form", unsigned.encode("utf-8", "replace").decode())
    return base64.urlsafe_b64encode(tag[:12]).decode()

"""The form's hidden number: makes a double submit one report, and shows that the page was ours.

Signed with the master key and timed; nothing is stored for it, here or in the browser. It is good for the
form that it was made for alone, so that what was written into an exercise's is never taken by the real one.
"""

import base64
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from shared.sealing import MasterKey

LIFE: Final = timedelta(hours=20)
"""Shorter than NATS's duplicate window, so that a page still good can never store twice."""


def make_nonce(master: MasterKey, now: datetime, *, form: str = "") -> str:
    """A fresh one: random part, time in seconds, signature."""
    unsigned = f"{secrets.token_hex(12)}.{int(now.timestamp())}"
    return f"{unsigned}.{_signature(master, unsigned, form)}"


def is_good(master: MasterKey, nonce: str, now: datetime, *, form: str = "") -> bool:
    """Whether it is one of ours, of this form, and not too old."""
    unsigned, _, signature = nonce.rpartition(".")
    if not hmac.compare_digest(
        _signature(master, unsigned, form).encode(), signature.encode("utf-8", "replace")
    ):
        return False
    made = int(unsigned.rpartition(".")[2])
    return timedelta() <= now - datetime.fromtimestamp(made, now.tzinfo) + timedelta(seconds=1) <= LIFE


def _signature(master: MasterKey, unsigned: str, form: str) -> str:
    said = unsigned.encode("utf-8", "replace").decode()
    tag = master.tag("exercise-form", form, said) if form else master.tag("form", said)
    return base64.urlsafe_b64encode(tag[:12]).decode()

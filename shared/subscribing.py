"""What front door and notifier both know of subscribing, by the master key, without asking each other.

The code that goes with a ticket, and the key in the link to leave by: kept nowhere, made anew where it is
needed.
"""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.sealing import MasterKey

LIFE: Final = timedelta(hours=1)
"""How long a code is good."""
SLOT: Final = timedelta(minutes=10)
"""How long the same page sent again is the same request: whoever goes back for another code gets one then."""
_DIGITS: Final = 6
_KEY_HEX: Final = 20
_SLOT_DIGITS: Final = 8
LEAVE: Final = "/leave"
"""Where the front door takes those who leave by their link."""


def ticket_of(tag: bytes, now: datetime) -> str:
    """What a page's request is known by until its code comes: with the time in it, so that it ends."""
    return f"{now.timestamp() // SLOT.total_seconds():.0f}-{tag.hex()[:32]}"


def is_late(ticket: str, now: datetime) -> bool:
    """Whether the hour of a ticket is over. It is not longer than the book's, which begins a little later."""
    slot = ticket.partition("-")[0]
    if not (slot.isascii() and slot.isdecimal() and len(slot) <= _SLOT_DIGITS):
        return True
    return now > datetime.fromtimestamp(int(slot) * SLOT.total_seconds(), UTC) + LIFE


def code_of(master: MasterKey, ticket: str) -> str:
    """The six digits that are sent to a contact, and prove that whoever sends them back has it."""
    return f"{int.from_bytes(master.tag('subscriber-code', ticket)[:8], 'big') % 10**_DIGITS:0{_DIGITS}}"


def is_code(master: MasterKey, ticket: str, typed: str) -> bool:
    """Whether it is that ticket's code, compared in constant time."""
    return hmac.compare_digest(code_of(master, ticket).encode(), typed.encode("utf-8", "replace"))


def leave_path(master: MasterKey, subscriber: str) -> str:
    """The path of a subscriber's own link to leave by."""
    return f"{LEAVE}/{subscriber}/{_leave_key(master, subscriber)}"


def may_leave(master: MasterKey, subscriber: str, key: str) -> bool:
    """Whether the key is that subscriber's, compared in constant time."""
    return hmac.compare_digest(_leave_key(master, subscriber).encode(), key.encode("utf-8", "replace"))


def _leave_key(master: MasterKey, subscriber: str) -> str:
    return master.tag("subscriber-leave", subscriber).hex()[:_KEY_HEX]

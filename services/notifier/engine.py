"""What the notifier's engine works with: its units of work, its settings, its room."""

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from shared.contracts.ledger import ChunkClaimed
from shared.faults import fault_point

EXPANDING: Final = "expanding"
ENDING: Final = "ending"
"""The lane kinds of alerts that wait to be expanded, and to be settled."""
BEGIN: Final = -1
END: Final = -2
"""What stands for the chunk in a job about the whole alert."""
WIDTHS: Final = {
    "smtp": 8,
    "email": 4,
    "signal": 4,
    "twilio": 16,
    "vonage": 8,
    "kannel": 16,
    "sms-gateway": 2,
    "whatsapp": 16,
    "mastodon": 4,
    "twilio-sms": 16,
    "android-sms": 2,
    EXPANDING: 64,
    ENDING: 64,
}
"""Sends at once per lane where the usual number would be rude or useless."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim that stands in the ledger as ours, and when we began to store it (by our monotonic clock)."""

    record: ChunkClaimed
    began: float


class Planned(NamedTuple):
    """An attempt, and whether it is made or only recorded."""

    attempt: int
    only_recorded: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One chunk to send under this attempt, claimed already or not; or an alert to `BEGIN` or `END`."""

    alert_id: str
    chunk: int = BEGIN
    attempt: int = 0
    recipients: tuple[str, ...] = ()
    hopeless: bool = False
    claimed: Claimed | None = None
    probe: bool = False
    """Whether it asks a provider that didn't answer again: with one message, whatever is to be sent."""

    @property
    def who(self) -> tuple[str, int]:
        """Who it is at its account's gate."""
        return self.alert_id, self.chunk

    @property
    def name(self) -> tuple[str, int, int]:
        """The attempt that it makes."""
        return self.alert_id, self.chunk, self.attempt

    @property
    def planned(self) -> Planned:
        """What of its chunk it does."""
        return Planned(self.attempt, only_recorded=self.hopeless)


@dataclass(frozen=True, slots=True)
class Engine:
    """How the engine runs; tests put their own time, chance and faults here."""

    lease_s: float = 20.0
    deadline_s: float = 10.0
    at_once: int = 1024
    lane_width: int = 256
    public_url: str = ""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    fault: Callable[[str], None] = fault_point
    claimant: str = field(default_factory=lambda: f"n{secrets.token_hex(6)}")

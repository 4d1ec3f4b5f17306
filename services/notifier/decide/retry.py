"""What follows from an attempt's outcome: done, again after a while, or never. Pure.

Jitter is an argument, so the same outcome always gives the same decision.
"""

from dataclasses import dataclass
from typing import Final

from shared.contracts.ledger import RecipientOutcome

MAX_COPIES: Final = 2
"""Attempts that may each have left a copy with one person, over the whole life of an alert."""

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
WITHOUT_CREDENTIALS_S: Final = 60.0
"""Between attempts on a channel whose provider does not know us: a person must act first."""
LEASE_LAPSED: Final = "lease_lapsed"
"""Its claim took so long to store that somebody else may hold it for abandoned: nothing was sent under it."""
BAD_CREDENTIALS: Final = frozenset({"bad_credentials", "secret_missing"})


@dataclass(frozen=True, slots=True)
class Done:
    """It arrived."""


@dataclass(frozen=True, slots=True)
class Again:
    """Try once more when `after_s` seconds have passed."""

    after_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It surely did not arrive and never will."""

    reason: str


@dataclass(frozen=True, slots=True)
class Flag:
    """It may have arrived twice already; a person must look, nothing more is sent."""

    reason: str


Decision = Done | Again | GiveUp | Flag


def decide(
    outcome: RecipientOutcome, *, attempt: int, copies: int, jitter: float, left_s: float = float("inf")
) -> Decision:
    """What to do after `attempt` (from 1) ended so for a recipient.

    `copies` are the attempts, this one among them, that may have left a copy; `jitter` is a
    number from 0 to 1; `left_s` are the seconds until the alert is too old to be sent.
    """
    if outcome.result == "delivered":
        return Done()
    if outcome.result == "rejected":
        return GiveUp(outcome.reason)
    if copies >= MAX_COPIES:
        return Flag("ambiguous_twice")
    pause = _pause(outcome, attempt, jitter)
    return Again(pause) if pause < left_s else GiveUp("expired")


def _pause(outcome: RecipientOutcome, attempt: int, jitter: float) -> float:
    longest = FIRST_PAUSE_S * 2.0 ** min(attempt - 1, 16)
    pause = min(LONGEST_PAUSE_S, longest) * (0.5 + jitter / 2)
    if outcome.reason in BAD_CREDENTIALS:
        pause = WITHOUT_CREDENTIALS_S * (1 + jitter / 4)
    return max(pause, outcome.retry_after_s or 0.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """When to try a chunk again, and for whom. `hopeless`: no time is left, so record it instead."""

    after_s: float
    recipients: tuple[str, ...]
    hopeless: bool = False


def plan(
    recipients: tuple[str, ...],
    after: tuple[RecipientOutcome, ...],
    *,
    attempt: int,
    jitter: float,
    left_s: float,
) -> Plan:
    """The next try of a chunk whose remaining recipients had these latest outcomes (`attempt`s so far).

    Everybody waits for the longest pause asked for; those whose pause outlives the alert are
    left out, and come last, to be recorded as expired.
    """
    decisions = {
        o.recipient: decide(o, attempt=max(attempt, 1), copies=0, jitter=jitter, left_s=left_s) for o in after
    }
    hopeful = tuple(r for r in recipients if not isinstance(decisions.get(r), GiveUp))
    pauses = [d.after_s for d in decisions.values() if isinstance(d, Again)]
    if not hopeful:
        return Plan(0.0, recipients, hopeless=True)
    return Plan(max(pauses, default=0.0), hopeful)

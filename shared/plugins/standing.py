"""How a bridge stands, and when one that reads its source is read again after it broke off. Pure.

Jitter is an argument, so the same end always gives the same decision.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.plugins.spec import BadCredentials, BridgeState, Refused, RetryLater

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
LONGEST_ASKED_S: Final = 3600.0
"""A source may ask for a day; then we look again every hour, because a person may have mended it."""
STEADY_S: Final = 30.0
"""A source that was read for so long had recovered: the next pause is the first one again."""
_CONSTANT: Final = re.compile(r"[a-z0-9_]{1,64}\Z")


def constant(reason: str) -> str:
    """A plug-in's reason as it may be shown and counted: never a text of its source's."""
    return reason if _CONSTANT.match(reason) else "unspecified"


@dataclass(frozen=True, slots=True)
class Standing:
    """A bridge's state, and the constant reason for it where something is wrong."""

    state: BridgeState
    reason: str = ""


NOT_CALLED: Final = Standing("CONNECTING", "not_called_yet")
"""Of a bridge that its source calls: nobody has, since it was opened."""
_UNKNOWN_CALLER: Final = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Again:
    """How it stands now, and the seconds after which it is read again."""

    standing: Standing
    after_s: float


def again(ended: RetryLater | BadCredentials, *, failures: int, jitter: float) -> Again:
    """What follows from an end. `failures` (from 1) in a row so far; `jitter` is a number from 0 to 1."""
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16))
    pause, reason = longest * (0.5 + jitter / 2), constant(ended.reason)
    if isinstance(ended, BadCredentials):
        return Again(Standing("BAD_CREDENTIALS", reason), LONGEST_PAUSE_S * (0.5 + jitter / 2))
    if ended.after_s is not None:
        asked = min(max(ended.after_s, 0.0), LONGEST_ASKED_S)
        return Again(Standing("RATE_LIMITED", reason), max(pause, asked))
    return Again(Standing("TRANSIENT_DISCONNECT", reason), pause)


def failures_after(failures: int, *, read_for_s: float) -> int:
    """How many failures in a row it is now that it broke off once more."""
    return 1 if read_for_s >= STEADY_S else failures + 1


def called(standing: Standing, how: Refused | Exception | None) -> Standing:
    """How a bridge stands after a call: None for a sound one, else what was said of it, or what it raised.

    Anybody can call with a wrong signature. So once the source itself has called, that says nothing; before,
    it most likely is the source, and a secret that is not the same on both sides.
    """
    match how:
        case None:
            return Standing("CONNECTED")
        case Exception():
            return Standing("TRANSIENT_DISCONNECT", "plugin_error")
        case Refused(status, code) if status in _UNKNOWN_CALLER and standing.state != "CONNECTED":
            return Standing("BAD_CREDENTIALS", constant(code))
    return standing


def shown(standing: Standing, since: datetime) -> dict[str, str]:
    """For people and programs: the state, since when, and why if something is wrong."""
    found = {"state": standing.state, "since": since.isoformat(timespec="seconds")}
    return {**found, "reason": standing.reason} if standing.reason else found

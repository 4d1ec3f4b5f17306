"""When an account is left alone because its provider doesn't answer, and when one message asks again. Pure.

    closed ── enough failures in a row, or it asks for a pause ──► open ◄── failed: a longer pause ──┐
       ▲                                                            │ its time comes                 │
       └──────────────────── delivered ──── half-open: one message at a time ────────────────────────┘

Only what speaks of the provider counts: a recipient who is refused says nothing about it.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.contracts.ledger import RecipientOutcome

TO_OPEN: Final = 5
"""Failures in a row, of which a chunk brings as many as it has recipients."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
LONGEST_ASKED_S: Final = 3600.0
"""A provider's own word holds its channel so long at most; then one message asks again."""
_STATUS: Final = re.compile(r"http_(408|425|429|5\d\d)\Z")
_OF_THE_PROVIDER: Final = frozenset(
    {
        "captcha_needed",
        "connect_timeout",
        "connection_broke",
        "daily_limit",
        "deadline",
        "network_failure",
        "no_credit",
        "queue_full",
        "rate_limited",
        "smtp_421",
        "taken_for_spam",
        "timeout",
        "unavailable",
        "unreachable",
    }
)
"""Reasons that would have met any other recipient too."""


def speaks_of_provider(outcome: RecipientOutcome) -> bool:
    """Whether it failed for a reason that lies with the provider, or on the way to it."""
    if outcome.result not in {"retry", "unknown"}:
        return False
    known = outcome.reason in _OF_THE_PROVIDER or _STATUS.match(outcome.reason) is not None
    return known or bool(outcome.retry_after_s)


@dataclass(frozen=True, slots=True)
class News:
    """What one attempt says of the provider."""

    delivered: bool = False
    failures: int = 0
    asked_s: float = 0.0
    """How long it wants to be left alone; 0 if it didn't say."""
    reason: str = ""

    @classmethod
    def of(cls, outcomes: Sequence[RecipientOutcome]) -> "News":
        """All that an attempt's outcomes say together."""
        bad = [o for o in outcomes if speaks_of_provider(o)]
        asked = max(bad, key=lambda o: o.retry_after_s or 0.0, default=None)
        return cls(
            delivered=any(o.result == "delivered" for o in outcomes),
            failures=len(bad),
            asked_s=min((asked.retry_after_s or 0.0) if asked else 0.0, LONGEST_ASKED_S),
            reason=asked.reason if asked else "",
        )


@dataclass(frozen=True, slots=True)
class Breaker:
    """How an account stands. Times are those of one clock that never goes back."""

    failures: int = 0
    opened: int = 0
    """How often in a row it was opened: pauses grow with it."""
    since: float = 0.0
    """When the first of the failures was, or when it asked for a pause."""
    until: float | None = None
    """Nothing goes before; None while it is closed."""
    probe: Hashable | None = None
    """Who asks again just now."""
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is held, or half-open."""
        return self.until is not None

    def wait_s(self, now: float) -> float | None:
        """Seconds until somebody may go, at least; None if they may now."""
        if self.until is None or (now >= self.until and self.probe is None):
            return None
        return max(0.0, self.until - now)

    def entered(self, who: Hashable) -> "Breaker":
        """After somebody went, who may: while it is half-open they are the probe."""
        return self if self.until is None else replace(self, probe=who)

    def left(self, who: Hashable) -> "Breaker":
        """After they are done, whether they learned something or not."""
        return replace(self, probe=None) if self.probe == who else self

    def after(self, news: News, *, who: Hashable, now: float, jitter: float) -> "Breaker":
        """After somebody's attempt ended so; `jitter` is a number from 0 to 1.

        What others began before it was opened changes nothing, but for a pause that is asked for.
        """
        mine, known = self.probe == who and self.probe is not None, self.left(who)
        if news.asked_s > 0:
            return _asked(known, news, now, jitter, again=mine)
        if news.delivered:
            return Breaker() if self.until is None or now >= self.until else known
        if news.failures and self.until is None:
            return _failed(known, news, now, jitter)
        if news.failures and mine:
            return _opened(known, news, now, _pause(self.opened, jitter), again=True)
        return known


def _asked(known: Breaker, news: News, now: float, jitter: float, *, again: bool) -> Breaker:
    """It asked for a pause: it gets none shorter than what it asked for before, nor than our own."""
    known = replace(known, opened=0) if news.delivered else known
    own = _pause(known.opened, jitter) if again else 0.0
    held = _opened(known, news, now, max(news.asked_s, own), again=again)
    return replace(held, until=max(held.until or 0.0, known.until or 0.0))


def _failed(known: Breaker, news: News, now: float, jitter: float) -> Breaker:
    since = known.since if known.failures else now
    known = replace(known, failures=known.failures + news.failures, since=since)
    return known if known.failures < TO_OPEN else _opened(known, news, now, _pause(0, jitter), again=True)


def _opened(known: Breaker, news: News, now: float, pause_s: float, *, again: bool) -> Breaker:
    return replace(
        known,
        opened=max(1, known.opened + again),
        since=known.since if known.failures or known.is_open else now,
        until=now + pause_s,
        reason=news.reason or known.reason,
    )


def _pause(opened: int, jitter: float) -> float:
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(opened, 16)) * (0.5 + jitter / 2)

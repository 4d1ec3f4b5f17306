"""Before each account: whether it may be sent by now, by its breaker and its rate.

What is held here isn't claimed, so that no attempt is used up and no copy can arise. It is kept in
memory alone: a notifier that starts anew asks the provider with one message, which costs less than
to believe what another process knew a while ago.
"""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from services.notifier.decide.breaker import Breaker, News
from services.notifier.decide.lanes import Account, Lane
from services.notifier.decide.rate import free_at
from services.notifier.engine import Engine
from shared.contracts.ledger import RecipientOutcome

log = structlog.get_logger()


class Gates:
    """All of them. `attach` says who is called when one may have opened."""

    def __init__(self, engine: Engine, per_second: Callable[[str], float | None]) -> None:
        self._engine, self._per_second = engine, per_second
        self._breakers: dict[Account, Breaker] = {}
        self._free_at: dict[Account, float] = {}
        self._waking: set[Account] = set()
        self._later: Callable[[float, Callable[[], None]], None] = lambda _s, _then: None
        self._pump: Callable[[], None] = lambda: None

    def attach(self, later: Callable[[float, Callable[[], None]], None], pump: Callable[[], None]) -> None:
        """`later` calls after so many seconds, `pump` takes up what waits."""
        self._later, self._pump = later, pump

    def wait_s(self, account: Account | None) -> float | None:
        """Seconds until it may be sent by, at least; None if it may now."""
        if account is None:
            return None
        now = self._engine.monotonic()
        paid_s = self._free_at.get(account, 0.0) - now
        waits = (self._breaker(account).wait_s(now), paid_s if paid_s > 0 else None)
        return max((wait for wait in waits if wait is not None), default=None)

    def shut(self, lane: Lane) -> bool:
        """Whether nothing may go by it now; then what waits is taken up when that may have changed."""
        account, wait = lane.account, self.wait_s(lane.account)
        if account is None or wait is None:
            return False
        if wait > 0 and account not in self._waking:
            self._waking.add(account)
            self._later(wait, partial(self._woken, account))
        return True

    def trusted(self, lane: Lane) -> bool:
        """Whether it may be sent by now, and not as a probe."""
        return not self.shut(lane) and (lane.account is None or not self._breaker(lane.account).is_open)

    def enter(self, lane: Lane, size: int, who: Hashable) -> bool:
        """Somebody goes who may. True: as a probe, with one message only."""
        account = lane.account
        if account is None:
            return False
        breaker = self._breaker(account)
        if probe := breaker.is_open:
            self._breakers[account] = breaker.entered(who)
        if per_second := self._per_second(lane.kind):
            before, now = self._free_at.get(account, 0.0), self._engine.monotonic()
            self._free_at[account] = free_at(before, 1 if probe else size, per_second, now)
        return probe

    def leave(self, account: Account | None, who: Hashable) -> None:
        """They are done; whoever was a probe and learned nothing makes room for another."""
        if account is not None and account in self._breakers:
            before = self._breakers[account]
            self._now(account, before, before.left(who))

    def heard(self, account: Account, who: Hashable, outcomes: Sequence[RecipientOutcome]) -> None:
        """How an attempt by it ended."""
        before = self._breaker(account)
        now, jitter = self._engine.monotonic(), self._engine.jitter()
        after = before.after(News.of(outcomes), who=who, now=now, jitter=jitter)
        self._now(account, before, after)

    def held(self, now: datetime) -> list[dict[str, str]]:
        """What waits for a provider: since when, and until when at least."""
        moment = self._engine.monotonic()
        return [
            {
                "group": account.group,
                "channel": account.channel,
                **({"provider": account.provider} if account.provider else {}),
                "since": _at(now, breaker.since - moment),
                "next_try_at": _at(now, max(0.0, (breaker.until or 0.0) - moment)),
                "reason": breaker.reason,
            }
            for account, breaker in sorted(self._breakers.items())
            if breaker.is_open
        ]

    def _now(self, account: Account, before: Breaker, after: Breaker) -> None:
        """How it stands from now on. Nobody waits for a time while a probe is out: its end wakes them."""
        self._breakers[account] = after
        if after == Breaker():
            del self._breakers[account]
        self._say(account, before, after)
        if before.probe is not None and after.probe is None:
            self._pump()

    def _say(self, account: Account, before: Breaker, after: Breaker) -> None:
        """Once when it is held, and once when it goes on."""
        if before.is_open == after.is_open:
            return
        if after.is_open:
            next_s = round(self.wait_s(account) or 0.0, 1)
            log.warning("channel_held", **account._asdict(), reason=after.reason, next_try_s=next_s)
        else:
            log.info("channel_goes_on", **account._asdict())

    def _breaker(self, account: Account) -> Breaker:
        return self._breakers.get(account, Breaker())

    def _woken(self, account: Account) -> None:
        self._waking.discard(account)
        self._pump()


def _at(now: datetime, delta_s: float) -> str:
    return (now + timedelta(seconds=delta_s)).isoformat(timespec="seconds")

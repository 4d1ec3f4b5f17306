"""An alert begins: its recipients are frozen in the ledger, and its first chunk claimed with them.

One stored message fewer before the first send: where the first chunk may go at once, its claim is stored with
the expansion, both or neither.
"""

from dataclasses import replace
from typing import Final

from services.notifier.attempts import Attempts
from services.notifier.decide.lanes import Lane
from services.notifier.decide.remembered import Remembered
from services.notifier.delivery import Delivery
from services.notifier.engine import Engine, Job
from services.notifier.kill_switch import Asked, KillSwitches
from services.notifier.limit import HourlyLimit
from services.notifier.preparing import Preparation
from services.notifier.subscribers.subscribers import Subscribers
from services.notifier.work import Work
from shared.contracts.alerts import AlertRaised
from shared.contracts.ledger import AlertExpanded
from shared.ports import Clock
from shared.spending import stand_in_chunks

_FRESH_S: Final = 0.1
"""How long what was asked of the kill switch for an alert's first chunk may wait for the alert's words."""


class Freezing:
    """Freezes recipients."""

    def __init__(  # noqa: PLR0913 - each is another thing it works with
        self,
        engine: Engine,
        clock: Clock,
        *,
        preparation: Preparation,
        attempts: Attempts,
        switches: KillSwitches,
        work: Work,
        limit: HourlyLimit,
        remembered: Remembered,
        subscribers: Subscribers | None = None,
    ) -> None:
        self._engine, self._clock, self._preparation = engine, clock, preparation
        self._attempts, self._switches = attempts, switches
        self._work, self._limit = work, limit
        self._remembered, self._subscribers = remembered, subscribers

    async def begin(
        self, delivery: Delivery, alert: AlertRaised
    ) -> tuple[bool, tuple[Lane, int, Job] | None]:
        """Make it ready: whether it can be told, and the first chunk to `start`, where that is claimed."""
        asked = self._engine.monotonic(), self._switches.ask(alert.group)
        if not await self._preparation.ready(delivery, alert):
            return False, None
        return True, None if delivery.ledger.expanded else await self._expand(delivery, alert, asked)

    async def _expand(
        self, delivery: Delivery, alert: AlertRaised, asked: tuple[float, Asked]
    ) -> tuple[Lane, int, Job] | None:
        """Freeze the recipients; where the first chunk may go at once, with its claim, to be started then."""
        expansion = self._preparation.expansion(delivery, alert)
        self._remembered.learn(expansion)  # now, lest another alert's cost be reckoned without it
        if self._subscribers is not None:  # now, lest an end be decided meanwhile without them
            self._subscribers.audience.learn(expansion, stored=False)
        first = await self._reserved(delivery, alert, expansion, asked)
        if first is None:
            await self._attempts.freeze(delivery, alert, expansion)
            self._engine.fault("notifier.after_expand")
            return None
        lane, size, job = first
        delivery.planned[job.chunk] = job.planned
        self._work.attempts.add(job.name)
        try:
            claim = await self._attempts.claim(delivery, alert, job, expansion=expansion)
            self._engine.fault("notifier.after_expand")
        except BaseException:
            self._unplan(delivery, lane, size, job)
            raise
        if claim is None:
            self._unplan(delivery, lane, size, job)
            return None
        return lane, size, replace(job, claimed=claim)

    def _unplan(self, delivery: Delivery, lane: Lane, size: int, job: Job) -> None:
        """What was to be done next is for the ledger to say again."""
        delivery.planned.pop(job.chunk, None)
        self._work.attempts.discard(job.name)
        self._work.give_back(lane, size, job)

    async def _reserved(
        self, delivery: Delivery, alert: AlertRaised, expansion: AlertExpanded, asked: tuple[float, Asked]
    ) -> tuple[Lane, int, Job] | None:
        """The first chunk with its room taken, if it may be sent now."""
        waits = 0 in stand_in_chunks(expansion)  # of those, the ledger says who is to be told
        if waits or not expansion.chunks:
            return None
        job = Job(alert.alert_id, 0, 1, expansion.chunks[0])
        if delivery.is_too_late(alert, job, self._clock.now()) or await self._stopped(alert, asked):
            return None
        lane = delivery.lane(alert, job.recipients[0])
        if not self._limit.allows(alert, job) or not self._work.reserve(lane, job):
            return None
        return lane, len(job.recipients), job

    async def _stopped(self, alert: AlertRaised, asked: tuple[float, Asked]) -> str | None:
        """What the kill switch says; asked anew if that was too long ago."""
        fresh = self._engine.monotonic() - asked[0] < _FRESH_S
        return await self._switches.stopped(asked[1] if fresh else self._switches.ask(alert.group))

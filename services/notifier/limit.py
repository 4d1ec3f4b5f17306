"""Holds what is more than a group's messages an hour: unclaimed, until there is room or a person lets it go.

Guarantees: ends, corrections, what verifiers are told and what one person asked for never wait here; what
becomes too old is given back to be recorded and named, never sent late. How much waits stands in the
ledger. Nothing here need survive: a notifier that starts anew holds the same again.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final, NamedTuple

from services.notifier.decide.lanes import Lane
from services.notifier.decide.pace import WaitsFor, may_wait
from services.notifier.decide.remembered import Remembered
from services.notifier.delivery import Delivery
from services.notifier.directory import Directory
from services.notifier.engine import Engine, Job
from services.notifier.work import Work
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import GroupId, IncidentId
from shared.contracts.incidents import IncidentSentOn
from shared.contracts.ledger import MAX_CHUNK, MessagesWaiting
from shared.ports import Clock

EVERY_S: Final = 5.0
"""How often what waits is looked at, and said."""


class _About(NamedTuple):
    group: GroupId
    incident: IncidentId


class _Held(NamedTuple):
    """Work that waits, and the lane that it goes back to."""

    alert: AlertRaised
    lane: Lane
    job: Job

    @property
    def messages(self) -> int:
        return len(self.job.recipients)


class HourlyLimit:
    """All groups' limits; `deliveries` are the engine's."""

    def __init__(  # noqa: PLR0913 - each is another thing it works with
        self,
        directory: Directory,
        clock: Clock,
        remembered: Remembered,
        *,
        engine: Engine,
        work: Work,
        deliveries: Mapping[str, Delivery],
    ) -> None:
        self._directory, self._clock = directory, clock
        self._pace, self._merged = remembered.pace, remembered.merged
        self._engine, self._work = engine, work
        self._deliveries = deliveries
        self._waits_for = WaitsFor(self._merged)
        self._held: list[_Held] = []
        self._said: dict[_About, MessagesWaiting] = {}
        """What the ledger says of what waits."""

    def allows(self, alert: AlertRaised, job: Job) -> bool:
        """Whether it goes now. Ask just before its claim, with nothing awaited between."""
        if not may_wait(alert):
            return True
        return self._waits_for.verdict(alert, len(job.recipients), self._room(alert.group)) == "go"

    def admits(self, delivery: Delivery, alert: AlertRaised, job: Job) -> bool:
        """The same; what doesn't go now is held here."""
        if self.allows(alert, job):
            return True
        self._held.append(_Held(alert, delivery.lane(alert, job.recipients[0]), job))
        return False

    def holds(self, alert: AlertRaised) -> bool:
        """Whether some of it waits here."""
        return any(held.alert.alert_id == alert.alert_id for held in self._held)

    def sent_on(self, event: IncidentSentOn) -> None:
        """A person lets go what waits of an incident for their group."""
        self._waits_for.sent_on(event.group, event.incident_id, event.at)
        self._put_back()

    def learn(self, said: MessagesWaiting) -> None:
        """What the ledger says, whoever wrote it."""
        about = _About(said.group, said.incident_id)
        self._said.pop(about, None)
        if said.messages:
            self._said[about] = said

    async def watch(self, say: Callable[[MessagesWaiting], Awaitable[object]]) -> None:
        """For ever: what waits goes when it may, and how much does is said."""
        while True:
            self._pull(self._done_elsewhere)
            self._put_back()
            for news in self._news():
                await say(news)
            await self._engine.sleep(EVERY_S)

    def figures(self) -> dict[str, int]:
        """For whoever watches the hub: how many messages of each group wait."""
        found: Counter[str] = Counter()
        for about, messages in self._waiting().items():
            found[about.group] += messages
        return dict(found)

    def _put_back(self) -> None:
        """What may go by now, the urgent first, and what is too old, for that to be recorded."""
        room = {group: self._room(group) for group in {held.alert.group for held in self._held}}

        def goes(held: _Held) -> bool:
            if self._too_old(held):
                return True
            left = room[held.alert.group]
            if self._waits_for.verdict(held.alert, held.messages, left) != "go":
                return False
            room[held.alert.group] = left - held.messages
            return True

        self._held.sort(key=lambda held: not held.lane.urgent)
        for held in self._pull(goes):
            if (delivery := self._deliveries.get(held.job.alert_id)) is not None:
                delivery.held_at[held.job.chunk] = self._clock.now()
            self._work.put(held.lane, held.job)

    def _too_old(self, held: _Held) -> bool:
        return held.job.alert_id not in self._deliveries or held.alert.not_after <= self._clock.now()

    def _done_elsewhere(self, held: _Held) -> bool:
        """Whether another notifier had room for it, or an end came."""
        delivery, job = self._deliveries.get(held.job.alert_id), held.job
        if delivery is None or delivery.planned.get(job.chunk) != job.planned:
            return True
        return job.attempt in delivery.ledger.chunks[job.chunk].claims

    def _news(self) -> Iterator[MessagesWaiting]:
        """What has changed since it was said; two notifiers write one record of a moment."""
        now, waiting = self._clock.now(), self._waiting()
        for about in sorted(waiting.keys() | self._said.keys()):
            before = self._said.get(about)
            if waiting[about] != (before.messages if before else 0):
                yield MessagesWaiting(
                    id=f"waiting.{about.group}.{about.incident}.{now.timestamp() // EVERY_S:.0f}",
                    at=now,
                    group=about.group,
                    incident_id=about.incident,
                    messages=waiting[about],
                    since=before.since if before else now,
                )

    def _waiting(self) -> Counter[_About]:
        """What may not be claimed by now, reckoned from the logs alone: so any two notifiers say the same.

        What this one holds would not do: of two, one may keep in its lanes what the other has taken up.
        """
        found: Counter[_About] = Counter()
        for delivery in self._deliveries.values():
            alert = delivery.alert
            if alert is None or alert.incident_id is None or delivery.overtaken or not may_wait(alert):
                continue
            about = _About(alert.group, self._merged.now(alert.incident_id))
            found[about] += self._messages_of(delivery, alert)
        return +found

    def _messages_of(self, delivery: Delivery, alert: AlertRaised) -> int:
        """How many of its messages have to wait."""
        room = self._room(alert.group)
        if room >= MAX_CHUNK:
            return 0
        chunks = (
            len(claim.recipients)
            for chunk, claim in delivery.unclaimed()
            if (alert.alert_id, chunk, claim.attempt) not in self._work.attempts
        )
        return sum(n for n in chunks if self._waits_for.verdict(alert, n, room) == "wait")

    def _room(self, group: GroupId) -> int:
        known = self._directory.knows(group)
        version = self._directory.version(group, self._directory.latest(group)) if known else None
        most = version.definition.policy.messages_an_hour if version else 0
        return most - self._pace.sent(group, self._clock.now())

    def _pull(self, which: Callable[[_Held], bool]) -> list[_Held]:
        pulled: list[_Held] = []
        left: list[_Held] = []
        for held in self._held:
            (pulled if which(held) else left).append(held)
        self._held = left
        return pulled

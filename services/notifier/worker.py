"""The notifier's engine: alerts become recipients, chunks, claims, sends and outcomes.

Guarantees (DESIGN 7, 8, 10): nothing is sent that is not claimed in the ledger; an attempt that
was claimed and not settled counts as a possible copy, and nobody gets a third; whoever is not
told is named with the reason; urgent goes first and groups in turn; a kill switch that is on or
cannot be read holds everything. It owns no state but the fold of DECISIONS and LEDGER, so it may
be killed anywhere and any number of them may run.
"""

import asyncio
from functools import partial
from typing import Final

import structlog
from prometheus_client import Histogram

from services.notifier.attempts import Attempts
from services.notifier.budget import Budget
from services.notifier.costs import Costs
from services.notifier.decide.remembered import Remembered
from services.notifier.deliveries import Deliveries
from services.notifier.directory import Directory
from services.notifier.engine import Engine
from services.notifier.gates import Gates
from services.notifier.kill_switch import KillSwitches
from services.notifier.preparing import Preparation
from services.notifier.reading import Opener, Reader
from services.notifier.receipts import Receipts
from services.notifier.records import LedgerWriter
from services.notifier.subscribers.late import Lent, is_late
from services.notifier.subscribers.subscribers import Subscribers
from services.notifier.work import cancel
from shared.contracts.alerts import AlertRaised
from shared.contracts.catalog import encode
from shared.contracts.incidents import IncidentMerged, IncidentSentOn
from shared.contracts.ledger import (
    DeliveryReceipted,
    LedgerRecord,
    MessagesWaiting,
)
from shared.lifecycle import WorkerEndedError
from shared.ports import Bus, Clock, Entry

log = structlog.get_logger()

_LOOK_AT_MONEY_S: Final = 5.0


class Notifier:
    """One notifier. `run` until told to stop."""

    def __init__(  # noqa: PLR0913 - each is another thing it works with
        self,
        bus: Bus,
        keyring: Opener,
        clock: Clock,
        directory: Directory,
        engine: Engine | None = None,
        *,
        subscribers: Subscribers | None = None,
    ) -> None:
        self._clock, self._directory = clock, directory
        self._engine = engine or Engine()
        self._bus = bus
        self._writer = LedgerWriter(bus, self._engine.sleep)
        self._reader = Reader(
            bus, keyring, clock, directory, is_own=self._writer.is_own, sleep=self._engine.sleep
        )
        self._switches = KillSwitches(bus)
        self._subscribers = subscribers
        self._remembered = Remembered()
        self._costs = Costs(directory, clock, self._remembered, subscribers)
        self._budget = Budget(directory, self._costs, clock)
        preparation = Preparation(
            self._reader,
            directory,
            clock,
            engine=self._engine,
            costs=self._costs,
            remembered=self._remembered,
            subscribers=subscribers,
        )
        self._gates = Gates(self._engine, directory.per_second)
        self.receipts = Receipts(self._writer, directory, clock)
        """What providers say later; the door takes it."""
        self._attempts = Attempts(
            self._writer,
            directory,
            clock,
            engine=self._engine,
            gates=self._gates,
            keyring=keyring,
            receipts=self.receipts,
            remembered=self._remembered,
            subscribers=subscribers,
        )
        self._deliveries = Deliveries(
            self._engine,
            clock,
            reader=self._reader,
            writer=self._writer,
            directory=directory,
            preparation=preparation,
            attempts=self._attempts,
            switches=self._switches,
            gates=self._gates,
            remembered=self._remembered,
            subscribers=subscribers,
        )
        self._work, self._limit = self._deliveries.work, self._deliveries.limit
        self._ledger_read = asyncio.Event()
        if subscribers is not None:
            lent = Lent(
                self._attempts,
                self._switches,
                self._gates,
                self._engine,
                self._deliveries.record_end,
                self._costs.prices,
            )
            subscribers.attach(self._reader, self._remembered.merged, lent)

    # --- life ----------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; then finish what is claimed and return."""
        stopping = asyncio.create_task(_until(stop))
        loops = {
            asyncio.create_task(
                self._reader.ledger(self._on_record, self._limit.learn, self._ledger_read.set)
            ),
            asyncio.create_task(self._follow_decisions()),
            asyncio.create_task(self._begin_work()),
            asyncio.create_task(self._sweep()),
            asyncio.create_task(self._warn()),
            asyncio.create_task(self._watch_limit()),
        }
        try:
            ended, _ = await asyncio.wait({stopping, *loops}, return_when=asyncio.FIRST_COMPLETED)
            for task in ended - {stopping}:
                task.result()
                raise WorkerEndedError("The notifier's reading ended although nobody asked it to.")
            await self._work.drain()
        finally:
            self._work.draining = True
            await cancel({stopping, *loops})
            await self._work.cancel()
            await self._switches.close()
            await self._writer.close()

    async def health(self) -> dict[str, object]:
        """Whether it can work, and figures; 503 until the ledger is read and while NATS is away."""
        return {
            "ok": self._ledger_read.is_set() and self._bus.connected,
            "bus_connected": self._bus.connected,
            "waiting": len(self._work.lanes),
            "lanes": self._deliveries.queued(self._clock.now()),
            "under_way": self._work.lanes.under_way,
            "alerts_open": len(self._deliveries),
            "outcomes": {
                f"{kind}.{result}": n for (kind, result), n in sorted(self._attempts.counted.items())
            },
            "receipts": dict(sorted(self.receipts.counted.items())),
            "bad_credentials": sorted(self._attempts.without_credentials),
            "held": dict(self._deliveries.held),
            "spending": self._budget.figures(),
            "channels_held": self._gates.held(self._clock.now()),
            "waiting_for_the_hour": self._limit.figures(),
            **({"subscribers": self._subscribers.health()} if self._subscribers else {}),
        }

    @property
    def first_delivery(self) -> Histogram:
        """How long alerts took to reach their first recipient."""
        return self._attempts.first

    @property
    def ready(self) -> bool:
        """Whether the ledger is read, so that a receipt's message is known if it ever was."""
        return self._ledger_read.is_set()

    async def caught_up(self) -> None:
        """Return once the ledger is read, and all that was decided, every group's latest version among it."""
        await self._ledger_read.wait()
        await self._reader.caught_up()

    async def _follow_decisions(self) -> None:
        await self._ledger_read.wait()
        unreadable = self._deliveries.settle_unreadable
        await self._reader.decisions(self._on_alert, self._on_decided, unreadable)

    async def _begin_work(self) -> None:
        """Not before all is read that was decided: or what began would go though its end stands there."""
        await self.caught_up()
        self._work.begin()
        await asyncio.Future()

    async def _sweep(self) -> None:
        """Now and then: what others abandoned, and what waits in vain."""
        while True:
            await self._engine.sleep(self._engine.lease_s / 4)
            self._deliveries.sweep()

    async def _warn(self) -> None:
        """Tell groups that their money for text messages goes; what is told is told by the ledger once."""
        await self.caught_up()
        while True:
            for alert in self._budget.due():
                self._deliveries.take_up(alert, None)
            await self._engine.sleep(_LOOK_AT_MONEY_S)

    async def _watch_limit(self) -> None:
        """What waits for its group's hour goes when it may; how much does, the ledger says."""
        await self.caught_up()
        await self._limit.watch(self._say)

    async def _say(self, waiting: MessagesWaiting) -> None:
        message = encode(waiting, source="notifier")
        await self._reader.patiently(partial(self._bus.publish, message))

    # --- what comes in -------------------------------------------------------------------------

    def _on_record(self, record: LedgerRecord) -> None:
        self.receipts.learn(record)
        self._attempts.threads.learn(record)
        self._remembered.learn(record)
        if isinstance(record, DeliveryReceipted):
            return
        if self._subscribers is not None:
            self._subscribers.learn(record)
        if not is_late(record.alert_id):
            self._deliveries.learn(record)

    def _on_alert(self, alert: AlertRaised, entry: Entry) -> None:
        if self._subscribers is not None:
            self._subscribers.heard(alert, entry)
        self._deliveries.raised(alert, entry)

    def _on_decided(self, event: IncidentSentOn | IncidentMerged) -> None:
        if isinstance(event, IncidentSentOn):
            self._limit.sent_on(event)
            return
        self._remembered.merged.learn(event)
        if self._subscribers is not None:
            self._subscribers.merged(event)


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()

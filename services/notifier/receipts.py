"""Receipts: what providers say later of messages that they took, matched with the ledger and recorded in it.

Guarantees: a receipt is answered for only once it is stored; said again it changes nothing; one whose
message the ledger does not know is dropped and counted. The ledger is the only memory: after a restart what
was sent is known again from there, for as long as a provider may speak of it.
"""

import asyncio
import hashlib
import re
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.notifier.decide.expand import channel_of
from services.notifier.decide.receipts import is_news
from services.notifier.directory import Directory
from services.notifier.records import LedgerWriter
from shared.contracts.ledger import ChunkSettled, DeliveryReceipted, LedgerRecord
from shared.plugins.spec import Arrived, DeliveryReceipt
from shared.ports import Clock

KEPT: Final = timedelta(hours=72)
"""Providers speak of a message for as long as it may wait for its phone: two or three days."""
MOST: Final = 100_000
"""Messages known at a time (some 40 MB); of more the oldest are forgotten, and their receipts dropped."""
PATIENCE_S: Final = 10.0
"""A receipt may come before the record of the send that it speaks of."""
MOST_WAITING: Final = 2_000
_REASON: Final = re.compile(r"[a-z0-9_]{1,64}\Z")


class _Key(NamedTuple):
    group: str
    channel: str
    provider_id: str


@dataclass(slots=True)
class _Sent:
    alert_id: str
    recipient: str
    kind: str
    at: datetime
    said: Arrived | None = None


class TooManyWaitingError(Exception):
    """More receipts wait for their messages than we hold: the provider shall call again."""


class Receipts:
    """What was sent and may be spoken of; `learn` from every ledger record, `take` what a provider says."""

    def __init__(
        self, writer: LedgerWriter, directory: Directory, clock: Clock, *, patience_s: float = PATIENCE_S
    ) -> None:
        self._writer, self._directory, self._clock = writer, directory, clock
        self._patience_s = patience_s
        self._sent: OrderedDict[_Key, _Sent] = OrderedDict()
        self._named: dict[str, _Key] = {}
        self._waiting: dict[_Key, list[asyncio.Future[_Sent]]] = {}
        self._count_waiting = 0
        self.counted: Counter[str] = Counter()
        """Receipts since the start by `kind.result`, and those dropped."""

    def learn(self, record: LedgerRecord) -> None:
        """Remember what was sent, and what was said of it."""
        if isinstance(record, ChunkSettled):
            self._learn_sent(record)
        elif isinstance(record, DeliveryReceipted):
            sent = self._sent.get(_Key(record.group, channel_of(record.recipient), record.provider_id))
            if sent is not None and is_news(sent.said, record.arrived):
                sent.said = record.arrived

    def _learn_sent(self, record: ChunkSettled) -> None:
        if record.at < self._clock.now() - KEPT:
            return
        for outcome in record.outcomes:
            if outcome.provider_id and self._directory.gives_receipts(outcome.channel_kind):
                key = _Key(record.group, channel_of(outcome.recipient), outcome.provider_id)
                sent = _Sent(record.alert_id, outcome.recipient, outcome.channel_kind, record.at)
                self._keep(key, self._sent.get(key, sent))

    def _keep(self, key: _Key, sent: _Sent) -> None:
        self._sent[key] = sent
        self._named[key.provider_id] = key
        while len(self._sent) > MOST or next(iter(self._sent.values())).at < sent.at - KEPT:
            forgotten, _ = self._sent.popitem(last=False)
            self._named.pop(forgotten.provider_id, None)
        for waiting in self._waiting.pop(key, ()):
            if not waiting.done():
                waiting.set_result(sent)

    async def take(self, group: str, channel: str, receipts: Sequence[DeliveryReceipt]) -> None:
        """Return once everything new in them is stored. Raises `TooManyWaitingError`."""
        await asyncio.gather(*(self._one(_Key(group, channel, r.provider_id), r) for r in receipts))

    async def take_by_name(self, receipts: Sequence[DeliveryReceipt]) -> None:
        """As `take`, where nobody says whose messages they are: a channel of the hub sends for all groups."""
        await asyncio.gather(*(self._by_name(receipt) for receipt in receipts))

    async def _by_name(self, receipt: DeliveryReceipt) -> None:
        if receipt.provider_id not in self._named:
            await asyncio.sleep(self._patience_s)
        if (key := self._named.get(receipt.provider_id)) is None:
            self.counted["unknown"] += 1
        else:
            await self._one(key, receipt)

    async def _one(self, key: _Key, receipt: DeliveryReceipt) -> None:
        sent = self._sent.get(key) or await self._later(key)
        if sent is None:
            self.counted["unknown"] += 1
        elif not is_news(sent.said, receipt.arrived):
            self.counted["repeated"] += 1
        else:
            await self._store(key, sent, receipt)

    async def _later(self, key: _Key) -> _Sent | None:
        """The message once its record is there; None if that is not so within our patience."""
        if self._count_waiting >= MOST_WAITING:
            raise TooManyWaitingError
        waiting: asyncio.Future[_Sent] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(waiting)
        self._count_waiting += 1
        try:
            return await asyncio.wait_for(waiting, self._patience_s)
        except TimeoutError:
            return None
        finally:
            self._count_waiting -= 1
            self._wait_no_more(key, waiting)

    def _wait_no_more(self, key: _Key, waiting: "asyncio.Future[_Sent]") -> None:
        others = [other for other in self._waiting.get(key, ()) if other is not waiting]
        if others:
            self._waiting[key] = others
        else:
            self._waiting.pop(key, None)

    async def _store(self, key: _Key, sent: _Sent, receipt: DeliveryReceipt) -> None:
        before, sent.said = sent.said, receipt.arrived
        try:
            await self._writer.note(_record(key, sent, receipt, self._clock.now()))
        except BaseException:
            sent.said = before
            raise
        self.counted[f"{sent.kind}.{receipt.arrived}"] += 1


def _record(key: _Key, sent: _Sent, receipt: DeliveryReceipt, at: datetime) -> DeliveryReceipted:
    what = f"{sent.alert_id}\n{sent.recipient}\n{key.provider_id}\n{receipt.arrived}"
    return DeliveryReceipted.model_validate(
        {
            "id": f"receipt.{hashlib.sha256(what.encode()).hexdigest()[:32]}",
            "at": at,
            "alert_id": sent.alert_id,
            "group": key.group,
            "recipient": sent.recipient,
            "channel_kind": sent.kind,
            "provider_id": key.provider_id,
            "arrived": receipt.arrived,
            "reason": receipt.reason if _REASON.match(receipt.reason) else "unspecified",
        }
    )

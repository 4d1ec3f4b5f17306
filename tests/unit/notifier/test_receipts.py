"""What is remembered of messages that were sent, how long, and what becomes of a receipt that is not kept."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notifier import receipts as module
from services.notifier.receipts import Receipts, TooManyWaitingError
from shared.contracts.ledger import ChunkSettled, DeliveryReceipted, LedgerRecord, RecipientOutcome
from shared.plugins.spec import DeliveryReceipt

NOW = datetime(2026, 6, 22, 14, 46, tzinfo=UTC)


class Ledger:
    """A writer that keeps what it is given, or fails."""

    def __init__(self) -> None:
        self.records: list[LedgerRecord] = []
        self.broken = False

    async def note(self, *facts: LedgerRecord) -> None:
        if self.broken:
            raise RuntimeError
        self.records += facts


class Directory:
    def gives_receipts(self, kind: str) -> bool:
        return kind == "twilio"


class Clock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def receipts(ledger: Ledger) -> Receipts:
    parts: Any = ledger, Directory(), Clock()
    return Receipts(*parts, patience_s=0)


def sent(name: str, ago: timedelta = timedelta(), kind: str = "twilio") -> ChunkSettled:
    outcome = RecipientOutcome(
        recipient="texts:0", result="delivered", channel_kind=kind, reason="delivered", provider_id=name
    )
    return ChunkSettled(
        id=f"c.{name}", at=NOW - ago, alert_id="a1", group="g", chunk=0, attempt=1, outcomes=(outcome,)
    )


async def arrived(receipts: Receipts, *names: str) -> None:
    await receipts.take("g", "texts", [DeliveryReceipt(name, "delivered") for name in names])


async def test_what_is_too_old_or_of_no_such_channel_is_not_remembered(
    receipts: Receipts, ledger: Ledger
) -> None:
    receipts.learn(sent("old", timedelta(hours=73)))
    receipts.learn(sent("mail", kind="smtp"))
    receipts.learn(sent("fine", timedelta(hours=71)))
    await arrived(receipts, "old", "mail", "fine")
    assert [r.provider_id for r in ledger.records if isinstance(r, DeliveryReceipted)] == ["fine"]
    assert receipts.counted == {"unknown": 2, "twilio.delivered": 1}


async def test_of_too_many_the_oldest_are_forgotten(
    receipts: Receipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    for name in ("one", "two", "three"):
        receipts.learn(sent(name))
    await arrived(receipts, "one", "two", "three")
    assert receipts.counted == {"unknown": 1, "twilio.delivered": 2}


async def test_more_than_may_wait_are_told_to_come_again(
    receipts: Receipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 1)
    receipts._patience_s = 10
    waits = asyncio.create_task(arrived(receipts, "one"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(TooManyWaitingError):
        await arrived(receipts, "two")
    receipts.learn(sent("one"))
    await waits
    assert receipts.counted == {"twilio.delivered": 1}
    assert not receipts._waiting


async def test_a_receipt_that_could_not_be_stored_is_still_news_when_it_is_said_again(
    receipts: Receipts, ledger: Ledger
) -> None:
    receipts.learn(sent("one"))
    ledger.broken = True
    with pytest.raises(RuntimeError):
        await arrived(receipts, "one")
    ledger.broken = False
    await arrived(receipts, "one")
    assert len(ledger.records) == 1

"""Receipts that go as messages of their own: sent by the bridge itself, once, and never waited for.

A receipt is a courtesy, not a delivery: what is stored is stored. So there is one try, a few at a time; what
could not be sent is counted by its reason, and not tried again.
"""

import asyncio
from typing import Final

import structlog
from aiohttp import ClientSession

from services.ingest.bridge_intake import place_of
from services.ingest.door import Door
from shared.plugins.spec import (
    Bridge,
    ChannelHost,
    Delivered,
    Outcome,
    Reads,
    Receipt,
    Secrets,
    Unknown,
    WritesBack,
)
from shared.plugins.standing import constant

log = structlog.get_logger()

_AT_ONCE: Final = 4
_MOST_WAITING: Final = 500
_DEADLINE_S: Final = 30.0
_FINISH_S: Final = 2.0


class Receipts:
    """The receipts of one bridge."""

    def __init__(
        self, door: Door, instance: str, bridge: Bridge | Reads, http: ClientSession, secrets: Secrets
    ) -> None:
        self._door, self._instance, self._bridge = door, instance, bridge
        self._host = ChannelHost(http=http, secrets=secrets)
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._sending: set[asyncio.Task[None]] = set()

    def send(self, receipt: Receipt) -> None:
        """Send it some time soon, if the bridge can and there is somewhere to send it."""
        if receipt.contact is None or not isinstance(self._bridge, WritesBack):
            return
        if len(self._sending) >= _MOST_WAITING:
            self._count("too_many")
            return
        task = asyncio.create_task(self._sent(self._bridge, receipt, receipt.contact))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def finish(self) -> None:
        """Wait a little for those under way; the others are given up."""
        if self._sending:
            _, late = await asyncio.wait(set(self._sending), timeout=_FINISH_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _sent(self, bridge: WritesBack, receipt: Receipt, contact: str) -> None:
        async with self._room:
            try:
                async with asyncio.timeout(_DEADLINE_S):
                    outcome: Outcome = await bridge.write_back(
                        contact, receipt.text, self._host, key=f"receipt-{receipt.report_id}"
                    )
            except TimeoutError:
                outcome = Unknown("deadline")
            except Exception as error:  # noqa: BLE001 - whatever a plug-in raises stays with it
                log.warning(
                    "receipt_failed", bridge=self._instance, error=type(error).__name__, at=place_of(error)
                )
                outcome = Unknown("plugin_error")
        self._count("sent" if isinstance(outcome, Delivered) else constant(outcome.reason))

    def _count(self, what: str) -> None:
        self._door.counts[f"bridge.{self._instance}.receipt.{what}"] += 1

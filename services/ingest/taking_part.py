"""Runs what bridges do whose account takes part at their source, beside reading what it sends (`TakesPart`).

Before a request is read the bridge may ask its source what it must know; what cannot be found out now is not
taken, and the source sends it again. Once all is stored the bridge follows up, and the source is answered
when that is done, so that a crash in between makes it send all of it again; a follow-up that takes long goes
on behind the answer, so that a slow third party holds up no report. What did not succeed is settled later,
again and again. A bridge that raises or hangs costs its own request a refusal and nobody else anything.
"""

import asyncio
import random
from collections.abc import Awaitable, Mapping, Sequence
from typing import Final

import structlog
from aiohttp import ClientSession

from services.ingest.bridge_intake import accept, place_of
from services.ingest.door import Door
from shared.http import Problem
from shared.plugins.spec import (
    BadCredentials,
    Bridge,
    Delivered,
    IncomingReport,
    Outcome,
    PartHost,
    Receipt,
    Refused,
    Rejected,
    RetryLater,
    Secrets,
    TakesPart,
    Unknown,
    WebhookRequest,
)

log = structlog.get_logger()

_LEARN_S: Final = 10.0
_ANSWER_S: Final = 5.0
_FOLLOW_UP_S: Final = 60.0
_SETTLE_S: Final = 120.0
_MOST_AT_ONCE: Final = 500
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
_AGAIN_S: Final = 5


class TakingPart:
    """The bridges of this process that take part at their source, by instance id."""

    def __init__(
        self, door: Door, bridges: Mapping[str, Bridge], *, http: ClientSession, secrets: Secrets
    ) -> None:
        self._door = door
        self._taking = {name: b for name, b in bridges.items() if isinstance(b, TakesPart)}
        self._hosts = {
            name: PartHost(http=http, secrets=secrets, take=_Take(door, name, bridges[name]))
            for name in self._taking
        }
        self._unsettled = {name: asyncio.Event() for name in self._taking}
        self._going_on: set[asyncio.Task[None]] = set()
        self._told: dict[str, str] = {}

    def get(self, instance: str) -> TakesPart | None:
        """The bridge, if it is one of these."""
        return self._taking.get(instance)

    async def learn(self, instance: str, request: WebhookRequest) -> Refused | None:
        """Let the bridge ask its source; a refusal where it cannot find out now."""
        try:
            async with asyncio.timeout(_LEARN_S):
                return await self._taking[instance].learn(request, self._hosts[instance])
        except Exception as error:  # noqa: BLE001 - whatever a plug-in raises stays with it
            self._failed(instance, "learn", error)
            return Refused(503, "cannot_ask_source", "The bridge could not ask its source; send this again.")

    async def follow_up(self, instance: str, request: WebhookRequest, receipts: Sequence[Receipt]) -> None:
        """Let the bridge follow up; wait for it, but not for long. Raises `Problem` to be sent it again."""
        if len(self._going_on) >= _MOST_AT_ONCE:
            self._count(instance, "follow_up.too_many")
            raise Problem(503, "busy", "Too much is going on here; send this again.", retry_after_s=_AGAIN_S)
        acting = self._taking[instance].follow_up(request, receipts, self._hosts[instance])
        task = asyncio.create_task(self._followed_up(instance, acting), name=f"follow-up-{instance}")
        self._going_on.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=_ANSWER_S)
        if done:
            task.result()

    async def _followed_up(self, instance: str, acting: Awaitable[Outcome]) -> None:
        try:
            async with asyncio.timeout(_FOLLOW_UP_S):
                outcome = await acting
        except Problem:
            self._unsettled[instance].set()
            raise
        except Exception as error:  # noqa: BLE001 - whatever a plug-in raises stays with it
            self._failed(instance, "follow_up", error)
            outcome = Unknown("plugin_error")
        if not isinstance(outcome, Delivered):
            self._count(instance, f"follow_up.{outcome.reason}")
        if not isinstance(outcome, Delivered | Rejected):
            self._unsettled[instance].set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._going_on.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be waiting any more; it is counted, and settled later

    async def run(self, stop: asyncio.Event) -> None:
        """Settle each bridge at the start and whenever it is needed, until asked to stop."""
        settling = [asyncio.create_task(self._keep(name), name=f"settle-{name}") for name in self._taking]
        stopping = asyncio.create_task(stop.wait(), name="taking-part-stop")
        try:
            done, _ = await asyncio.wait({stopping, *settling}, return_when=asyncio.FIRST_COMPLETED)
            for ended in done:  # one ends by a mistake of ours only; then loudly
                ended.result()
            if self._going_on:
                await asyncio.wait(set(self._going_on), timeout=_ANSWER_S)
        finally:
            tasks = {stopping, *settling, *self._going_on}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, instance: str) -> None:
        unsettled, pause = self._unsettled[instance], _FIRST_PAUSE_S
        while True:
            unsettled.clear()
            outcome = await self._settle(instance)
            if isinstance(outcome, Delivered | Rejected):
                pause = _FIRST_PAUSE_S
                await unsettled.wait()
            asked = outcome.after_s if isinstance(outcome, RetryLater) else None
            await asyncio.sleep(min(asked or pause, _LONGEST_PAUSE_S) * random.uniform(0.8, 1.2))  # noqa: S311 - a pause, no secret
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _settle(self, instance: str) -> Outcome:
        outcome: Outcome
        try:
            async with asyncio.timeout(_SETTLE_S):
                outcome = await self._taking[instance].settle(self._hosts[instance])
        except Exception as error:  # noqa: BLE001 - whatever a plug-in raises stays with it
            self._failed(instance, "settle", error)
            outcome = Unknown("plugin_error")
        if isinstance(outcome, Delivered):
            self._count(instance, "settled")
            self._told.pop(instance, None)
            log.info("bridge_settled", bridge=instance)
            return outcome
        self._count(instance, f"unsettled.{outcome.reason}")
        # A person has to act on these, and is told once; the others pass.
        needs_a_person = isinstance(outcome, BadCredentials | Rejected)
        if not needs_a_person or self._told.get(instance) != outcome.reason:
            loud = log.error if needs_a_person else log.warning
            loud("bridge_unsettled", bridge=instance, reason=outcome.reason)
        self._told[instance] = outcome.reason
        return outcome

    def _failed(self, instance: str, at: str, error: Exception) -> None:
        self._count(instance, "failed")
        # The exception's own words may hold what the reporter wrote; its type does not.
        log.error("bridge_failed", bridge=instance, during=at, error=type(error).__name__, at=place_of(error))

    def _count(self, instance: str, what: str) -> None:
        self._door.counts[f"bridge.{instance}.{what}"] += 1


class _Take:
    """`PartHost.take` of one bridge: stores what no request brought."""

    def __init__(self, door: Door, instance: str, bridge: Bridge) -> None:
        self._door, self._instance, self._bridge = door, instance, bridge

    async def __call__(self, reports: Sequence[IncomingReport]) -> Sequence[Receipt]:
        """Their receipts once all are stored. Raises `Problem` where one cannot be."""
        return await accept_all(self._door, self._instance, self._bridge, reports)


async def accept_all(
    door: Door, instance: str, bridge: Bridge, reports: Sequence[IncomingReport]
) -> list[Receipt]:
    """Store the reports of one bridge, in order; the receipts that their senders get."""
    receipts = []
    for report in reports:
        try:
            taken = await accept(door, instance, report, bridge.spec.senders)
        except Problem as problem:
            if problem.status not in {409, 422} or not isinstance(bridge, TakesPart):
                raise
            # It is known already, and was read otherwise (what it answered is gone by now), or can never be
            # stored. Such a source sends it again and again, and nothing behind it, until it is taken.
            door.counts[f"bridge.{instance}.refused.{problem.code}"] += 1
            log.warning("report_refused_for_good", bridge=instance, code=problem.code)
            continue
        if taken.receipt is not None:
            receipts.append(taken.receipt)
    return receipts

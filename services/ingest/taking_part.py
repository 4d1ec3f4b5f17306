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
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from aiohttp import ClientSession

from services.ingest.bridge_intake import accept, place_of
from services.ingest.door import Door
from services.ingest.kept_tasks import KeptTasks
from shared.http import Problem
from shared.plugins.spec import (
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
from shared.plugins.standing import FIRST_PAUSE_S, Again, Standing, again, constant, shown

log = structlog.get_logger()

_LEARN_S: Final = 10.0
_ANSWER_S: Final = 5.0
_FOLLOW_UP_S: Final = 60.0
_SETTLE_S: Final = 120.0
_MOST_AT_ONCE: Final = 500
_AGAIN_S: Final = 5
_FOR_GOOD: Final = frozenset({409, 422})
"""Refusals that no repetition changes."""


class TakingPart:
    """The bridges of this process that take part at their source, by instance id."""

    def __init__(
        self, door: Door, bridges: Mapping[str, Bridge], *, http: ClientSession, secrets: Secrets
    ) -> None:
        self._door, self._http, self._secrets = door, http, secrets
        self._taking: dict[str, TakesPart] = {}
        self._hosts: dict[str, PartHost] = {}
        self._unsettled: dict[str, asyncio.Event] = {}
        self._standing: dict[str, tuple[Standing, datetime]] = {}
        self._going_on: set[asyncio.Task[None]] = set()
        self._tasks = KeptTasks()
        for name, bridge in bridges.items():
            self.put(name, bridge)

    def put(self, name: str, bridge: Bridge) -> None:
        """Let this one take part as well, if it does so at all."""
        if not isinstance(bridge, TakesPart):
            return
        take = _Take(self._door, name, bridge)
        self._taking[name] = bridge
        self._hosts[name] = PartHost(http=self._http, secrets=self._secrets, take=take)
        self._unsettled[name] = asyncio.Event()
        self._standing[name] = Standing("CONNECTING"), self._door.now()
        self._tasks.put(name, partial(self._keep, name))

    async def drop(self, name: str) -> None:
        """Let it take part no more; a follow-up that has begun goes on."""
        await self._tasks.drop(name)
        if name in self._taking:
            del self._taking[name], self._standing[name]

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
        taking = self._taking.get(instance)
        if taking is None:  # closed while its request was stored
            raise Problem(503, "closed", "This bridge was changed just now; send this again.")
        acting = taking.follow_up(request, receipts, self._hosts[instance])
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
            self._count(instance, f"follow_up.{constant(outcome.reason)}")
        if not isinstance(outcome, Delivered | Rejected):
            self._unsettled[instance].set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._going_on.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be waiting any more; it is counted, and settled later

    async def run(self, stop: asyncio.Event) -> None:
        """Settle each bridge at the start and whenever it is needed, until asked to stop."""
        try:
            await self._tasks.run(stop)
            if self._going_on:
                await asyncio.wait(set(self._going_on), timeout=_ANSWER_S)
        finally:
            going_on = set(self._going_on)
            for task in going_on:
                task.cancel()
            await asyncio.gather(*going_on, return_exceptions=True)

    async def _keep(self, instance: str) -> None:
        unsettled, failures = self._unsettled[instance], 0
        while True:
            unsettled.clear()
            outcome = await self._settle(instance)
            failures = 0 if isinstance(outcome, Delivered | Rejected) else failures + 1
            then = _then(outcome, failures)
            self._stands(instance, then.standing)
            if not failures:
                await unsettled.wait()
            await asyncio.sleep(then.after_s)

    async def _settle(self, instance: str) -> Outcome:
        try:
            async with asyncio.timeout(_SETTLE_S):
                return await self._taking[instance].settle(self._hosts[instance])
        except Exception as error:  # noqa: BLE001 - whatever a plug-in raises stays with it
            self._failed(instance, "settle", error)
            return Unknown("plugin_error")

    def _stands(self, instance: str, standing: Standing) -> None:
        before, _ = self._standing[instance]
        if standing == before:
            return
        self._standing[instance] = standing, self._door.now()
        # A person has to act on that one; the others pass.
        loud = log.error if standing.state == "BAD_CREDENTIALS" else log.info
        loud("bridge_state", bridge=instance, state=standing.state, reason=standing.reason)

    def health(self) -> dict[str, dict[str, str]]:
        """How each stands, since when, and why if something is wrong."""
        return {name: shown(at, since) for name, (at, since) in self._standing.items()}

    def _failed(self, instance: str, at: str, error: Exception) -> None:
        self._count(instance, "failed")
        # The exception's own words may hold what the reporter wrote; its type does not.
        log.error("bridge_failed", bridge=instance, during=at, error=type(error).__name__, at=place_of(error))

    def _count(self, instance: str, what: str) -> None:
        self._door.counts[f"bridge.{instance}.{what}"] += 1


def _then(outcome: Outcome, failures: int) -> Again:
    """How a bridge stands after that, and when it is settled again."""
    match outcome:
        case Delivered():
            return Again(Standing("CONNECTED"), FIRST_PAUSE_S)
        case Rejected(reason):  # nothing but a person mends it
            return Again(Standing("BAD_CREDENTIALS", constant(reason)), FIRST_PAUSE_S)
        case Unknown(reason):
            outcome = RetryLater(reason)
    return again(outcome, failures=failures, jitter=random.random())  # noqa: S311 - a pause, no secret


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
    """Store the reports of one bridge, in order; the receipts that their senders get.

    A source sends what is refused again and again, and can do nothing about it. So what can never be stored
    is counted and passed by. An id that another report has: where the bridge takes part, it is the same one,
    read otherwise (what it answered is gone by now); else it may be a true report, and is stored apart.
    """
    receipts, apart, once = [], not isinstance(bridge, TakesPart), bridge.spec.receipts == "message"
    for report in reports:
        try:
            taken = await accept(door, instance, report, bridge.spec, receipt_once=once, apart=apart)
        except Problem as problem:
            if problem.status not in _FOR_GOOD:
                raise
            door.counts[f"bridge.{instance}.refused.{problem.code}"] += 1
            log.warning("report_refused_for_good", bridge=instance, code=problem.code)
            continue
        if taken.receipt is not None:
            receipts.append(taken.receipt)
    return receipts

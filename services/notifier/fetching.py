"""Asks, for each channel that has somebody to ask, what became of its messages (`FetchesReceipts`).

Each is asked in a task of its own: one that raises, hangs or whose provider is away touches no other. It
begins anew with pauses that grow, and at once when its group's settings change. How each stands is shown.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import structlog

from services.notifier.directory import Directory
from services.notifier.receipts import Receipts, TooManyWaitingError
from shared.contracts.groups import ChannelDefinition
from shared.errors import RelayError
from shared.plugins.spec import BadCredentials, DeliveryReceipt, FetchesReceipts, Ignored, RetryLater
from shared.plugins.standing import Standing, again, constant, failures_after

log = structlog.get_logger()

_LOOK_S: Final = 1.0
_WAIT_S: Final = 1.0
_CONNECT_S: Final = 60.0


@dataclass(frozen=True)
class Pace:
    """How it waits; tests put their own time here."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    connect_s: float = _CONNECT_S


@dataclass(frozen=True)
class _Source:
    """One channel that asks: how it is opened, and who takes what it is told."""

    opened: Callable[[], object]
    take: Callable[[Sequence[DeliveryReceipt]], Awaitable[None]]
    definition: ChannelDefinition | None = None
    """As its group has it; with another it is begun anew."""


def _is_same(one: _Source, now: _Source | None) -> bool:
    return now is not None and one.definition == now.definition


class Fetching:
    """All channels of this process that ask; from when the notifier has `caught_up`.

    `own` are the hub's own channels, by name: how each is opened.
    """

    def __init__(
        self,
        receipts: Receipts,
        directory: Directory,
        caught_up: Callable[[], Awaitable[None]],
        *,
        own: Mapping[str, Callable[[], object]] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._receipts, self._directory, self._caught_up = receipts, directory, caught_up
        self._own = {name: _Source(opened, receipts.take_by_name) for name, opened in (own or {}).items()}
        self._pace = pace or Pace()
        self._asking: dict[str, _Asking] = {}

    def health(self) -> dict[str, dict[str, str]]:
        """How each stands that has somebody to ask, and why if something is wrong."""
        return {name: one.health() for name, one in self._asking.items() if one.standing}

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until told to stop, always those channels that there are."""
        stopping = asyncio.create_task(stop.wait(), name="fetching-stop")
        looking = asyncio.create_task(self._look_after(), name="fetching")
        try:
            await asyncio.wait({stopping, looking}, return_when=asyncio.FIRST_COMPLETED)
            if looking.done():
                looking.result()
        finally:
            running = [one.task for one in self._asking.values()]
            for task in (stopping, looking, *running):
                task.cancel()
            await asyncio.gather(stopping, looking, *running, return_exceptions=True)

    async def _look_after(self) -> None:
        await self._caught_up()
        while True:
            wanted = {**self._groups(), **self._own}
            for name in [n for n, one in self._asking.items() if not _is_same(one.source, wanted.get(n))]:
                self._asking.pop(name).task.cancel()
            for name, source in wanted.items():
                if name not in self._asking:
                    self._asking[name] = asking = _Asking(name, source, self._receipts, self._pace)
                    asking.task = asyncio.create_task(asking.keep_asking(), name=f"fetch-{name}")
            await self._pace.sleep(_LOOK_S)

    def _groups(self) -> dict[str, _Source]:
        """The groups' channels as they are now."""
        return {
            f"{group}/{channel.id}": _Source(
                partial(self._directory.channel, group, version, channel),
                partial(self._receipts.take, group, channel.id),
                channel,
            )
            for group, version, channel in self._directory.fetching()
        }


@dataclass
class _Asking:
    """One channel, and what the host lends it (`HearingHost`)."""

    name: str
    source: _Source
    receipts: Receipts
    pace: Pace
    standing: Standing | None = None
    """None where there is nobody to ask."""
    task: asyncio.Task[None] = field(init=False)
    _connected: asyncio.Event = field(default_factory=asyncio.Event)

    # --- what the channel calls ----------------------------------------------------------------

    def connected(self) -> None:
        """It is being asked."""
        self._connected.set()
        self._stands(Standing("CONNECTED"))

    async def take(self, receipts: Sequence[DeliveryReceipt]) -> None:
        """Return once what is new is recorded, however long that takes."""
        while True:
            try:
                return await self.source.take(receipts)
            except TooManyWaitingError:
                await self.pace.sleep(_WAIT_S)

    def ignored(self, what: Ignored) -> None:
        """Count it."""
        self.receipts.counted[f"ignored.{constant(what.reason)}"] += 1

    # --- supervision ---------------------------------------------------------------------------

    async def keep_asking(self) -> None:
        """Ask again and again, whatever happens, for as long as there is somebody to ask."""
        failures = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            ended = await self._once()
            if ended is None:
                return
            failures = failures_after(failures, read_for_s=loop.time() - began)
            then = again(ended, failures=failures, jitter=self.pace.jitter())
            self._stands(then.standing)
            await self.pace.sleep(then.after_s)

    async def _once(self) -> RetryLater | BadCredentials | None:
        try:
            channel = self.source.opened()
        except RelayError:
            return BadCredentials("secret_missing")
        if isinstance(channel, BadCredentials):
            return channel
        if not isinstance(channel, FetchesReceipts):  # refused: every send by it says why
            return None
        self._connected.clear()
        asking = asyncio.create_task(channel.fetch_receipts(self))
        connecting = asyncio.create_task(self._connected.wait())
        try:
            await asyncio.wait(
                {asking, connecting}, timeout=self.pace.connect_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not (asking.done() or self._connected.is_set()):
                return RetryLater("connect_timeout")
            await asyncio.wait({asking})
            return self._end_of(asking)
        finally:
            connecting.cancel()
            asking.cancel()
            with suppress(Exception):
                await asyncio.wait({asking}, timeout=_WAIT_S)

    def _end_of(self, asking: asyncio.Task[Any]) -> RetryLater | BadCredentials | None:
        """What the channel returned, if it is one of the three; whatever it raised stays with it."""
        error = None if asking.cancelled() else asking.exception()
        if error is not None:
            log.warning("fetch_failed", channel=self.name, error=type(error).__name__)
            return RetryLater("plugin_error")
        ended = None if asking.cancelled() else asking.result()
        return (
            ended if ended is None or isinstance(ended, RetryLater | BadCredentials) else RetryLater("ended")
        )

    # --- standing ------------------------------------------------------------------------------

    def _stands(self, standing: Standing) -> None:
        if self.standing is None or standing.state != self.standing.state:
            log.info("mailbox_state", channel=self.name, state=standing.state, reason=standing.reason)
        self.standing = standing

    def health(self) -> dict[str, str]:
        """For people and programs."""
        found = self.standing or Standing("CONNECTING")
        return {"state": found.state, **({"reason": found.reason} if found.reason else {})}

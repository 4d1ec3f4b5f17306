"""The supervisor's life: make the home, start in order, watch, drain in order, say what was done."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from alert_relay.groupfile import GroupFile, find_group_files, load_group_files
from alert_relay.supervisor.child import Child
from alert_relay.supervisor.first_link import first_link
from alert_relay.supervisor.groups import apply_groups
from alert_relay.supervisor.home import Home
from alert_relay.supervisor.plan import STOP_ORDER, Choices, Plan, make_plan
from alert_relay.supervisor.settings import UpSettings, choose_ports
from shared.bus import check_server
from shared.errors import RelayError
from shared.lifecycle import stop_on_signals

Tell = Callable[[str], None]


class Supervisor:
    """A relay that is running. `facts` is what run.json says, with the children's process ids."""

    def __init__(self, home: Home, plan: Plan, tell: Tell) -> None:
        self.home = home
        self.tell = tell
        self._facts = {**plan.facts, "started_at": datetime.now(UTC).isoformat(timespec="seconds")}
        self._plan = plan
        self.children: dict[str, Child] = {}
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def facts(self) -> dict[str, Any]:
        """Addresses, paths, and the process id of each child."""
        return {**self._facts, "pids": {name: child.pid for name, child in self.children.items()}}

    async def start(self, patience_s: float) -> None:
        """Servers one after the other, then the services together; raises what a child said."""
        deadline = time.monotonic() + patience_s
        for spec in self._plan.servers:
            child = await self._launch(spec)
            await child.ready(deadline)
        started = [await self._launch(spec) for spec in self._plan.services]
        async with asyncio.TaskGroup() as group:
            for child in started:
                group.create_task(child.ready(deadline))
        self._keepers = [asyncio.create_task(c.keep(), name=n) for n, c in self.children.items()]

    async def _launch(self, spec: Any) -> Child:
        child = Child(spec, self.home, self.tell, self._write_facts)
        self.children[spec.name] = child
        await child.start()
        return child

    def _write_facts(self) -> None:
        self.home.write_run_file(self.facts)

    async def stop(self) -> None:
        """Drain in order; after a whole start each child's end is told."""
        for name in STOP_ORDER:
            if name in self.children:
                how = await self.children[name].stop()
                if self._keepers:
                    self.tell(f"{name} {how}")
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self.home.write_run_file({**self._facts, "pid": None, "pids": {}})


@asynccontextmanager
async def running(
    settings: UpSettings, choices: Choices, tell: Tell, stop: asyncio.Event
) -> AsyncIterator[Supervisor]:
    """A relay that is ready while the context is open (unless `stop` came first), and drained after it."""
    home = Home(settings.home)
    home.lock()
    try:
        async with _running(home, settings, choices, tell, stop) as supervisor:
            yield supervisor
    finally:
        home.unlock()


@asynccontextmanager
async def _running(
    home: Home, settings: UpSettings, choices: Choices, tell: Tell, stop: asyncio.Event
) -> AsyncIterator[Supervisor]:
    groups = await asyncio.to_thread(load_group_files, find_group_files(choices.group_paths()))
    if choices.nats_url:
        await check_server(choices.nats_monitoring_url or settings.nats_monitoring_url)
    _prepare(home, tell, examples=choices.examples)
    ports = choose_ports(settings, choices.ports_wanted(), auto=choices.auto_ports)
    socket = home.redis_socket()
    async with aiohttp.ClientSession() as http:
        supervisor = Supervisor(home, make_plan(home, settings, choices, ports, socket, http), tell)
        try:
            await _unless(stop, _start(supervisor, settings.up_patience_s, groups))
            yield supervisor
        finally:
            await supervisor.stop()
            home.forget_socket(socket)


def _prepare(home: Home, tell: Tell, *, examples: bool) -> None:
    if "RELAY_MASTER_KEY_FILE" not in os.environ and home.make_key_file():
        tell(
            f"UNSAFE: a master key for trying out was made at {home.unsafe_key}, beside the data it "
            "protects. In production hand one in from elsewhere (RELAY_MASTER_KEY_FILE)."
        )
    home.write_door_files(answering=examples)


async def _start(supervisor: Supervisor, patience_s: float, groups: Sequence[GroupFile]) -> None:
    try:
        await supervisor.start(patience_s)
        if groups:
            await apply_groups(supervisor.home, supervisor.facts, groups, patience_s)
    except BaseExceptionGroup as several:
        # One child's failed start cancels the wait for the others; the first sentence is the cause.
        raise next(_leaves(several), several) from None


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        elif isinstance(error, RelayError):
            yield error


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, or drop it when a signal comes first."""
    doing, waiting = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not doing.done():
        doing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await doing


async def up(
    settings: UpSettings,
    choices: Choices,
    tell: Tell,
    meanwhile: Callable[[Mapping[str, Any]], Coroutine[Any, Any, None]],
) -> None:
    """Run until SIGINT or SIGTERM, whenever it comes; then drain and say what was done.

    `meanwhile` is begun once everything is ready, with the facts of run.json.
    """
    stop = stop_on_signals()
    async with running(settings, choices, tell, stop) as supervisor:
        if not stop.is_set():
            await _unless(stop, _announced(supervisor, meanwhile))
        if choices.stay:
            await stop.wait()
        tell(f"Stopping. {await figures(supervisor.home.folder)}")


async def _announced(
    supervisor: Supervisor, meanwhile: Callable[[Mapping[str, Any]], Coroutine[Any, Any, None]]
) -> None:
    """With the first operator's link, which is in no file of the run's: it opens a door."""
    link = await first_link(supervisor.home, supervisor.facts["console"])
    await meanwhile({**supervisor.facts, **({"sign_in": link} if link else {})})


async def figures(home: Path) -> str:
    """What this relay has done so far, in one sentence; empty when nobody can tell."""
    from alert_relay.cli.status import sentence
    from alert_relay.client import Hub

    with contextlib.suppress(RelayError):
        return sentence(await asyncio.to_thread(Hub.at_home(home).status))
    return ""

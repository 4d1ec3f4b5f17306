"""Wires the front door: settings, key, spool, bus, application, and the worker that drains the spool.

It opens although NATS is away (the spool takes the reports), but never over an unsafe NATS.
"""

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

import structlog
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

from services.ingest.app import make_app, standings
from services.ingest.door import DOOR
from services.ingest.drain import Drain
from services.ingest.exercises import Player
from services.ingest.hosted import Hosted
from services.ingest.intake import Intake
from services.ingest.keys import load_keys
from services.ingest.late_bus import LateBus
from services.ingest.loop_watch import LoopWatch
from services.ingest.metrics import facts
from services.ingest.settings import IngestSettings
from services.ingest.spool import Spool
from services.ingest.standing_said import StandingSaid
from shared.bus import open_bus
from shared.clock import SystemClock
from shared.errors import BusUnavailableError
from shared.faults import refuse_faults_in_production
from shared.http import site
from shared.lifecycle import run_workers, stop_on_signals
from shared.logging import configure_logging
from shared.metrics import metrics_site
from shared.plugins.bridge_file import subscriptions_in
from shared.plugins.contacts_file import read_contacts
from shared.plugins.live_bridges import LiveBridges
from shared.sealing import Keyring, MasterKey, load_master_key
from shared.secrets import ReferencedSecrets
from shared.settings import load_settings
from shared.state import BridgeStandings, Exercises, GroupNames, ReportStates, open_state

log = structlog.get_logger()

_FIRST_PATIENCE_S: Final = 3.0
_PAUSE_S: Final = 1.0
_CONNECT_S: Final = 5.0


async def main() -> None:
    """Run until asked to stop."""
    settings = load_settings(IngestSettings)
    configure_logging("ingest", log_format=settings.log_format)
    refuse_faults_in_production(production=settings.production)
    await serve(settings, stop_on_signals())


async def serve(settings: IngestSettings, stop: asyncio.Event) -> None:
    """Open the front door and keep it open until `stop` is set."""
    clock, bus = SystemClock(), LateBus()
    async with AsyncExitStack() as stack:
        master = load_master_key(settings.master_key_file, production=settings.production)
        secrets = ReferencedSecrets()
        file = LiveBridges(settings.ingest_bridges_file)
        bridges = {name: entry.open(secrets) for name, entry in file.entries.items()}
        form_url = str(settings.ingest_public_url or "")
        contacts = read_contacts(settings.ingest_contacts_file, file.entries, form_url=form_url)
        keys = load_keys(settings.ingest_keys_file)
        spool = Spool(settings.spool_folder, max_bytes=int(settings.ingest_spool_max_mb * 1_000_000))
        stack.push_async_callback(spool.close)
        intake = Intake(bus, clock, master, spool)
        state = await stack.enter_async_context(open_state(settings.redis_url))
        link = _NatsLink(settings, bus, stack, master)
        await link.first_try()
        app = make_app(
            bus=bus,
            clock=clock,
            master=master,
            spool=spool,
            settings=settings,
            keys=keys,
            states=ReportStates(state),
            exercises=Exercises(state),
            intake=intake,
            contacts=contacts,
            subscriptions=subscriptions_in(file.entries),
            groups=GroupNames(state),
        )
        http = await _http(stack)
        hosted = Hosted(app, file, bridges, http=http, secrets=secrets)
        stack.push_async_callback(hosted.finish)
        port = await stack.enter_async_context(site(app, settings.host, settings.ingest_port))
        await stack.enter_async_context(
            metrics_site(settings, settings.ingest_metrics_port, partial(facts, app))
        )
        log.info("service_ready", port=port, bridges=sorted(bridges), waiting=spool.depth)
        workers = {
            "drain": Drain(intake, spool, clock).run,
            "nats": link.run,
            "readers": hosted.readers.run,
            "part": hosted.part.run,
            "bridges": hosted.follow,
            "standing": StandingSaid(partial(standings, app), BridgeStandings(state.ephemeral)).run,
            "exercises": Player(app[DOOR]).run,
            "loop": LoopWatch(lambda: hosted.open, app[DOOR].counts).run,
        }
        await run_workers(workers, drain_s=settings.drain_s, stop=stop)
        log.info("service_stopped", waiting=spool.depth)


async def _http(stack: AsyncExitStack) -> ClientSession:
    """The session of all bridges: no cookies, no proxies from the environment."""
    http = ClientSession(
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=None, sock_connect=_CONNECT_S),
        trust_env=False,
    )
    return await stack.enter_async_context(http)


class _NatsLink:
    """Connects the bus: now if NATS is there, else as soon as it comes."""

    def __init__(
        self, settings: IngestSettings, bus: LateBus, stack: AsyncExitStack, master: MasterKey
    ) -> None:
        self._settings, self._bus, self._stack, self._master = settings, bus, stack, master
        self._made = False

    async def first_try(self) -> None:
        """Raises `UnsafeServerError` for a server that would lose reports; not for one that is away."""
        try:
            await self._make(_FIRST_PATIENCE_S)
        except BusUnavailableError as error:
            log.warning("nats_away_at_start", error=type(error).__name__)

    async def run(self, stop: asyncio.Event) -> None:
        """Go on trying until connected; from then on the connection looks after itself."""
        stopping = asyncio.create_task(stop.wait(), name="nats-stop")
        try:
            while not (self._made or stop.is_set()):
                await asyncio.wait({stopping}, timeout=_PAUSE_S)
                await self.first_try()
            await stopping
        finally:
            stopping.cancel()

    async def _make(self, patience_s: float) -> None:
        real = await open_bus(self._settings, "ingest", patience_s=patience_s)
        self._stack.push_async_callback(real.close)
        await Keyring(self._master, real, SystemClock(), source="ingest").verify_master()
        self._bus.become(real)
        self._made = True

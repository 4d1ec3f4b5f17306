"""Wires the console: settings, key, bus, read model, application, and its workers."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import aiohttp
import structlog

from services.console.app import make_app
from services.console.bootstrap import Bootstrap
from services.console.channels import Channels
from services.console.door import Console
from services.console.first_link import FirstLink
from services.console.kill_switches import KillSwitchKeeper
from services.console.live import Live
from services.console.metrics import facts
from services.console.news import News
from services.console.projector import Projector
from services.console.settings import ConsoleSettings
from services.console.stops import Stops
from services.console.store import Store
from services.console.tiles import Tiles
from shared.bus import open_bus
from shared.clock import SystemClock
from shared.faults import refuse_faults_in_production
from shared.gazetteer.live import LiveGazetteer
from shared.http import site
from shared.lifecycle import run_workers, stop_on_signals
from shared.logging import configure_logging
from shared.metrics import metrics_site
from shared.sealing import Keyring, load_master_key
from shared.settings import load_settings
from shared.state import open_state

log = structlog.get_logger()


async def main() -> None:
    """Run until asked to stop."""
    settings = load_settings(ConsoleSettings)
    configure_logging("console", log_format=settings.log_format)
    refuse_faults_in_production(production=settings.production)
    await serve(settings, stop_on_signals())


async def serve(settings: ConsoleSettings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set. `connect` refuses a NATS server that would lose what it acknowledged."""
    clock = SystemClock()
    places = await asyncio.to_thread(LiveGazetteer, settings.console_gazetteer_index)
    tiles = Tiles.open(settings.console_tiles_file) if settings.console_tiles_file else None
    async with AsyncExitStack() as stack:
        master = load_master_key(settings.master_key_file, production=settings.production)
        bus = await stack.enter_async_context(await open_bus(settings, "console"))
        state = await stack.enter_async_context(open_state(settings.redis_url))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        keyring = Keyring(master, bus, clock, source="console")
        await keyring.verify_master()
        store, news = Store(state), News(state)
        channels = Channels.found(http)
        console = Console(
            *(bus, store, keyring, clock, settings, news, channels, stop, state.ephemeral, places),
            stops=Stops(bus, store),
            tiles=tiles,
        )
        live = Live(store, news, clock)
        port = await stack.enter_async_context(
            site(make_app(console, live), settings.host, settings.console_port)
        )
        await stack.enter_async_context(
            metrics_site(settings, settings.console_metrics_port, partial(facts, console))
        )
        log.info("service_ready", port=port)
        workers = {
            "projector": Projector(bus, state, keyring, clock).work,
            "keys": keyring.follow,
            "news": news.work,
            "live": live.work,
            "bootstrap": Bootstrap(console).work,
            "first-link": FirstLink(console).work,
            "kill-switches": KillSwitchKeeper(bus, clock).work,
            "gazetteer": places.watch,
        }
        await run_workers(workers, drain_s=settings.drain_s, stop=stop)
        log.info("service_stopped")

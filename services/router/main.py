"""Wires one router: settings, gazetteer, bus, keys, health, worker. Long and straight on purpose."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import structlog
from aiohttp import web

from services.router.decide.lexicon import warm_up
from services.router.health import Health
from services.router.metrics import facts
from services.router.settings import RouterSettings
from services.router.worker import Patience, Router
from shared.bus import open_bus
from shared.clock import SystemClock
from shared.faults import refuse_faults_in_production
from shared.gazetteer.live import LiveGazetteer
from shared.http import add_health, problems, site
from shared.lifecycle import for_life, run_workers, stop_on_signals
from shared.logging import configure_logging
from shared.metrics import metrics_site
from shared.sealing import Keyring, load_master_key
from shared.settings import load_settings

log = structlog.get_logger()


async def main() -> None:
    """Run until asked to stop."""
    settings = load_settings(RouterSettings)
    configure_logging("router", log_format=settings.log_format)
    refuse_faults_in_production(production=settings.production)
    await serve(settings, stop_on_signals())


async def serve(settings: RouterSettings, stop: asyncio.Event) -> None:
    """Decide until `stop` is set."""
    clock = SystemClock()
    master = load_master_key(settings.master_key_file, production=settings.production)
    places = await asyncio.to_thread(LiveGazetteer, settings.router_gazetteer_index)
    with for_life():
        warm_up()  # now, so that a broken lexicon stops the start instead of spoiling every report
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(await open_bus(settings, "router"))
        keyring = Keyring(master, bus, clock, source="router")
        await keyring.verify_master()
        patience = Patience(takeover_s=settings.router_takeover_s)
        router = Router(bus, keyring, clock, places.current, patience=patience)
        app = web.Application(middlewares=[problems])
        health = Health(bus, router, clock, places)
        add_health(app, health.check)
        port = await stack.enter_async_context(site(app, settings.host, settings.router_port))
        figures = partial(facts, health, router.counted)
        await stack.enter_async_context(
            metrics_site(settings, settings.router_metrics_port, figures, router.counted.latency)
        )
        log.info("service_ready", port=port)
        workers = {
            "router": router.run,
            "keeper": router.keeper.run,
            "gazetteer": lambda until: places.watch(until, router.use_gazetteer),
        }
        await run_workers(workers, drain_s=settings.drain_s, stop=stop)
        log.info("service_stopped", log_seq=router.log_seq)

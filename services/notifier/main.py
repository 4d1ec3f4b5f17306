"""Wires one notifier: settings, bus, keys, channels, health, engine. Long and straight on purpose."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial

import structlog
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web

from services.notifier.channels import load_channels
from services.notifier.directory import Directory
from services.notifier.engine import Engine
from services.notifier.fetching import Fetching
from services.notifier.form_contacts import Form
from services.notifier.metrics import facts
from services.notifier.receipt_door import ReceiptDoor
from services.notifier.settings import NotifierSettings
from services.notifier.subscribers.subscribers import Subscribers
from services.notifier.subscribers.ways import Ways
from services.notifier.worker import Notifier
from shared.bus import open_bus
from shared.clock import SystemClock
from shared.errors import RelayError, SettingsError
from shared.faults import refuse_faults_in_production
from shared.gazetteer.live import LiveGazetteer
from shared.http import add_health, problems, site
from shared.lifecycle import Worker, run_workers
from shared.logging import configure_logging
from shared.metrics import metrics_site
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.contacts_file import read_contacts
from shared.plugins.live_bridges import LiveBridges
from shared.plugins.spec import ChannelHost
from shared.ports import Clock
from shared.sealing import Keyring, load_master_key
from shared.secrets import ReferencedSecrets
from shared.settings import load_settings
from shared.words.library import shipped
from shared.words.library_check import flaws_in, not_in_force

log = structlog.get_logger()
_CONNECT_S = 5.0
_KEEPALIVE_S = 15.0


async def main() -> None:
    """Run until SIGTERM or SIGINT, then finish what is claimed."""
    settings = load_settings(NotifierSettings)
    configure_logging("notifier", log_format=settings.log_format)
    refuse_faults_in_production(production=settings.production)
    master = load_master_key(settings.master_key_file, production=settings.production)
    look_at_words(SystemClock())
    plugins = load_channels()
    file = LiveBridges(settings.ingest_bridges_file)
    bridges = file.entries
    contacts = read_contacts(settings.ingest_contacts_file, bridges, form_url=settings.ingest_public_url)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(await open_bus(settings, "notifier"))
        http = await stack.enter_async_context(http_session(settings.sends_at_once))
        keyring = Keyring(master, bus, clock, source="notifier")
        await keyring.verify_master(leave_mark=False)
        back = ChannelHost(http=http, secrets=ReferencedSecrets())
        ways = Ways(bridges, back, contacts.email)
        directory = Directory(
            plugins,
            ChannelHost(http=http, secrets=_secrets(settings)),
            bridges,
            bridge_secrets=ReferencedSecrets(),
            public_url=settings.notifier_public_url,
            form=Form(contacts, settings.ingest_public_url),
        )
        engine = Engine(
            lease_s=settings.claim_lease_s,
            deadline_s=settings.send_deadline_s,
            at_once=settings.sends_at_once,
            lane_width=settings.sends_per_lane,
            public_url=settings.base_url,
        )

        async def use_bridges(now: Mapping[str, BridgeEntry]) -> None:
            await directory.use_bridges(now)
            await ways.use(now)

        workers: dict[str, Worker] = {
            "keys": keyring.follow,
            "bridges": lambda until: file.follow(until, use_bridges),
        }
        subscribers = None
        if ways:
            places = await asyncio.to_thread(LiveGazetteer, settings.router_gazetteer_index)
            subscribers = Subscribers(
                bus,
                keyring,
                clock,
                directory,
                ways,
                master=master,
                gazetteer=lambda: places.current,
                front_url=settings.ingest_public_url,
                base_url=settings.base_url,
                lease_s=settings.claim_lease_s,
                claimant=engine.claimant,
            )
            workers |= {"subscribers": subscribers.run, "gazetteer": places.watch}
        notifier = Notifier(
            bus,
            keyring,
            clock,
            directory,
            engine,
            subscribers=subscribers,
        )
        ways_out = (contacts.email, contacts.phone)
        own = {way.name: partial(way.open, back) for way in ways_out if way is not None}
        fetching = Fetching(notifier.receipts, directory, notifier.caught_up, own=own)

        async def health() -> dict[str, object]:
            return {**await notifier.health(), "mailboxes": fetching.health()}

        app = web.Application(middlewares=[problems])
        add_health(app, health)
        door = ReceiptDoor(
            notifier.receipts,
            directory,
            clock=clock,
            public_url=settings.notifier_public_url,
            ready=lambda: notifier.ready,
        )
        door.add_to(app)
        try:
            port = await stack.enter_async_context(site(app, settings.host, settings.notifier_port))
        except OSError as error:
            raise RelayError(
                f"Port {settings.notifier_port} is taken; stop what listens there or set RELAY_NOTIFIER_PORT."
            ) from error
        figures = partial(facts, health, plugins)
        await stack.enter_async_context(
            metrics_site(settings, settings.notifier_metrics_port, figures, notifier.first_delivery)
        )
        log.info("service_ready", port=port, channels=sorted(plugins), bridges=sorted(bridges))
        await run_workers(
            {"notifier": notifier.run, "fetching": fetching.run, **workers}, drain_s=settings.drain_s
        )


def look_at_words(clock: Clock) -> None:
    """Refuse to start over templates that do not do what they have to; name those that nobody stands behind.

    An end of a signature is no reason to be silent: English goes out, and the log says so.
    """
    library = shipped()
    if flaws := flaws_in(library):
        first = flaws[0]
        raise SettingsError(f"{library.folder / first.name} line {first.line}: {first.what}")
    for name, why in not_in_force(library, clock.now().date()).items():
        log.warning("words_not_in_force", template=name, reason=why)


def _secrets(settings: NotifierSettings) -> ReferencedSecrets:
    """What channels' settings stand for: groups' admins write them, so the hub's own is out of reach."""
    return ReferencedSecrets(never=[settings.master_key_file] if settings.master_key_file else [])


def http_session(at_once: int) -> ClientSession:
    """The pooled session of all channels: no cookies, no proxies from the environment, no long waits.

    The engine limits what is under way; each send's deadline is the engine's too.
    """
    return ClientSession(
        connector=TCPConnector(limit=at_once, keepalive_timeout=_KEEPALIVE_S),
        timeout=ClientTimeout(total=None, sock_connect=_CONNECT_S),
        cookie_jar=DummyCookieJar(),
        trust_env=False,
    )

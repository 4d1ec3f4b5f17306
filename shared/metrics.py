"""What Prometheus reads of a service: counts and health, never a word, a contact or an id.

A metric is defined once, as data, and its page in the documents is made of that. Its figures are asked at
each scrape of what `/health` asks too, so that both say the same. Nothing is kept in the process's globals.
What cannot be asked at the moment is left out: a figure that is missing alarms, a nought would not.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final, Literal, NamedTuple

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from shared.errors import BusError, StateUnavailableError
from shared.http import problems, site
from shared.settings import ServiceSettings

log = structlog.get_logger()

ASK_S: Final = 2.0
"""How long another server may take to answer: well within the ten seconds that Prometheus waits."""
SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Bounds of latencies. 5 and 60 are what the alert rules ask about."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A name that dashboards and rules rely on, and what it counts."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    what: str
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Each label and what it holds."""

    def family(self) -> CounterMetricFamily | GaugeMetricFamily:
        """An empty one, for one scrape."""
        make = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        return make(self.name, self.what, labels=tuple(self.labels))

    def histogram(self) -> Histogram:
        """One that its owner observes into; it is registered nowhere."""
        return Histogram(self.name, self.what, tuple(self.labels), registry=None, buckets=SECONDS)


class Fact(NamedTuple):
    """One figure; `labels` are the values in the order of the metric's."""

    metric: Metric
    value: float
    labels: tuple[str, ...] = ()


Facts = Callable[[], Awaitable[Iterable[Fact]]]
"""Asks for all of a service's figures."""

_SERVICE: Final = {"service": "ingest, router, notifier or console"}
BUILD_INFO: Final = Metric(
    "alert_relay_build_info",
    "gauge",
    "Always 1; which version runs.",
    {**_SERVICE, "version": "of the relay"},
)
HEALTHY: Final = Metric("alert_relay_healthy", "gauge", "1 where `/health` says ok, else 0.", _SERVICE)
BUS_CONNECTED: Final = Metric(
    "alert_relay_bus_connected", "gauge", "1 while this process is connected to NATS, else 0.", _SERVICE
)
COMMON: Final = (BUILD_INFO, HEALTHY, BUS_CONNECTED)


def common(service: str, *, ok: bool, connected: bool) -> Iterator[Fact]:
    """What every service says."""
    yield Fact(BUILD_INFO, 1, (service, version("alert-relay")))
    yield Fact(HEALTHY, ok, (service,))
    yield Fact(BUS_CONNECTED, connected, (service,))


async def asked(*questions: Awaitable[Iterable[Fact]]) -> list[Fact]:
    """What other servers must be asked for, all at once; nothing of one that is away or doesn't answer."""
    return [fact for answer in await asyncio.gather(*map(_answer, questions)) for fact in answer]


async def _answer(question: Awaitable[Iterable[Fact]]) -> Iterable[Fact]:
    try:
        async with asyncio.timeout(ASK_S):
            return await question
    except (TimeoutError, BusError, StateUnavailableError):
        return ()


class _Scrape(Collector):
    def __init__(self, families: Iterable[Family]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Family]:
        yield from self._families


def exposition(facts: Iterable[Fact], histograms: Iterable[Histogram] = ()) -> bytes:
    """The text that Prometheus reads."""
    families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
    for metric, value, labels in facts:
        family = families.setdefault(metric.name, metric.family())
        family.add_metric(labels, float(value))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Scrape([*families.values(), *_collected(histograms)]))
    return generate_latest(registry)


def _collected(histograms: Iterable[Histogram]) -> Iterator[Family]:
    """As they stand, without the times at which they were made: those say nothing and double the names."""
    for histogram in histograms:
        for family in histogram.collect():
            family.samples = [s for s in family.samples if not s.name.endswith("_created")]
            yield family


@asynccontextmanager
async def metrics_site(
    settings: ServiceSettings, port: int | None, facts: Facts, *histograms: Histogram
) -> AsyncIterator[None]:
    """Serve `GET /metrics` at a port of its own while the context is open; nowhere if there is none.

    Apart from the doors that strangers reach, so that no proxy can show it by mistake.
    """
    if port is None:
        yield
        return

    async def page(_: web.Request) -> web.Response:
        body = exposition(await facts(), histograms)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    app = web.Application(middlewares=[problems])
    app.router.add_get("/metrics", page)
    async with site(app, settings.metrics_host, port) as listening:
        log.info("metrics_ready", port=listening)
        yield

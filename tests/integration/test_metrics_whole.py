"""A real Prometheus reads the running relay with the configuration that we ship: all that is documented."""

import json
import re
import shutil
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from alert_relay.pages import ROOT, metrics_by_service
from shared.testing.servers import Process, free_port, healthy
from tests.rigs.system import SERVICES, RelaySystem, square

PROMETHEUS: Final = shutil.which("prometheus")
DEPLOY: Final = ROOT / "deploy" / "prometheus"
SHIPPED: Final = {"ingest": 9180, "console": 9181, "router": 9182, "notifier": 9183}
GROUP: Final = {"id": "hackney", "name": "Hackney", "area": square(51.5466, -0.0755, 0.05)}
TEXT: Final = (
    "Immigration raid happening now on Kingsland Road near Ashwin Street, six officers, I can see them"
)

pytestmark = pytest.mark.skipif(PROMETHEUS is None, reason="needs Debian's package prometheus (.ci/run)")


class Prometheus:
    """One server in a folder of its own, on a free loopback port."""

    def __init__(self, folder: Path, ports: dict[str, int]) -> None:
        folder.mkdir()
        shutil.copytree(DEPLOY, folder, dirs_exist_ok=True)
        config = folder / "prometheus.yml"
        text = config.read_text().replace("15s", "1s")
        for service, port in SHIPPED.items():
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{ports[service]}")
        config.write_text(text)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = Process(
            args=[
                str(PROMETHEUS),
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            log=folder / "prometheus.log",
            ready=lambda: healthy(port, "/-/ready"),
        )

    def ask(self, path: str, **query: str) -> Any:
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own loopback address
            return json.load(answer)["data"]

    def has_judged(self) -> bool:
        groups = self.ask("rules")["groups"]
        return all(rule["health"] != "unknown" for group in groups for rule in group["rules"])

    def names(self) -> set[str]:
        return {name for name in self.ask("label/__name__/values") if name.startswith("alert_relay_")}


@pytest.fixture
async def scraped(tmp_path: Path) -> AsyncIterator[tuple[RelaySystem, Prometheus]]:
    ports = {name: free_port() for name in SERVICES}
    env = {f"RELAY_{name.upper()}_METRICS_PORT": str(port) for name, port in ports.items()}
    async with RelaySystem(tmp_path / "relay", env=env) as relay:
        prometheus = Prometheus(tmp_path / "prometheus", ports)
        prometheus.process.start()
        try:
            yield relay, prometheus
        finally:
            prometheus.process.stop()


def documented() -> set[str]:
    """Every name that a query may use."""
    found = set()
    for metrics in metrics_by_service().values():
        for metric in metrics:
            parts = ("_bucket", "_count", "_sum") if metric.kind == "histogram" else ("",)
            found |= {metric.name + part for part in parts}
    return found


def selectors() -> set[str]:
    """Whatever the rules ask about: a metric with the labels that it must have."""
    rules = (DEPLOY / "rules.yml").read_text()
    return set(re.findall(r"alert_relay_[a-z0-9_]+(?:\{[^{}]*\})?(?!\.md)", rules))


async def test_what_is_documented_is_what_prometheus_reads_and_nothing_in_it_names_anybody(
    scraped: tuple[RelaySystem, Prometheus],
) -> None:
    relay, prometheus = scraped
    await relay.define_group(GROUP)
    await relay.deliver_report(TEXT)
    delivered = 'alert_relay_first_delivery_seconds_count{audience="verifiers"} > 0'
    await relay.wait_until(lambda: prometheus.ask("query", query=delivered)["result"], "a delivery is seen")
    await relay.wait_until(lambda: prometheus.names() >= documented(), "all that is documented is read")
    await relay.wait_until(prometheus.has_judged, "every rule was asked")
    assert prometheus.names() == documented()

    for selector in sorted(selectors()):
        assert prometheus.ask("query", query=selector)["result"], f"no rule can see {selector}"
    groups = prometheus.ask("rules")["groups"]
    assert {rule["health"] for group in groups for rule in group["rules"]} == {"ok"}

    labels = json.dumps(prometheus.ask("series", **{"match[]": '{__name__=~"alert_relay_.+"}'}))
    assert not re.search(r"hackney|kingsland|ashwin", labels, re.IGNORECASE)
    up = {one["metric"]["service"] for one in prometheus.ask("query", query="up == 1")["result"]}
    assert up == set(SERVICES)

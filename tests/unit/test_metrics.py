"""What Prometheus is told: names that last, few labels, nothing that names anybody."""

import re

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from alert_relay.pages import metrics_by_service
from shared.metrics import BUILD_INFO, COMMON, Fact, Metric, common, exposition, metrics_site
from shared.settings import ServiceSettings
from shared.testing.servers import free_port

ALL = sorted({m for metrics in metrics_by_service().values() for m in metrics}, key=lambda m: m.name)
SEEN = Metric("alert_relay_seen_total", "counter", "What was seen.", {"what": "it was"})


@pytest.mark.parametrize("metric", ALL, ids=lambda m: m.name)
def test_a_metric_is_named_by_the_rules_and_labels_nobody(metric: Metric) -> None:
    assert re.fullmatch(r"alert_relay_[a-z_]+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.name.endswith("_seconds") or metric.kind != "histogram"
    assert not {"group", "channel", "bridge", "incident", "report", "member", "id"} & metric.labels.keys()


def test_each_metric_has_one_meaning() -> None:
    own = [m.name for metrics in metrics_by_service().values() for m in metrics if m not in COMMON]
    assert len(own) == len(set(own))


def test_what_is_written_can_be_read_back() -> None:
    latency = Metric("alert_relay_took_seconds", "histogram", "How long it took.").histogram()
    latency.observe(0.3)
    text = exposition([Fact(SEEN, 3, ('a "quoted"\nline',)), Fact(SEEN, 0, ("b",))], [latency]).decode()
    read = {family.name: family for family in text_string_to_metric_families(text)}
    assert [(s.labels["what"], s.value) for s in read["alert_relay_seen"].samples] == [
        ('a "quoted"\nline', 3),
        ("b", 0),
    ]
    names = {s.name for s in read["alert_relay_took_seconds"].samples}
    assert names == {f"alert_relay_took_seconds_{part}" for part in ("bucket", "sum", "count")}
    assert "_created" not in text


async def test_it_listens_where_it_is_told_and_shows_no_more_than_that() -> None:
    async def facts() -> list[Fact]:
        return list(common("router", ok=True, connected=False))

    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with metrics_site(ServiceSettings(), port, facts), aiohttp.ClientSession() as http:
        async with http.get(f"{url}/metrics") as answer:
            assert answer.content_type == "text/plain"
            text = await answer.text()
        async with http.get(f"{url}/health") as answer:
            assert answer.status == 404
    assert f'{BUILD_INFO.name}{{service="router"' in text
    assert 'alert_relay_bus_connected{service="router"} 0.0' in text


async def test_without_a_port_it_listens_nowhere() -> None:
    async def facts() -> list[Fact]:
        raise AssertionError

    async with metrics_site(ServiceSettings(), None, facts):
        pass

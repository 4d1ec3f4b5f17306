"""The rules for Prometheus ask about what there is, alarm when they should, and each leads to its runbook."""

import re
import shutil
import subprocess
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from alert_relay.pages import ROOT, metrics_by_service
from shared.metrics import Metric

DEPLOY: Final = ROOT / "deploy" / "prometheus"
RUNBOOKS: Final = ROOT / "docs" / "operating" / "runbooks"
RULES: Final[list[dict[str, Any]]] = [
    rule
    for group in YAML(typ="safe").load((DEPLOY / "rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
ALERTS: Final = [rule for rule in RULES if "alert" in rule]
TRIED: Final = (DEPLOY / "rules_test.yml").read_text()
PROMTOOL: Final = shutil.which("promtool")
METRICS: Final[dict[str, Metric]] = {m.name: m for own in metrics_by_service().values() for m in own}
_SELECTOR: Final = re.compile(r"(alert_relay_[a-z0-9_]+)(?:\{([^{}]*)\})?")
_PROMETHEUS_OWN: Final = {"le", "instance", "job"}


def _metric(name: str) -> Metric | None:
    """The metric that a query's name belongs to; a histogram is asked about by its parts alone."""
    stem = re.sub(r"_(bucket|count|sum)$", "", name)
    found = METRICS.get(name) or METRICS.get(stem)
    return found if found is not None and (found.kind == "histogram") == (stem != name) else None


def _selectors(text: str) -> list[tuple[str, set[str]]]:
    return [(name, set(re.findall(r"(\w+)\s*(?:=|!=)", inside))) for name, inside in _SELECTOR.findall(text)]


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.get("alert") or r["record"])
def test_a_rule_asks_about_metrics_and_labels_that_there_are(rule: dict[str, Any]) -> None:
    for name, labels in _selectors(rule["expr"]):
        metric = _metric(name)
        assert metric is not None, f"there is no metric {name}"
        assert labels <= metric.labels.keys() | _PROMETHEUS_OWN, name
    recorded = {other["record"] for other in RULES if "record" in other}
    assert set(re.findall(r"alert_relay:[a-z0-9_:]+", rule["expr"])) <= recorded


def test_what_the_rules_are_tried_with_are_metrics_that_there_are() -> None:
    unknown = {name for name, _ in _selectors(TRIED) if _metric(name) is None}
    assert not unknown


@pytest.mark.parametrize("alert", ALERTS, ids=lambda a: a["alert"])
def test_an_alert_is_tried_and_leads_to_its_runbook(alert: dict[str, Any]) -> None:
    assert f'alertname="{alert["alert"]}"' in TRIED
    assert alert["labels"]["severity"] in {"page", "look"}
    page = ROOT / alert["annotations"]["runbook"]
    assert page.read_text().startswith(f"# {alert['alert']}\n")
    for part in ("**What it means.**", "**Look at**", "**Do.**"):
        assert part in page.read_text()
    assert f"]({page.name})" in (RUNBOOKS / "README.md").read_text()


def test_every_runbook_has_its_alert() -> None:
    named = {(ROOT / alert["annotations"]["runbook"]).name for alert in ALERTS}
    assert {page.name for page in RUNBOOKS.glob("*.md")} == {"README.md", *named}


def test_runbooks_name_metrics_that_there_are() -> None:
    text = "".join(page.read_text() for page in RUNBOOKS.glob("*.md"))
    assert not {name for name, _ in _selectors(text) if _metric(name) is None}


@pytest.mark.skipif(PROMTOOL is None, reason="needs promtool of Debian's package prometheus (.ci/run)")
@pytest.mark.parametrize(
    "check",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "rules.yml"),
        ("test", "rules", "rules_test.yml"),
    ],
    ids=" ".join,
)
def test_prometheus_own_tool_finds_nothing(check: tuple[str, ...]) -> None:
    ran = subprocess.run(
        [str(PROMTOOL), *check], cwd=DEPLOY, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr

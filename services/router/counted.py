"""What a router has done since its start, for Prometheus."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final, get_args

from shared.contracts.alerts import AlertRaised
from shared.contracts.groups import Audience
from shared.contracts.incidents import InputDecided
from shared.metrics import Fact, Metric

DECISIONS: Final = Metric(
    "alert_relay_decisions_total",
    "counter",
    "Inputs decided by this router since its start.",
    {
        "stream": "REPORTS, DESK or TICK",
        "outcome": "what became of it: opened, attached, held, ignored, applied, refused, ticked",
        "reason": "the named reason",
    },
)
ALERTS: Final = Metric(
    "alert_relay_alerts_raised_total",
    "counter",
    "Alerts that followed from decisions of this router.",
    {"audience": "verifiers, community, partners or reporter"},
)
LATENCY: Final = Metric(
    "alert_relay_decision_seconds",
    "histogram",
    "From a report's being stored in NATS to its decision's being stored.",
)


class Counted:
    """What one router has done since its start."""

    def __init__(self) -> None:
        self.latency = LATENCY.histogram()
        self._decisions: Counter[tuple[str, str, str]] = Counter()
        self._alerts: Counter[str] = Counter(dict.fromkeys(get_args(Audience), 0))

    def decided(self, event: InputDecided) -> None:
        """An input's decision is stored."""
        self._decisions[event.input.stream, event.outcome, event.reason] += 1

    def raised(self, alert: AlertRaised) -> None:
        """And an alert that follows from it."""
        self._alerts[alert.audience] += 1

    def waited(self, since: datetime, until: datetime) -> None:
        """A report's decision was stored; clocks of two machines may differ a little."""
        self.latency.observe(max(0.0, (until - since).total_seconds()))

    def facts(self) -> Iterator[Fact]:
        """The counters; the latency is a histogram of its own."""
        yield from (Fact(DECISIONS, n, labels) for labels, n in sorted(self._decisions.items()))
        yield from (Fact(ALERTS, n, (audience,)) for audience, n in sorted(self._alerts.items()))

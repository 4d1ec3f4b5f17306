"""What the router tells Prometheus: what it decided and how soon, what waits undecided, and who routes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from services.router.counted import ALERTS, DECISIONS, LATENCY, Counted
from services.router.health import Health
from shared.metrics import COMMON, Fact, Metric, common

ROLE: Final = Metric(
    "alert_relay_router_role",
    "gauge",
    "1 for what this router is. Of all routers one is active.",
    {"role": "folding (reads the log at its start), active or standby"},
)
UNDECIDED: Final = Metric(
    "alert_relay_undecided_inputs",
    "gauge",
    "How far decisions are behind the stream's end, in messages.",
    {"stream": "REPORTS or DESK"},
)
UNDECIDED_AGE: Final = Metric(
    "alert_relay_undecided_oldest_age_seconds",
    "gauge",
    "Since when the oldest undecided input lies in the stream; 0 if none does.",
    {"stream": "REPORTS or DESK"},
)
OPEN: Final = Metric("alert_relay_incidents_open", "gauge", "Incidents that are not over.")
HELD: Final = Metric(
    "alert_relay_reports_held", "gauge", "Reports that wait for a person or for more evidence."
)
GROUPS: Final = Metric("alert_relay_groups", "gauge", "Groups that are defined.")
GAZETTEER_OK: Final = Metric(
    "alert_relay_gazetteer_ok", "gauge", "0 where the gazetteer's file cannot be used, and an older one is."
)
METRICS: Final = (
    *COMMON,
    DECISIONS,
    ALERTS,
    LATENCY,
    ROLE,
    UNDECIDED,
    UNDECIDED_AGE,
    OPEN,
    HELD,
    GROUPS,
    GAZETTEER_OK,
)
_ROLES: Final = ("folding", "active", "standby")


async def facts(health: Health, counted: Counted) -> Iterable[Fact]:
    """All of it, out of what `/health` says; lags only while NATS can be asked."""
    figures = await health.check()
    ok = bool(figures["ok"])
    return [*common("router", ok=ok, connected=health.connected), *counted.facts(), *_standing(figures)]


def _standing(figures: Mapping[str, Any]) -> Iterator[Fact]:
    yield from (Fact(ROLE, figures["role"] == role, (role,)) for role in _ROLES)
    yield Fact(GAZETTEER_OK, figures.get("gazetteer_problem") is None)
    if "lag" not in figures:
        return
    for stream in ("reports", "desk"):
        yield Fact(UNDECIDED, figures["lag"][stream], (stream.upper(),))
        yield Fact(UNDECIDED_AGE, figures["oldest_age_s"][stream], (stream.upper(),))
    yield Fact(OPEN, figures["open"])
    yield Fact(HELD, figures["held"])
    yield Fact(GROUPS, figures["groups"])

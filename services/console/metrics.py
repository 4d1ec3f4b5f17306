"""What the console tells Prometheus: the read model, dead letters, and how full the streams are."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.console.decide.dead import INDEX as DEAD_INDEX
from services.console.door import Console
from services.console.projector import STREAMS as SHOWN
from services.console.status import health, streams_of
from shared.contracts.catalog import STREAMS
from shared.metrics import COMMON, Fact, Metric, asked, common
from shared.ports import Bus

_STREAM: Final = {"stream": "as in ARCHITECTURE.md"}

REDIS: Final = Metric("alert_relay_redis_connected", "gauge", "1 while Redis answers the console, else 0.")
READY: Final = Metric("alert_relay_view_ready", "gauge", "0 while the read model is being rebuilt.")
VIEW_LAG: Final = Metric(
    "alert_relay_view_lag",
    "gauge",
    "Messages of the log that pages don't show yet.",
    {"stream": ", ".join(SHOWN)},
)
DEAD: Final = Metric(
    "alert_relay_dead_letters", "gauge", "Messages that nobody could handle, and no person has yet."
)
UNREADABLE: Final = Metric(
    "alert_relay_unreadable_messages",
    "gauge",
    "Messages of the log that pages cannot show because they can't be read.",
)
FLAGGED: Final = Metric(
    "alert_relay_alerts_flagged",
    "gauge",
    "Alerts in the ledger that ended with somebody who may have got nothing.",
)
EXPIRED: Final = Metric(
    "alert_relay_alerts_expired", "gauge", "Alerts in the ledger that were too old to be sent."
)
STREAM_MESSAGES: Final = Metric("alert_relay_stream_messages", "gauge", "Messages in a stream.", _STREAM)
STREAM_BYTES: Final = Metric("alert_relay_stream_bytes", "gauge", "Bytes in a stream.", _STREAM)
STREAM_LIMIT: Final = Metric(
    "alert_relay_stream_limit_bytes", "gauge", "Bytes that a stream may hold; full, it refuses.", _STREAM
)
METRICS: Final = (
    *COMMON,
    REDIS,
    READY,
    VIEW_LAG,
    DEAD,
    UNREADABLE,
    FLAGGED,
    EXPIRED,
    STREAM_MESSAGES,
    STREAM_BYTES,
    STREAM_LIMIT,
)


async def facts(console: Console) -> Iterable[Fact]:
    """All of it, out of what `/health` and `/v1/status` say."""
    figures = await health(console)
    ok = bool(figures["ok"])
    return [
        *common("console", ok=ok, connected=bool(figures["bus_connected"])),
        Fact(REDIS, bool(figures["state_connected"])),
        Fact(READY, bool(figures["ready"])),
        *await asked(_counts(console), _view(console), *(_size(console.bus, name) for name in STREAMS)),
    ]


async def _counts(console: Console) -> list[Fact]:
    """What the read model counts."""
    counts: Mapping[str, Any] = await console.store.one("counts") or {}
    settled = counts.get("settled", {})
    return [
        Fact(DEAD, len(await console.store.state.names(DEAD_INDEX))),
        Fact(UNREADABLE, sum(counts.get("unreadable", {}).values())),
        Fact(FLAGGED, settled.get("flagged", 0)),
        Fact(EXPIRED, settled.get("expired", 0)),
    ]


async def _view(console: Console) -> list[Fact]:
    """How far it is behind the streams."""
    streams = await streams_of(console, await console.store.progress(), {}) or {}
    return [Fact(VIEW_LAG, streams[name]["lag"], (name,)) for name in SHOWN if name in streams]


async def _size(bus: Bus, name: str) -> list[Fact]:
    """How full one stream is."""
    size = await bus.size(name)
    return [
        Fact(STREAM_MESSAGES, size.messages, (name,)),
        Fact(STREAM_BYTES, size.bytes, (name,)),
        Fact(STREAM_LIMIT, size.most_bytes, (name,)),
    ]

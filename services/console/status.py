"""`GET /v1/status` and `/health`: what waits, what was counted, and whether all is well. No content."""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from services.console.decide.dead import INDEX as DEAD
from services.console.door import CONSOLE, Actor, Console, actor_of
from services.console.models import SendingStopped
from services.console.projector import STREAMS
from shared.errors import BusError, StateUnavailableError
from shared.ports import Progress
from shared.state.bridges import BridgeStandings

_COUNTED: Final = ("decisions", "alerts", "deliveries", "receipts", "settled", "dead", "unreadable")
_LAG: Final = 1_000
"""Messages behind that are not well any more."""


async def get_status(request: web.Request) -> web.Response:
    """Figures for any member."""
    console = request.app[CONSOLE]
    actor = await actor_of(request)
    progress = await console.store.progress()
    counts = await console.store.one("counts") or {}
    streams = await streams_of(console, progress, counts)
    figures = {
        "ok": console.bus.connected and streams is not None and _well(streams, progress),
        "bus_connected": console.bus.connected,
        "ready": bool(progress and progress.ready),
        "epoch": progress.epoch if progress else None,
        "log_at": counts.get("log_at"),
        "streams": streams,
        **_totals(counts),
        "dead_letters": len(await console.store.state.names(DEAD)),
        "bridges": await bridges_of(console, actor),
        "stopped": [one.model_dump(mode="json") for one in await stops_of(console, actor)],
        "counts": {name: counts.get(name, {}) for name in _COUNTED},
    }
    return web.json_response(figures)


async def bridges_of(console: Console, actor: Actor) -> dict[str, dict[str, Any]]:
    """How the bridges stand that are this member's business: of the groups that they run; operators, all."""
    try:
        said = await BridgeStandings(console.brief).said()
    except StateUnavailableError:
        return {}
    return {name: one for name, one in said.items() if actor.operates or actor.runs(one.get("group", ""))}


async def stops_of(console: Console, actor: Actor) -> list[SendingStopped]:
    """The kill switches that are on and this member's business; to operators all are."""
    return await console.stops.on(None if actor.operates else actor.roles)


async def health(console: Console) -> dict[str, object]:
    """Whether this process can serve: both servers answer and the read model is complete."""
    try:
        progress = await console.store.progress()
    except StateUnavailableError:
        progress, redis = None, False
    else:
        redis = True
    ready = bool(progress and progress.ready)
    return {
        "ok": console.bus.connected and ready,
        "service": "console",
        "bus_connected": console.bus.connected,
        "state_connected": redis,
        "ready": ready,
        **console.places.state(),
    }


async def streams_of(
    console: Console, progress: Progress | None, counts: Mapping[str, Any]
) -> dict[str, dict[str, int]] | None:
    """Where each stream ends, and how far it is decided (inputs) or shown (logs); None: NATS is away."""
    positions = {**(progress.positions if progress else {}), **counts.get("decided_up_to", {})}
    try:
        ends = {s: await console.bus.last_seq(s) for s in ("REPORTS", "DESK", *STREAMS)}
    except BusError:
        return None
    return {
        stream: {"last": end, "position": positions.get(stream, 0), "lag": end - positions.get(stream, 0)}
        for stream, end in ends.items()
    }


def _well(streams: Mapping[str, Mapping[str, int]], progress: Progress | None) -> bool:
    return bool(progress and progress.ready) and all(s.get("lag", 0) < _LAG for s in streams.values())


def _totals(counts: Mapping[str, Any]) -> dict[str, int]:
    decisions, deliveries = counts.get("decisions", {}), counts.get("deliveries", {})
    return {
        "reports_decided": sum(n for name, n in decisions.items() if name.startswith("REPORTS.")),
        "incidents_opened": counts.get("incidents", {}).get("opened", 0),
        "commands_applied": sum(n for name, n in decisions.items() if name.startswith("DESK.applied.")),
        "alerts": sum(counts.get("alerts", {}).values()),
        "delivered": sum(n for name, n in deliveries.items() if name.endswith(".delivered")),
        "flagged": counts.get("settled", {}).get("flagged", 0),
        "expired": counts.get("settled", {}).get("expired", 0),
        "unreadable": sum(counts.get("unreadable", {}).values()),
    }

"""`GET /health` for anybody: whether all is well, in figures. `GET /health/bridges`: which bridge stands how.

What a bridge is called may tell strangers whom to attack (which providers, which numbers), so ids and counts
by bridge are for whoever has a key with the right `health`; others learn how many stand in which state.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from services.ingest.door import DOOR, client_key
from services.ingest.keys import ClientKey
from services.ingest.spool import Spool
from shared.http import Problem, add_health
from shared.ports import Bus

Standings = Callable[[], Mapping[str, Mapping[str, str]]]
"""How each bridge stands, by its id."""
Mistake = Callable[[], str | None]
"""What is wrong with the bridges file, which is why what changed in it does not hold."""


@dataclass(frozen=True, slots=True)
class Health:
    """What /health says to anybody, and how each bridge stands."""

    figures: Callable[[], Awaitable[dict[str, Any]]]
    standings: Standings


HEALTH: Final = web.AppKey("health", Health)
_OF_A_BRIDGE: Final = re.compile(r"bridge\.[^.]+\.")


def add_healths(app: web.Application, bus: Bus, spool: Spool, standings: Standings, mistake: Mistake) -> None:
    """Both addresses."""

    async def health() -> dict[str, Any]:
        return _for_anybody(app, bus, spool, standings()) | {"bridges_file_ok": mistake() is None}

    async def bridges(request: web.Request) -> web.Response:
        _may_see(client_key(request))
        counts = dict(sorted(app[DOOR].counts.items()))
        return web.json_response({"bridges": {**standings()}, "mistake": mistake(), "counts": counts})

    app[HEALTH] = Health(health, standings)
    add_health(app, health)
    app.router.add_get("/health/bridges", bridges)


def _for_anybody(
    app: web.Application, bus: Bus, spool: Spool, standings: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    door, oldest = app[DOOR], spool.oldest_at()
    age = (door.now() - oldest).total_seconds() if oldest else 0.0
    counts: Counter[str] = Counter()
    for name, number in door.counts.items():
        counts[_OF_A_BRIDGE.sub("bridge.", name, count=1)] += number
    return {
        "ok": bus.connected or spool.has_room,
        "service": "ingest",
        "bus_connected": bus.connected,
        "spool": {
            "waiting": spool.depth,
            "oldest_age_s": round(age, 1),
            "bytes": spool.size,
            "set_aside": spool.set_aside,
        },
        "bridges": dict(sorted(Counter(one["state"] for one in standings.values()).items())),
        "counts": dict(sorted(counts.items())),
    }


def _may_see(key: ClientKey | None) -> None:
    if key is None:
        raise Problem(401, "key_missing", "Send a key with the right `health`: `Authorization: Bearer …`.")
    if "health" not in key.rights:
        raise Problem(403, "right_missing", "This key has not the right `health`; use another.")

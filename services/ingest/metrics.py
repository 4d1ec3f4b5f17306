"""What the front door tells Prometheus: what came in and how, the spool, and how bridges stand."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, get_args

from aiohttp import web

from services.ingest.door import DOOR
from services.ingest.health import HEALTH
from shared.metrics import COMMON, Fact, Metric, common
from shared.plugins.spec import BridgeState
from shared.plugins.standing import NOT_CALLED

_HOW: Final = ("stored", "spooled", "duplicate")
_OTHER: Final = "other"
"""A bridge whose kind is not known: its own name stands in no metric."""
_CONSTANT: Final = re.compile(r"[a-z0-9_.]{1,120}")
_UNSPECIFIED: Final = "unspecified"
"""For what a plug-in counts in words that are no constant, and might be somebody's."""
_NOT_CALLED: Final = "NOT_CALLED"
_ALWAYS: Final = ("form", "api")
"""Ways in that every front door has."""

REPORTS: Final = Metric(
    "alert_relay_reports_total",
    "counter",
    "Reports accepted since the start.",
    {
        "source": "the kind of bridge, `form`, `exercise` or `api` (all keys together)",
        "outcome": "`stored` in NATS, `spooled` to disk while NATS is away, `duplicate` of an earlier one",
    },
)
DOOR_EVENTS: Final = Metric(
    "alert_relay_door_events_total",
    "counter",
    "Everything else that the front door counts, as in its `/health`.",
    {"event": "for instance `refused.cannot_store`, `limited.total`, `bridge.failed`, `loop.blocked`"},
)
SPOOL: Final = Metric("alert_relay_spool_messages", "gauge", "Messages on this disk that wait for NATS.")
SPOOL_BYTES: Final = Metric("alert_relay_spool_bytes", "gauge", "How large the spool is.")
SPOOL_AGE: Final = Metric(
    "alert_relay_spool_oldest_age_seconds", "gauge", "Since when its oldest message waits; 0 if none does."
)
SPOOL_SET_ASIDE: Final = Metric(
    "alert_relay_spool_set_aside", "gauge", "Messages of the spool that can't be stored and need a person."
)
BRIDGES: Final = Metric(
    "alert_relay_bridges",
    "gauge",
    "How many bridges of a kind stand in which state.",
    {
        "kind": "the kind of bridge",
        "state": "as in `relay bridge list`; well are CONNECTED and NOT_CALLED (not called yet)",
    },
)
BRIDGES_FILE_OK: Final = Metric(
    "alert_relay_bridges_file_ok",
    "gauge",
    "0 where the bridges file is not in use as it is, since it is wrong.",
)
METRICS: Final = (
    *COMMON,
    REPORTS,
    DOOR_EVENTS,
    SPOOL,
    SPOOL_BYTES,
    SPOOL_AGE,
    SPOOL_SET_ASIDE,
    BRIDGES,
    BRIDGES_FILE_OK,
)
_SEEN_AT_NOUGHT: Final = ("refused.cannot_store", "refused.conflict", "limited.total", "loop.blocked")
"""Counted from the start, so that a rule sees the first one as a rise."""


async def facts(app: web.Application) -> Iterable[Fact]:
    """All of it, out of what `/health` says."""
    health = await app[HEALTH].figures()
    return [
        *common("ingest", ok=health["ok"], connected=health["bus_connected"]),
        *_reports(app[DOOR].accepted, app[HEALTH].standings()),
        *_events(health["counts"]),
        *_spool(health["spool"]),
        *_bridges(app[HEALTH].standings()),
        Fact(BRIDGES_FILE_OK, health["bridges_file_ok"]),
    ]


def _reports(
    accepted: Mapping[tuple[str, str], int], standings: Mapping[str, Mapping[str, str]]
) -> Iterator[Fact]:
    kinds = {name: one.get("kind", _OTHER) for name, one in standings.items()}
    counts = Counter({(kind, how): 0 for kind in {*_ALWAYS, *kinds.values()} for how in _HOW})
    for (bridge, how), number in accepted.items():
        own = bridge in {*_ALWAYS, "exercise"}
        counts[kinds.get(bridge, bridge if own else "api"), how] += number
    return (Fact(REPORTS, number, labels) for labels, number in sorted(counts.items()))


def _events(counts: Mapping[str, int]) -> Iterator[Fact]:
    told = Counter(dict.fromkeys(_SEEN_AT_NOUGHT, 0))
    for event, number in counts.items():
        if not event.startswith("accepted."):
            told[event if _CONSTANT.fullmatch(event) else _UNSPECIFIED] += number
    return (Fact(DOOR_EVENTS, number, (event,)) for event, number in sorted(told.items()))


def _spool(spool: Mapping[str, Any]) -> Iterator[Fact]:
    yield Fact(SPOOL, spool["waiting"])
    yield Fact(SPOOL_BYTES, spool["bytes"])
    yield Fact(SPOOL_AGE, spool["oldest_age_s"])
    yield Fact(SPOOL_SET_ASIDE, spool["set_aside"])


def _bridges(standings: Mapping[str, Mapping[str, str]]) -> Iterator[Fact]:
    kinds = {one.get("kind", _OTHER) for one in standings.values()}
    counts = Counter({(kind, state): 0 for kind in kinds for state in (*get_args(BridgeState), _NOT_CALLED)})
    counts.update((one.get("kind", _OTHER), _state(one)) for one in standings.values())
    return (Fact(BRIDGES, number, labels) for labels, number in sorted(counts.items()))


def _state(standing: Mapping[str, str]) -> str:
    """One that its source calls stands as CONNECTING until it does, which may be for weeks."""
    return _NOT_CALLED if standing.get("reason") == NOT_CALLED.reason else standing["state"]

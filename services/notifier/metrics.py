"""What the notifier tells Prometheus: what goes out, how it ends, what waits, what is in trouble."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final, get_args

from services.notifier.counted import FIRST_DELIVERY
from shared.contracts.ledger import Result
from shared.metrics import COMMON, Fact, Metric, common

DELIVERIES: Final = Metric(
    "alert_relay_deliveries_total",
    "counter",
    "How attempts at recipients ended since the start; the ledger keeps them for good.",
    {
        "kind": "the kind of channel",
        "outcome": "delivered (the provider took it), rejected, retry, or unknown (it may have arrived)",
    },
)
RECEIPTS: Final = Metric(
    "alert_relay_receipts_total",
    "counter",
    "What providers said later about messages.",
    {"what": "`KIND.delivered`, `KIND.failed`, `repeated`, or `unknown` to the ledger"},
)
WAITING: Final = Metric(
    "alert_relay_lane_jobs",
    "gauge",
    "Pieces of work (chunks of at most 64 recipients) that wait to be sent.",
    {"lane": "urgent or usual"},
)
WAITING_AGE: Final = Metric(
    "alert_relay_lane_oldest_age_seconds",
    "gauge",
    "How long ago the oldest alert among them was raised; 0 if nothing waits.",
    {"lane": "urgent or usual"},
)
UNDER_WAY: Final = Metric("alert_relay_sends_under_way", "gauge", "Recipients who are being sent to.")
OPEN: Final = Metric("alert_relay_alerts_open", "gauge", "Alerts that have not ended in the ledger.")
CHANNELS_HELD: Final = Metric(
    "alert_relay_channels_held",
    "gauge",
    "Accounts whose breaker is open: their provider is left alone for a while.",
)
BAD_CREDENTIALS: Final = Metric(
    "alert_relay_channels_bad_credentials", "gauge", "Channels whose provider refuses our credentials."
)
GROUPS_HELD: Final = Metric(
    "alert_relay_groups_held",
    "gauge",
    "Groups for which nothing goes out: a kill switch is on, or can't be read.",
)
HOUR: Final = Metric(
    "alert_relay_groups_waiting_for_the_hour",
    "gauge",
    "Groups whose messages wait for their own limit an hour.",
)
METRICS: Final = (
    *COMMON,
    DELIVERIES,
    RECEIPTS,
    FIRST_DELIVERY,
    WAITING,
    WAITING_AGE,
    UNDER_WAY,
    OPEN,
    CHANNELS_HELD,
    BAD_CREDENTIALS,
    GROUPS_HELD,
    HOUR,
)


async def facts(health: Callable[[], Awaitable[Mapping[str, Any]]], kinds: Collection[str]) -> Iterable[Fact]:
    """All of it, out of what `/health` says. The `kinds` of channels there are are counted from nought."""
    figures = await health()
    return [
        *common("notifier", ok=figures["ok"], connected=figures["bus_connected"]),
        *_outcomes(figures["outcomes"], kinds),
        *_receipts(figures["receipts"]),
        *_lanes(figures["lanes"]),
        Fact(UNDER_WAY, figures["under_way"]),
        Fact(OPEN, figures["alerts_open"]),
        Fact(CHANNELS_HELD, len(figures["channels_held"])),
        Fact(BAD_CREDENTIALS, len(figures["bad_credentials"])),
        Fact(GROUPS_HELD, len(figures["held"])),
        Fact(HOUR, len(figures["waiting_for_the_hour"])),
    ]


def _outcomes(outcomes: Mapping[str, int], kinds: Collection[str]) -> Iterator[Fact]:
    counts = Counter({(kind, result): 0 for kind in kinds for result in get_args(Result)})
    for name, number in outcomes.items():
        kind, _, result = name.rpartition(".")
        counts[kind, result] += number
    return (Fact(DELIVERIES, number, labels) for labels, number in sorted(counts.items()))


def _receipts(receipts: Mapping[str, int]) -> Iterator[Fact]:
    for what, number in sorted({"unknown": 0, "repeated": 0, **receipts}.items()):
        yield Fact(RECEIPTS, number, (what,))


def _lanes(lanes: Mapping[str, Mapping[str, float]]) -> Iterator[Fact]:
    for name, one in lanes.items():
        yield Fact(WAITING, one["waiting"], (name,))
        yield Fact(WAITING_AGE, one["oldest_age_s"], (name,))

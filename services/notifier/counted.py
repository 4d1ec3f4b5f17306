"""How soon alerts reach people, for Prometheus."""

from typing import Final, get_args

from prometheus_client import Histogram

from shared.contracts.groups import Audience
from shared.metrics import Metric

FIRST_DELIVERY: Final = Metric(
    "alert_relay_first_delivery_seconds",
    "histogram",
    "From the acceptance of what raised an alert to its first delivery to anybody, deciding included.",
    {"audience": "verifiers, community, partners or reporter"},
)


def first_delivery() -> Histogram:
    """One that has every audience from the start, so that the first delivery is seen as a rise."""
    histogram = FIRST_DELIVERY.histogram()
    for audience in get_args(Audience):
        histogram.labels(audience)
    return histogram

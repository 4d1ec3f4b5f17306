"""Bounds that keep one input's events within one stored message, and the fixed time-outs."""

from datetime import timedelta
from typing import Final

MOST_GROUPS: Final = 40
"""Groups told of one incident: three audiences of each are at most 120 alerts."""

MOST_SPLIT: Final = 200
"""Reports that one split may move."""

TICK_FILLS: Final = 250
"""Events after which a tick leaves the rest to the next one."""

DIGEST_LINES: Final = 10
"""Held reports shown in one digest; the count of all is told beside them."""

DIGEST_NAMES: Final = 5_000
"""Held reports named by one event: a message of the log has a size limit."""

NEIGHBOURHOOD_M: Final = 400.0
"""Farther apart than this, beyond both uncertainties, two places are never one."""

CLAIM_LEASE: Final = timedelta(minutes=15)
DIGEST_GATHERS: Final = timedelta(minutes=1)
"""A digest waits this long for company, if none was sent lately."""
HELD_LIFE: Final = timedelta(days=14)
FORGOTTEN_AFTER: Final = timedelta(days=7)
RESTATED_AFTER: Final = timedelta(days=14)
"""What must outlive the log's age limit of 35 days is said again this often."""

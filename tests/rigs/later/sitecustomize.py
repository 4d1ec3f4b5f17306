"""Python reads this first, where this folder is on its path: the relay's clock runs ahead by so many hours.

So a whole process, unchanged, lives days after what it finds in its streams. Only tests put it there.
"""

import os
from datetime import UTC, datetime, timedelta

from shared.clock import SystemClock

_LATER = timedelta(hours=float(os.environ["RELAY_TEST_LATER_H"]))


def _later(_: SystemClock) -> datetime:
    return datetime.now(UTC) + _LATER


SystemClock.now = _later  # type: ignore[assignment, method-assign]  # the argument has another name

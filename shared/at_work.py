"""How long somebody counts as being on an incident: one rule for the ladder and for what the desk says. Pure.

So the desk never says that nobody is on it while the relay waits for somebody, nor the other way round.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

LEASE: Final = timedelta(minutes=15)
"""So long a claim lasts, and whoever goes there, is there, or would confirm it is on it without one."""


def at_work_until(acts: Iterable[datetime]) -> datetime | None:
    """Until when somebody is on it who did this without a claim; None: nobody did."""
    last = max(acts, default=None)
    return None if last is None else last + LEASE

"""Quiet hours in local times: a group's, in which reminders rest and alerts never do; a subscriber's."""

from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_HERE: Final = ZoneInfo("Europe/London")
_DAY: Final = timedelta(days=1)


def after_quiet(moment: datetime, hours: str | None) -> datetime:
    """The moment, or the end of the quiet hours that it falls into."""
    found = _around(moment, hours)
    return found[1] if found else moment


def is_quiet(moment: datetime, hours: str | None) -> bool:
    """Whether the moment falls into the quiet hours."""
    return _around(moment, hours) is not None


def reminded_at(moment: datetime, begins: datetime, hours: str | None) -> datetime:
    """When somebody is reminded who would be at that moment of what begins then.

    Not in quiet hours: at their end, or, where it would have begun by then, as long before their
    beginning as they would have been reminded of the thing itself.
    """
    found = _around(moment, hours)
    if found is None:
        return moment
    since, until = found
    return until if until < begins else since - (begins - moment)


def _around(moment: datetime, hours: str | None) -> tuple[datetime, datetime] | None:
    """The quiet hours that a moment falls into: from, until."""
    if hours is None:
        return None
    since, until = _times(hours)
    local = moment.astimezone(_HERE)
    for day in (local.date() - _DAY, local.date()):
        start = datetime.combine(day, since, _HERE)
        end = datetime.combine(day + _DAY if until <= since else day, until, _HERE)
        if start <= local < end:
            return start.astimezone(moment.tzinfo), end.astimezone(moment.tzinfo)
    return None


@lru_cache(maxsize=1_000)
def _times(hours: str) -> tuple[time, time]:
    since, _, until = hours.partition("-")
    return time.fromisoformat(since), time.fromisoformat(until)

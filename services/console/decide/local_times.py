"""Days and times as people here type and read them, and the moments that they mean. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

HERE: Final = ZoneInfo("Europe/London")
_DAY: Final = timedelta(days=1)


def span_of(day: str, begins: str, ends: str) -> tuple[datetime, datetime] | None:
    """From when until when; a time that is not after the first one is the next day's. None: it is no span.

    In the night in which an hour comes twice its first coming is meant.
    """
    try:
        first = date.fromisoformat(day)
        since, until = time.fromisoformat(begins), time.fromisoformat(ends)
        last = first if until > since else first + _DAY
        return _moment(first, since), _moment(last, until)
    except (ValueError, OverflowError):
        return None


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at.replace(tzinfo=None), HERE).astimezone(UTC)


def days_until(moment: datetime, now: datetime) -> int:
    """How many days it is away, as the calendar here counts: 0 is today, 1 tomorrow, -1 yesterday."""
    return (moment.astimezone(HERE).date() - now.astimezone(HERE).date()).days


def checks_after(now: datetime) -> list[datetime]:
    """Round times at which something could be looked at again: within hours, tomorrow, in two days."""
    start = now.replace(minute=0, second=0, microsecond=0)
    return [start + timedelta(hours=hours) for hours in (2, 3, 5, 9, 13, 25, 49)]

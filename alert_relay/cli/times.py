"""Times as people type them: "18:30", "tomorrow 07:00", "2022-05-14 18:30", "+2h"; local ones."""

import re
from datetime import datetime, timedelta
from typing import Any, Final

import click

_SOON: Final = re.compile(r"\+(\d{1,4})\s*(m|min|h|d)", re.IGNORECASE)
_UNITS: Final = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}
_CLOCK: Final = re.compile(r"(?:(today|tomorrow)\s+)?(\d{1,2}):(\d{2})", re.IGNORECASE)


def read_time(text: str, now: datetime) -> datetime:
    """The moment meant; `now` carries the local zone. Raises `ValueError` for what is none."""
    words = text.strip()
    if soon := _SOON.fullmatch(words):
        return now + timedelta(**{_UNITS[soon[2].lower()]: int(soon[1])})
    if clock := _CLOCK.fullmatch(words):
        return _at(now, clock[1], int(clock[2]), int(clock[3]))
    moment = datetime.fromisoformat(words)
    try:
        return moment if moment.tzinfo else moment.astimezone()
    except OverflowError as error:
        raise ValueError(str(error)) from None


def _at(now: datetime, day: str | None, hour: int, minute: int) -> datetime:
    """That time on that day; without a day the next one."""
    today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    tomorrow = (day or "").lower() == "tomorrow" or (day is None and today <= now)
    return today + timedelta(days=1) if tomorrow else today


class Time(click.ParamType[str]):
    """An option's value that is a moment."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """As the API wants it."""
        try:
            return read_time(str(value), datetime.now().astimezone()).isoformat()
        except ValueError:
            self.fail(
                f"{value!r} is no time; write 18:30, tomorrow 07:00, 2022-05-14T18:30 or +2h.", param, ctx
            )


TIME: Final = Time()


def shown(moment: object) -> str:
    """Day and time where the reader is."""
    if not moment:
        return ""
    return datetime.fromisoformat(str(moment)).astimezone().strftime("%a %d %b %H:%M")

"""Dates that a text names: a forwarded post that carries last year's is old news, whatever its words."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final, NamedTuple

_NUMBERS: Final = re.compile(r"(?<![\d/.-])(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?![\d/.-])")
_ISO: Final = re.compile(r"\b(20\d\d)-(\d{2})-(\d{2})\b")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED: Final = re.compile(
    r"\b(?:(\d{1,2})(?:st|nd|rd|th)?\s+)?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?\s+(20\d\d)\b",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(r"(?<![\d£$€.,-])(20[012]\d)(?![\d.,]\d|\d)")


_ANY: Final = re.compile(r"\d[/.-]\d|20\d")
"""What every date holds; most texts do not."""


class Age(NamedTuple):
    """How many days ago a text's newest date was, and whether it is a year alone, which counts as its end."""

    days: int
    a_year: bool


def age(text: str, now: datetime) -> Age | None:
    """Of the newest date in the text; None if it names none."""
    if not _ANY.search(text):
        return None
    return min((Age((now.date() - found).days, a_year) for found, a_year in _dates(text)), default=None)


def _dates(text: str) -> Iterator[tuple[date, bool]]:
    for day, month, year in _NUMBERS.findall(text):
        yield from _date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))  # noqa: PLR2004 - "26"
    for year, month, day in _ISO.findall(text):
        yield from _date(int(year), int(month), int(day))
    for day, month, year in _NAMED.findall(text):
        yield from _date(int(year), _MONTHS.index(month[:3].lower()) + 1, int(day or 28))
    if not _NAMED.search(text):
        for year in _YEAR.findall(text):
            yield date(int(year), 12, 31), True


def _date(year: int, month: int, day: int) -> Iterator[tuple[date, bool]]:
    try:
        yield date(year, month, day), False
    except ValueError:
        return

"""Hand-made tables: one short row a message, truth on the left, prediction on the right."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.router.scoring.metrics import Score
from services.router.scoring.truth import CorpusLine, Judged, Truth

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LAT, LON = 51.547, -0.062
NOISE = {"question", "chatter", "hoax", "old_news", "spam", "other_police"}

Table = Callable[..., Score]
Row = tuple[Any, ...]


def judged(number: int, row: Row) -> Judged:
    """(event or role of noise, predicted incident, status) and what differs from a perfect message.

    Messages come a minute apart unless they say their `seconds`.
    """
    event, incident, status = row[:3]
    more: dict[str, Any] = dict(row[3]) if len(row) > 3 else {}
    noise = event in NOISE
    truth = Truth(
        incident=None if noise else event,
        role=event if noise else more.get("role", "report"),
        lat=LAT if event and not noise else None,
        lon=LON if event and not noise else None,
        radius_m=None if noise else 50,
        groups=() if noise else more.get("true_groups", ("hackney",)),
    )
    at = START + timedelta(seconds=more.get("seconds", 60 * number))
    line = CorpusLine(
        id=more.get("id", f"m{number}"),
        at=at,
        text=more.get("text", f"words of message {number}"),
        lat=more.get("phone_lat"),
        lon=more.get("phone_lon"),
        scenario=more.get("scenario", "a-01"),
        language=more.get("language", "en"),
        truth=truth,
    )
    placed = incident is not None
    return Judged(
        line=line,
        incident=incident,
        status=status,
        lat=LAT + more.get("north", 0.0) if placed else None,
        lon=LON if placed else None,
        radius_m=100.0 if placed else None,
        groups=tuple(more.get("groups", ("hackney",))) if placed else (),
        reason=more.get("reason", "placed_report"),
        told_at=at + timedelta(seconds=more["after_s"]) if "after_s" in more else None,
    )


@pytest.fixture
def table() -> Table:
    return lambda *rows: Score([judged(number, row) for number, row in enumerate(rows)])

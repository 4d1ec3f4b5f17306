"""Reading JSON that strangers had a hand in: each value as the type it should have, or nothing."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def object_in(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under a key; an empty one where there is none."""
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def text_in(value: Mapping[str, Any], key: str) -> str:
    """The text under a key; an empty one where there is none."""
    inner = value.get(key)
    return inner if isinstance(inner, str) else ""


def moment_in(value: Mapping[str, Any], key: str, *, per_second: int = 1) -> datetime | None:
    """The moment under a key: seconds since 1970 (`per_second=1000`: milliseconds), or ISO 8601 with zone.

    None for whatever else stands there: a number too large for any calendar raises `OverflowError`, one that
    is none `ValueError`, and a text without a zone would be a guess.
    """
    said = value.get(key)
    try:
        if isinstance(said, str) and not (said.isascii() and said.isdecimal()):
            moment = datetime.fromisoformat(said)
            return moment.astimezone(UTC) if moment.tzinfo else None
        if isinstance(said, str | int | float) and not isinstance(said, bool):
            number = int(said) if isinstance(said, str) else said
            return datetime.fromtimestamp(number / per_second, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None

"""Reading JSON that strangers had a hand in: each value as the type it should have, or nothing."""

from collections.abc import Mapping
from typing import Any


def object_in(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under a key; an empty one where there is none."""
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def text_in(value: Mapping[str, Any], key: str) -> str:
    """The text under a key; an empty one where there is none."""
    inner = value.get(key)
    return inner if isinstance(inner, str) else ""

"""Tames text from outside: what would break a log, a terminal or a page is taken out.

Words are never changed, only what no reader sees: control characters (NUL among them), marks
that turn the reading direction of the text around them, and halves of surrogate pairs.
"""

import re
import unicodedata
from typing import Any

from pydantic import JsonValue

_KEPT = {"\n", "\t"}
_DIRECTION_MARKS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_DROPPED = {ord(mark): None for mark in _DIRECTION_MARKS} | {
    code: None for code in range(0xA0) if unicodedata.category(chr(code)) == "Cc" and chr(code) not in _KEPT
}
_BLANK_LINES = re.compile(r"\n{3,}")


def tidy(text: str) -> str:
    """The text as it may be stored and shown: one kind of line end, no control characters, trimmed."""
    whole = text.encode("utf-8", "replace").decode()
    lines = whole.replace("\r\n", "\n").replace("\r", "\n").translate(_DROPPED)
    return _BLANK_LINES.sub("\n\n", lines).strip()


def tidy_json(value: Any) -> JsonValue:
    """A parsed JSON value with every text in it tidied (keys too)."""
    if isinstance(value, str):
        return tidy(value)
    if isinstance(value, list):
        return [tidy_json(item) for item in value]
    if isinstance(value, dict):
        return {tidy(str(key)): tidy_json(item) for key, item in value.items()}
    return value  # type: ignore[no-any-return]  # a number, a bool or null, as json.loads gives them

"""What somebody hostile might send: bytes, JSON, spoilt captures, headers. The same seed, the same input."""

import json
import random
import string
from collections.abc import Iterator, Mapping
from typing import Any, Final

_NASTY_TEXT: Final = (
    "",
    "\0",
    "\ud800",
    "\u202e",
    "a\u0301" * 40,
    "9" * 400,
    "-1",
    "1e999",
    "٣",
    "\r\nX: 1",
    "ü",
)
_NASTY: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    10**40,
    1e308,
    float("nan"),
    float("inf"),
    [],
    {},
    [[]],
    *_NASTY_TEXT,
)
_IN_A_FIELD: Final[tuple[Any, ...]] = (
    *(1e30, -1e30, float("nan"), float("inf"), 10**40, -(10**40), -1, True, None),
    *("", "x", "\ud800", "9" * 5000, "2026-06-22T14:46:18", [[[1e30]]], {"id": {}}),
)
"""What has broken readers of one field: times, places, ids."""
NASTY_BODIES: Final = (
    b"",
    b"\0",
    b"\xff\xfe",
    b"{",
    b"[]",
    b"null",
    b'"\\ud800"',
    b"[" * 100_000,
    b'{"a":' * 20_000,
    b"=&=&%",
    b"%ff%zz=1",
    b"a=1&a=2",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
)
"""What has broken parsers before."""


def any_bytes(rng: random.Random) -> bytes:
    """A few bytes."""
    return rng.randbytes(rng.randrange(300))


def any_json(rng: random.Random, depth: int = 3) -> Any:
    """A JSON value of any shape."""
    if depth == 0 or _now_and_then(rng):
        return rng.choice(_NASTY) if rng.getrandbits(1) else _text(rng)
    if rng.getrandbits(1):
        return [any_json(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {_text(rng): any_json(rng, depth - 1) for _ in range(rng.randrange(4))}


def spoilt(rng: random.Random, body: bytes) -> Iterator[bytes]:
    """A captured body cut short, with a byte changed, and (where it is JSON) with one part replaced."""
    yield body[: rng.randrange(len(body) + 1)]
    if body:
        at = rng.randrange(len(body))
        yield body[:at] + rng.randbytes(1) + body[at + 1 :]
    try:
        value = json.loads(body)
    except ValueError:
        return
    yield json.dumps(_replaced(rng, value)).encode()


def each_field_spoilt(body: bytes) -> Iterator[bytes]:
    """A captured JSON message, each of its parts in turn replaced by each value that has broken readers."""
    try:
        value = json.loads(body)
    except ValueError:
        return
    for changed in _with_each_replaced(value):
        yield json.dumps(changed).encode()


def _with_each_replaced(value: Any) -> Iterator[Any]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        for changed in (*_IN_A_FIELD, *_with_each_replaced(part)):
            whole = value.copy()
            whole[key] = changed
            yield whole


def any_headers(rng: random.Random) -> Mapping[str, str]:
    """A few headers of any words."""
    return {_text(rng): _text(rng) for _ in range(rng.randrange(5))}


def _replaced(rng: random.Random, value: Any) -> Any:
    """The same JSON with one part of it replaced by something else, or left out."""
    if isinstance(value, dict) and value and not _now_and_then(rng):
        key = rng.choice(sorted(value))
        if _now_and_then(rng):
            return {name: inner for name, inner in value.items() if name != key}
        return {**value, key: _replaced(rng, value[key])}
    if isinstance(value, list) and value and not _now_and_then(rng):
        at = rng.randrange(len(value))
        return [*value[:at], _replaced(rng, value[at]), *value[at + 1 :]]
    return any_json(rng)


def _text(rng: random.Random) -> str:
    if _now_and_then(rng):
        return rng.choice(_NASTY_TEXT)
    return "".join(rng.choice(string.printable) for _ in range(rng.randrange(20)))


def _now_and_then(rng: random.Random) -> bool:
    return not rng.randrange(4)

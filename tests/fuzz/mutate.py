"""Spoils an input: its bytes anywhere, or one value of its JSON or form, so that it still gets far."""

import json
import random
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

NASTY: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 2**31, 2**63, 10**30, -(10**30), 0.0, -0.0, 1e308, 1e-320),
    *(float("nan"), float("inf"), "", " ", "\x00", "\ud800", "\u202e", "é" * 300, "0" * 5000, "1e999", "nan"),
    *(
        "-1",
        "²",
        "٣",
        "9" * 40,
        "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ),
    *([], {}, [[]], {"": ""}, [None], "#raid", "GO D7K", "<p>", "&#x110000;", "=?utf-8?b?/w==?="),
)
_PIECES: Final = (
    b"\x00",
    b"\xff",
    b"\r\n",
    b"\n\n",
    b"{",
    b"[" * 100,
    b'"',
    b"%",
    b"&",
    b"=",
    b";",
    b":",
    b"\xed\xa0\x80",
)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The same with one to three things changed."""
    for _ in range(chance.randint(1, 3)):
        data = chance.choice(_WAYS)(data, chance)
    return data


def in_shape(data: bytes, chance: random.Random) -> bytes | None:
    """The same JSON or form with one value replaced; None for what is neither."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _of_form(data, chance)
    try:
        return json.dumps(_replaced(value, chance)).encode()
    except RecursionError:
        return None


def _of_form(data: bytes, chance: random.Random) -> bytes | None:
    try:
        pairs = parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return None
    if not pairs:
        return None
    at = chance.randrange(len(pairs))
    pairs[at] = (pairs[at][0], str(chance.choice(NASTY)))
    return urlencode(pairs, errors="surrogatepass").encode()


def _replaced(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict) and value and chance.random() < _DEEPER:
        key = chance.choice(sorted(value))
        return {**value, key: _replaced(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < _DEEPER:
        at = chance.randrange(len(value))
        return [*value[:at], _replaced(value[at], chance), *value[at + 1 :]]
    return chance.choice(NASTY)


_DEEPER: Final = 0.93


def _shaped(data: bytes, chance: random.Random) -> bytes:
    return in_shape(data, chance) or data


def _cut(data: bytes, chance: random.Random) -> bytes:
    begins = chance.randint(0, len(data))
    return data[:begins] + data[chance.randint(begins, len(data)) :]


def _inserted(data: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(_PIECES) + data[at:]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    if not data:
        return data
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def _doubled(data: bytes, chance: random.Random) -> bytes:
    begins = chance.randint(0, len(data))
    ends = chance.randint(begins, min(len(data), begins + 200))
    return data[:ends] + data[begins:ends] + data[ends:]


_WAYS: Final[tuple[Callable[[bytes, random.Random], bytes], ...]] = (
    *(_shaped, _shaped, _shaped),
    *(_cut, _inserted, _flipped, _doubled),
)

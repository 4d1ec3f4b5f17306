"""What may be written on an envelope, checked by us before the server sees it.

NATS takes nearly any byte in a subject and splits headers at line ends, so a group id or an
idempotency key from outside could otherwise address another stream or forge a header. Both
the real bus and its in-memory twin call these, so a test on the twin meets the same refusals.
Pure: no I/O.
"""

import re
from functools import lru_cache

from shared.ports import Outgoing

MSG_ID = "Nats-Msg-Id"

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_SUBJECT = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")


def check_subject(subject: str) -> str:
    """Return the subject if it is tokens of `[A-Za-z0-9_-]+` between dots, else raise ValueError."""
    if not _SUBJECT.fullmatch(subject):
        raise ValueError(f"not a subject: {subject!r} (tokens of letters, digits, _ and - between dots)")
    return subject


def check_pattern(pattern: str) -> str:
    """Return the pattern if it is a subject whose tokens may be `*`, the last also `>`, else ValueError."""
    *head, tail = pattern.split(".")
    if not all(t == "*" or _TOKEN.fullmatch(t) for t in head) or not (
        tail in {"*", ">"} or _TOKEN.fullmatch(tail)
    ):
        raise ValueError(f"not a subject pattern: {pattern!r}")
    return pattern


def matches(pattern: str, subject: str) -> bool:
    """Whether a subject falls under a pattern: `*` is exactly one token, a last `>` one or more."""
    wanted, tokens = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        wanted = wanted[:-1]
        if len(tokens) <= len(wanted):
            return False
        tokens = tokens[: len(wanted)]
    return len(wanted) == len(tokens) and all(w in {"*", t} for w, t in zip(wanted, tokens, strict=True))


def check_outgoing(message: Outgoing) -> None:
    """Raise ValueError naming what is wrong with a message's subject, id or headers.

    Ids and header values are printable ASCII without blanks at the ends; header names that
    begin with `Nats-` steer the server and are ours alone.
    """
    check_subject(message.subject)
    if not _printable(message.msg_id):
        raise ValueError(f"not a message id: {message.msg_id!r} (printable ASCII)")
    for name, value in message.headers.items():
        if not _may_name(name):
            raise ValueError(f"not a header name: {name!r}")
        if not _printable(value):
            raise ValueError(f"not a header value under {name!r}: printable ASCII is wanted")


@lru_cache(maxsize=256)
def _may_name(header: str) -> bool:
    return bool(_HEADER_NAME.fullmatch(header)) and not header.lower().startswith("nats-")


def _printable(value: str) -> bool:
    """Whether it is printable ASCII, not empty, without blanks at the ends."""
    return value.isascii() and value.isprintable() and bool(value) and value[0] != " " != value[-1]

"""The seven streams of the relay as server settings; which subjects they hold says the catalog.

Limits retention and discard-new together mean that a full stream refuses rather than
forgets. Nothing here is a deny flag: those can never be unset, so permissions forbid deletion
(deploy/nats). KEYS has no age limit: a key lives as long as what it opens, and an open
incident or a group outlives any fixed number of days; keys die by being erased, and so do subscribers.
Pure: no I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from shared.bus.subjects import matches
from shared.contracts import catalog

DUPLICATE_WINDOW: Final = timedelta(hours=24)
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One stream's limits: bytes, and age (None: no limit)."""

    max_bytes: int
    max_age: timedelta | None = timedelta(days=35)


STREAMS: Final[Mapping[str, StreamSpec]] = {
    "REPORTS": StreamSpec(2048 * _MIB, timedelta(days=14)),
    "DESK": StreamSpec(512 * _MIB),
    "DECISIONS": StreamSpec(2048 * _MIB),
    "LEDGER": StreamSpec(2048 * _MIB),
    "DEAD": StreamSpec(256 * _MIB),
    "KEYS": StreamSpec(512 * _MIB, max_age=None),
    "SUBSCRIBERS": StreamSpec(512 * _MIB, max_age=None),
}
"""Limits by stream. The sizes sum to 7.8 GiB, within what `shared.servers.nats_config` grants."""


_BY_ROOT: Final[Mapping[str, tuple[str, str]]] = {
    pattern.partition(".")[0]: (name, pattern)
    for name, patterns in catalog.STREAMS.items()
    for pattern in patterns
}
"""First token of a subject → stream and pattern; each stream has its own."""


def stream_of(subject: str) -> str:
    """The name of the stream that holds a subject; ValueError if none does."""
    name, pattern = _BY_ROOT.get(subject.partition(".")[0], ("", ""))
    if not matches(pattern, subject):
        raise ValueError(f"no stream holds the subject {subject!r}")
    return name


def config_of(name: str, *, replicas: int, max_bytes: int | None = None) -> dict[str, Any]:
    """The JetStream configuration of one stream (JSON shape, durations in nanoseconds)."""
    spec = STREAMS[name]
    return {
        "name": name,
        "subjects": list(catalog.STREAMS[name]),
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "max_bytes": spec.max_bytes if max_bytes is None else max_bytes,
        "max_age": 0 if spec.max_age is None else nanoseconds(spec.max_age),
        "duplicate_window": nanoseconds(DUPLICATE_WINDOW),
        "allow_direct": True,
        "num_replicas": replicas,
    }


def nanoseconds(span: timedelta) -> int:
    """A duration as JetStream's JSON wants it."""
    return span // timedelta(microseconds=1) * 1000

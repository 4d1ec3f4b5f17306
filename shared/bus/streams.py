"""The six streams of the relay as server settings; which subjects they hold says the catalog.

Limits retention and discard-new together mean that a full stream refuses rather than
forgets. Nothing here is a deny flag: those can never be unset, so permissions forbid deletion
(deploy/nats). KEYS has no age limit: a key lives as long as what it opens, and an open
incident or a group outlives any fixed number of days; keys die by being erased. Pure: no I/O.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from shared.bus.subjects import check_pattern, matches
from shared.contracts import catalog
from shared.ports import Outgoing

DUPLICATE_WINDOW: Final = timedelta(hours=24)
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One stream's limits: bytes, age (None: no limit), and whether it takes atomic batches."""

    max_bytes: int
    max_age: timedelta | None = timedelta(days=35)
    allow_atomic: bool = False


STREAMS: Final[Mapping[str, StreamSpec]] = {
    "REPORTS": StreamSpec(2048 * _MIB, timedelta(days=14)),
    "DESK": StreamSpec(512 * _MIB),
    "DECISIONS": StreamSpec(2048 * _MIB, allow_atomic=True),
    "LEDGER": StreamSpec(2048 * _MIB, allow_atomic=True),
    "DEAD": StreamSpec(256 * _MIB),
    "KEYS": StreamSpec(512 * _MIB, max_age=None),
}
"""Limits by stream. The sizes sum to 7.3 GiB, within what `shared.servers.nats_config` grants."""


@lru_cache(maxsize=4096)
def stream_of(subject: str) -> str:
    """The name of the stream that holds a subject; ValueError if none does."""
    for name, patterns in catalog.STREAMS.items():
        if any(matches(pattern, subject) for pattern in patterns):
            return name
    raise ValueError(f"no stream holds the subject {subject!r}")


def stream_of_batch(batch: Sequence[Outgoing], fence: str | None) -> str:
    """The one stream of a batch and its fence; ValueError if they differ or it takes no batches."""
    names = {stream_of(message.subject) for message in batch}
    if len(names) != 1:
        raise ValueError(f"a batch is of one stream, not of {', '.join(sorted(names))}")
    (name,) = names
    roots = {pattern.split(".")[0] for pattern in catalog.STREAMS[name]}
    if fence is not None and check_pattern(fence).split(".")[0] not in roots:
        raise ValueError(f"the fence {fence!r} is not in the stream {name}")
    if not STREAMS[name].allow_atomic:
        raise ValueError(f"the stream {name} takes no batches")
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
        "allow_atomic": spec.allow_atomic,
        "num_replicas": replicas,
    }


def nanoseconds(span: timedelta) -> int:
    """A duration as JetStream's JSON wants it."""
    return span // timedelta(microseconds=1) * 1000

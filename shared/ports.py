"""What the services need from the outside world, as Protocols.

Services receive these; `main` decides which implementation stands behind them. The real ones
live in `shared.bus` (NATS JetStream) and `shared.state` (Redis); the in-memory twins in
`shared.testing`. Both sides pass the same behaviour suites (tests/conformance).
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to be stored: where it goes, under which stable id, and its bytes."""

    subject: str
    msg_id: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stored:
    """The stream's acknowledgement: the message is on disk, fsynced, at this sequence."""

    stream: str
    seq: int
    duplicate: bool = False
    """True when a message with this id was stored before; `seq` is then the earlier one's."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a stream is, and may become; full, it refuses."""

    messages: int
    bytes: int
    most_bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One message read back from a stream."""

    stream: str
    subject: str
    seq: int
    stored_at: datetime
    headers: Mapping[str, str]
    body: bytes


class Bus(Protocol):
    """The few verbs by which services pass messages. Streams and subjects: DESIGN's table.

    Errors are the `BusError` family of `shared.errors`; anything else is a bug.
    """

    @property
    def connected(self) -> bool:
        """Whether a publish made now has a chance at once (a hint, never a promise)."""
        ...

    @property
    def most_bytes(self) -> int:
        """How large a message's body may be."""
        ...

    async def publish(self, message: Outgoing, *, patience_s: float = 10.0) -> Stored:
        """Store one message and await the stream's acknowledgement.

        Retried with the same id until `patience_s` has passed, so a lost acknowledgement
        stores nothing twice. Raises `BusUnavailableError` when patience ends (the message
        may or may not be stored: retrying with the same id is safe) and `BusRefusedError`
        when the stream says no (full, too large, not permitted).
        """
        ...

    async def append(self, message: Outgoing, *, after: int) -> int:
        """Store one message as the next of its stream, if `after` is the stream's last sequence (0: empty).

        Returns its sequence. Raises `StaleWriterError` (somebody wrote since: read on and decide
        again), `AlreadyStoredError` (its id is known), `BusUnavailableError` (the outcome is
        unknown: read on before deciding again), and `BusRefusedError` as `publish` does.
        """
        ...

    def read(
        self, stream: str, *, after: int = 0, subjects: Sequence[str] = ()
    ) -> AsyncGenerator[Entry, None]:
        """Every message of the stream after that sequence, in order, once, then what comes, for ever.

        Resumes by itself over disconnections and server restarts; erased messages are skipped.
        Close it when done (`contextlib.aclosing`).
        """
        ...

    async def last_seq(self, stream: str) -> int:
        """The stream's last sequence (0: empty), from the stream's leader."""
        ...

    async def size(self, stream: str) -> Size:
        """How large the stream is, from its leader."""
        ...

    async def get(self, stream: str, seq: int) -> Entry | None:
        """The message at that sequence, or None if there is none (erased, expired, never)."""
        ...

    async def last(self, stream: str, pattern: str) -> Entry | None:
        """The last message on that subject, or on any under that pattern, or None."""
        ...

    async def subjects(self, stream: str, pattern: str) -> Mapping[str, int]:
        """Subjects matching the pattern that hold messages, with how many."""
        ...

    async def erase(self, stream: str, seq: int) -> bool:
        """Overwrite one message on disk. True if it was there."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the read model has come."""

    epoch: str
    """A new one with every rebuild."""
    positions: Mapping[str, int]
    """The last sequence folded, by stream."""
    ready: bool
    """False while a rebuild has not yet reached the log's end: what is shown would be the past."""
    public: int = 0
    """How many commits changed what everybody may see: who shows only that looks again when it grew."""


@dataclass(frozen=True, slots=True)
class Put:
    """A document to be kept under a key, for so many seconds (None: until deleted)."""

    text: str
    life_s: int | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What one commit does to the read model; all of it or nothing."""

    puts: Mapping[str, Put] = field(default_factory=dict)
    deletes: frozenset[str] = frozenset()
    scores: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    """Index → name → score; None takes the name out of the index."""
    drops: Mapping[str, str] = field(default_factory=dict)
    """Index → prefix: delete the index and every document `prefix + name` of a name in it.

    What `scores` takes out of it in the same commit has left it before."""


class ReadModel(Protocol):
    """Documents by key, sorted indexes, and how far the projector has come (DESIGN 6).

    One commit is one transaction. Nothing here is truth: it may vanish at any moment and is
    rebuilt from the log. Every verb raises `StateUnavailableError` while the server is away.
    """

    async def get(self, *keys: str) -> list[str | None]:
        """The documents under these keys, in their order."""
        ...

    async def names(self, index: str, *, limit: int | None = None) -> list[str]:
        """The names in an index, highest score first (equal scores: by name, backwards)."""
        ...

    async def progress(self) -> Progress | None:
        """How far it has come; None: it is empty and wants rebuilding."""
        ...

    async def commit(self, changes: Changes, *, before: Progress | None, after: Progress) -> None:
        """Make the changes and advance, if progress still is `before`; then announce it to watchers.

        Raises `StaleProjectionError` and changes nothing otherwise.
        """
        ...

    async def clear(self) -> None:
        """Forget everything."""
        ...

    def watch(self) -> AsyncGenerator[None, None]:
        """Yields once at the start and after every commit (several may be one), for ever.

        Resumes by itself when the server comes back. A hint: whoever waits also looks now and then.
        """
        ...


class Ephemeral(Protocol):
    """Short-lived values that are nobody's truth: sessions, used challenges, counted attempts (DESIGN 6).

    They live apart from the read model: `ReadModel.clear` leaves them alone, so a rebuild logs nobody
    out; a FLUSHALL does, and whatever stands here must bear that. Every verb raises
    `StateUnavailableError` while the server is away.
    """

    async def put(self, key: str, text: str, *, life_s: int) -> None:
        """Keep the text under the key for so many seconds, whatever was there."""
        ...

    async def get(self, *keys: str) -> list[str | None]:
        """The texts under these keys, in their order."""
        ...

    async def take(self, key: str) -> str | None:
        """The text under the key, which is gone with it: of several who take, one gets it."""
        ...

    async def delete(self, *keys: str) -> None:
        """Forget these keys."""
        ...

    async def count(self, key: str, *, life_s: int) -> int:
        """How often this was called for the key, with this time; it begins anew `life_s` after the first."""
        ...


class Clock(Protocol):
    """The shell's only source of time. Pure code gets times as arguments."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...

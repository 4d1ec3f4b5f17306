"""The bus on NATS JetStream: the verbs of `shared.ports.Bus`, and the making of streams.

Guarantees: `publish` stores a message once however often it is retried; `append` stores it only if
nobody else wrote first; reads are answered by the stream's
leader, so one sees what one has written.
"""

import asyncio
import base64
import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

import structlog

from shared.bus.link import NO_STREAM, Link, ServerSaidNoError, bus_error, parse
from shared.bus.reading import Reading, visible_headers
from shared.bus.server_check import check_server
from shared.bus.streams import STREAMS, config_of, stream_of
from shared.bus.subjects import MSG_ID, check_outgoing, check_pattern, check_subject
from shared.errors import AlreadyStoredError, BusRefusedError, BusUnavailableError, StaleWriterError
from shared.ports import Entry, Outgoing, Size, Stored

log = structlog.get_logger()

_TRY_S: Final = 2.0
_APPEND_S: Final = 5.0
_FENCE: Final = "Nats-Expected-Last-Sequence"
_STALE: Final = frozenset({10071, 10164})
_HEADERS_BYTES: Final = 4096
"""Of the server's limit on a message, kept for its headers."""
_NO_MESSAGE: Final = 10037
_NOT_ERASED: Final = frozenset({10037, 10043, 10057})


async def connect(  # noqa: PLR0913 - each is a setting of its own
    urls: str | Sequence[str],
    *,
    name: str,
    monitoring_url: str | None,
    user: str | None = None,
    password: str | None = None,
    credentials_file: str | None = None,
    patience_s: float = 10.0,
) -> "NatsBus":
    """Connect as `name`, having made sure that the server keeps what it acknowledges.

    `urls`: one, several, or several with commas between. Raises `UnsafeServerError` (see
    `check_server`) or `BusUnavailableError`. Use as `async with await connect(…) as bus`.
    """
    given = urls.split(",") if isinstance(urls, str) else urls
    secrets = {
        "user": user,
        "password": password,
        "user_credentials": credentials_file,
        # Replies come to an inbox that other users may not listen on (deploy/nats/users.conf).
        "inbox_prefix": f"_INBOX_{check_subject(user)}" if user else None,
    }
    await check_server(monitoring_url)
    link = Link(name)
    await link.open(
        [url.strip() for url in given],
        patience_s=patience_s,
        options={key: value for key, value in secrets.items() if value is not None},
    )
    return NatsBus(link)


class NatsBus:
    """A connected bus; closing it ends its reads. Made by `connect`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connection; publishes under way fail as unavailable."""
        await self._link.close()

    @property
    def connected(self) -> bool:
        """Whether a publish made now has a chance at once (a hint, never a promise)."""
        return self._link.nc.is_connected

    @property
    def most_bytes(self) -> int:
        """How large a message's body may be: what the server says, less its headers."""
        return self._link.nc.max_payload - _HEADERS_BYTES

    async def publish(self, message: Outgoing, *, patience_s: float = 10.0) -> Stored:
        """Store one message and await its acknowledgement; see `shared.ports.Bus.publish`."""
        check_outgoing(message)
        stream_of(message.subject)
        deadline = asyncio.get_running_loop().time() + patience_s
        pause = 0.05
        while True:
            left = deadline - asyncio.get_running_loop().time()
            try:
                return await self._publish_once(message, timeout_s=max(0.01, left))
            except BusUnavailableError:
                left = deadline - asyncio.get_running_loop().time()
                if left <= 0:
                    raise
            await asyncio.sleep(min(left, pause * random.uniform(0.5, 1.5)))  # noqa: S311 - only jitter
            pause = min(2 * pause, 1.0)

    async def _publish_once(self, message: Outgoing, *, timeout_s: float) -> Stored:
        await self._link.standing(timeout_s)
        try:
            return await self._store(message, {}, timeout_s=min(_TRY_S, timeout_s))
        except ServerSaidNoError as no:
            raise bus_error(no, f"publishing to {message.subject}") from no

    async def append(self, message: Outgoing, *, after: int) -> int:
        """Store one message if nobody wrote since; see `shared.ports.Bus.append`."""
        check_outgoing(message)
        stream = stream_of(message.subject)
        await self._link.standing(_APPEND_S)
        try:
            stored = await self._store(message, {_FENCE: str(after)}, timeout_s=_APPEND_S)
        except ServerSaidNoError as no:
            raise (
                StaleWriterError if no.err_code in _STALE else bus_error(no, f"appending to {stream}")
            ) from no
        if stored.duplicate:
            raise AlreadyStoredError
        return stored.seq

    async def _store(self, message: Outgoing, conditions: Mapping[str, str], *, timeout_s: float) -> Stored:
        headers = {**message.headers, **conditions, MSG_ID: message.msg_id}
        reply = await self._link.request(message.subject, message.body, headers=headers, timeout_s=timeout_s)
        ack = parse(reply)
        return Stored(stream=ack["stream"], seq=int(ack["seq"]), duplicate=bool(ack.get("duplicate")))

    def read(
        self, stream: str, *, after: int = 0, subjects: Sequence[str] = ()
    ) -> AsyncGenerator[Entry, None]:
        """Every message after that sequence, for ever; see `shared.ports.Bus.read`.

        Raises `BusError` if the stream does not exist at the start, and `BusUnavailableError`
        if the connection is closed for good. Close it (`contextlib.aclosing`) when done.
        """
        for pattern in subjects:
            check_pattern(pattern)
        return Reading(self._link, stream, subjects).entries(after)

    async def last_seq(self, stream: str) -> int:
        """The stream's last sequence (0: empty), from the stream's leader."""
        info = await self._info(stream)
        return int(info["state"]["last_seq"])

    async def size(self, stream: str) -> Size:
        """How large the stream is, from its leader."""
        info = await self._info(stream)
        state = info["state"]
        return Size(int(state["messages"]), int(state["bytes"]), int(info["config"]["max_bytes"]))

    async def get(self, stream: str, seq: int) -> Entry | None:
        """The message at that sequence, or None if there is none."""
        return await self._get(stream, {"seq": seq}) if seq > 0 else None

    async def last(self, stream: str, pattern: str) -> Entry | None:
        """The last message on that subject, or on any under that pattern, or None."""
        return await self._get(stream, {"last_by_subj": check_pattern(pattern)})

    async def _get(self, stream: str, which: Mapping[str, Any]) -> Entry | None:
        # By STREAM.MSG.GET and not by direct get: a follower may not know yet of an erasure.
        try:
            reply = await self._link.api(f"STREAM.MSG.GET.{stream}", which)
        except ServerSaidNoError as no:
            if no.err_code == _NO_MESSAGE:
                return None
            raise bus_error(no, f"reading from {stream}") from no
        return _entry(stream, reply["message"])

    async def subjects(self, stream: str, pattern: str) -> Mapping[str, int]:
        """Subjects matching the pattern that hold messages, with how many."""
        found: dict[str, int] = {}
        query = {"subjects_filter": check_pattern(pattern)}
        while True:
            info = await self._info(stream, {**query, "offset": len(found)})
            page = info["state"].get("subjects") or {}
            found |= page
            if not page or len(found) >= int(info.get("total", 0)):
                return found

    async def erase(self, stream: str, seq: int) -> bool:
        """Overwrite one message on disk. True if it was there."""
        try:
            await self._link.api(f"STREAM.MSG.DELETE.{stream}", {"seq": seq, "no_erase": False})
        except ServerSaidNoError as no:
            # The codes stand for "no such message" and for a failing disk: look which.
            if no.err_code in _NOT_ERASED and await self.get(stream, seq) is None:
                return False
            raise bus_error(no, f"erasing from {stream}") from no
        return True

    async def _info(self, stream: str, query: Mapping[str, Any] | None = None) -> Any:
        try:
            return await self._link.api(f"STREAM.INFO.{stream}", query)
        except ServerSaidNoError as no:
            raise bus_error(no, f"asking about {stream}") from no

    async def ensure_stream(self, config: Mapping[str, Any]) -> None:
        """Create the stream, or bring an existing one to this configuration; see `ensure_streams`."""
        name = config["name"]
        try:
            existing = (await self._link.api(f"STREAM.INFO.{name}"))["config"]
            # The server leaves out what is false or nought.
            changes = {k: v for k, v in config.items() if (existing.get(k) or 0) != (v or 0)}
            if not changes:
                return
            log.info("bus.stream_updated", stream=name, changed=sorted(changes))
            await self._link.api(f"STREAM.UPDATE.{name}", {**existing, **changes})
        except ServerSaidNoError as no:
            if no.err_code != NO_STREAM:
                raise _unlike(name, no) from no
            await self._create(config)

    async def _create(self, config: Mapping[str, Any]) -> None:
        try:
            await self._link.api(f"STREAM.CREATE.{config['name']}", config, timeout_s=10)
        except ServerSaidNoError as no:
            raise _unlike(config["name"], no) from no


async def ensure_streams(
    bus: NatsBus, *, replicas: int = 1, max_bytes: Mapping[str, int] | None = None
) -> None:
    """Make the seven streams what `shared.bus.streams` says; safe to repeat, and while in use.

    `max_bytes` overrides sizes by stream. Raises `BusRefusedError` with the server's reason
    where an existing stream cannot become so (storage type, too few servers, no space).
    """
    for name in STREAMS:
        config = config_of(name, replicas=replicas, max_bytes=(max_bytes or {}).get(name))
        await bus.ensure_stream(config)


def _unlike(stream: str, no: ServerSaidNoError) -> BusRefusedError | BusUnavailableError:
    kind = BusUnavailableError if no.passes else BusRefusedError
    return kind(
        f"The stream {stream} cannot be given the settings the relay needs: {no}. "
        "Give the server room or servers enough, or move the old stream away."
    )


def _entry(stream: str, message: Mapping[str, Any]) -> Entry:
    lines = base64.b64decode(message.get("hdrs", "")).decode("ascii", "replace").split("\r\n")
    pairs = (line.partition(":") for line in lines[1:] if line)
    return Entry(
        stream=stream,
        subject=message["subject"],
        seq=int(message["seq"]),
        stored_at=datetime.fromisoformat(message["time"]),
        headers=visible_headers({name: value.strip() for name, _, value in pairs}),
        body=base64.b64decode(message.get("data", "")),
    )

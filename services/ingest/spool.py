"""The spool: where accepted messages wait, sealed and fsynced, while NATS is away.

One append-only file of lines, each `crc32 json`. A message counts as accepted once its line is
fsynced (many lines share one fsync). The file is emptied only when everything in it is stored
in NATS; after a crash it is drained again from its beginning, which stable ids make harmless.
A torn last line was never accepted and is cut off; a line that is damaged is set aside in
`spool.corrupt`, counted and shown, and never in the way of the others.
"""

import asyncio
import base64
import contextlib
import fcntl
import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import structlog

from services.ingest.submission import BODY_TAG
from shared.errors import SettingsError, SpoolFullError
from shared.ports import Outgoing

log = structlog.get_logger()

_CRC_CHARS: Final = 8


@dataclass(slots=True)
class _Slot:
    """One message that waits: where its line lies, once it is written."""

    line: bytes
    body_tag: str | None
    at: datetime
    written: asyncio.Future[None] | None = None
    offset: int | None = None
    length: int = field(init=False)

    def __post_init__(self) -> None:
        self.length = len(self.line)


class Spool:
    """The messages that wait, in order. Held by one process alone (flock)."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        """Lock the folder and read what a former process left. Raises `SettingsError` with the remedy."""
        self._folder, self._max_bytes = folder, max_bytes
        self._path, self._aside = folder / "spool.log", folder / "spool.corrupt"
        self._slots: dict[str, _Slot] = {}
        self._queue: list[_Slot] = []
        self._queued_bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._file_lock = asyncio.Lock()
        self._broken = False
        self.news = asyncio.Event()
        """Set while something waits."""
        self._lock_fd = _lock(folder)
        self.set_aside = self._recover()
        self._fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._size = os.fstat(self._fd).st_size
        _fsync_folder(folder)

    @property
    def depth(self) -> int:
        """How many messages wait."""
        return len(self._slots)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self._size

    @property
    def has_room(self) -> bool:
        """Whether another message would be taken."""
        return not self._broken and self._size < self._max_bytes

    def oldest_at(self) -> datetime | None:
        """Since when the oldest waits."""
        return next((slot.at for slot in self._slots.values()), None)

    def body_tag(self, msg_id: str) -> str | None:
        """The body tag of a waiting message with that id, or None if none waits."""
        slot = self._slots.get(msg_id)
        return slot.body_tag if slot else None

    async def append(self, message: Outgoing, *, at: datetime) -> None:
        """Return once the message is on disk; one whose id waits already is not written again.

        Raises `SpoolFullError` when there is no room or the disk refuses.
        """
        slot = self._slots.get(message.msg_id) or self._enqueue(message, at)
        if slot.written is not None:
            await asyncio.shield(slot.written)

    def _enqueue(self, message: Outgoing, at: datetime) -> _Slot:
        slot = _Slot(_line(message, at), message.headers.get(BODY_TAG), at)
        if self._broken or self._size + self._queued_bytes + slot.length > self._max_bytes:
            raise SpoolFullError
        slot.written = asyncio.get_running_loop().create_future()
        self._slots[message.msg_id] = slot
        self._queue.append(slot)
        self._queued_bytes += slot.length
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_queued(), name="spool-writer")
        return slot

    async def _write_queued(self) -> None:
        """Write what has queued, one fsync for all of it, until nothing is queued."""
        while self._queue:
            async with self._file_lock:
                batch, self._queue, self._queued_bytes = self._queue, [], 0
                try:
                    await asyncio.to_thread(self._write, b"".join(slot.line for slot in batch))
                except OSError as error:
                    self._forget(batch, error)
                    await self._tidy_after_failure()
                    continue
                self._settle(batch)

    def _write(self, blob: bytes) -> None:
        """Append and fsync; on failure take back what was written of it."""
        try:
            view = memoryview(blob)
            while view:
                view = view[os.write(self._fd, view) :]
            os.fsync(self._fd)
        except OSError:
            try:
                os.ftruncate(self._fd, self._size)
            except OSError:
                # The next line would be glued to half a line and lost with it.
                self._broken = True
            raise

    def _settle(self, batch: Sequence[_Slot]) -> None:
        for slot in batch:
            slot.offset = self._size
            slot.line = b""
            self._size += slot.length
            if slot.written is not None and not slot.written.done():
                slot.written.set_result(None)
        self.news.set()

    def _forget(self, batch: Sequence[_Slot], error: OSError) -> None:
        log.error("spool_write_failed", error=os.strerror(error.errno or 0), messages=len(batch))
        lost = {id(slot) for slot in batch}
        self._slots = {msg_id: slot for msg_id, slot in self._slots.items() if id(slot) not in lost}
        for slot in batch:
            if slot.written is not None and not slot.written.done():
                slot.written.set_exception(
                    SpoolFullError("NATS is away and the local spool cannot be written.")
                )
                slot.written.exception()  # seen, also where the client has gone

    async def oldest(self, limit: int) -> list[Outgoing]:
        """Up to `limit` of the oldest messages on disk, in order; they go on waiting."""
        places: list[tuple[int, int]] = []
        for slot in self._slots.values():
            if slot.offset is None or len(places) == limit:
                break
            places.append((slot.offset, slot.length))
        lines = await asyncio.to_thread(lambda: [os.pread(self._fd, length, at) for at, length in places])
        return [_message(_record(line)) for line in lines]

    async def done(self, msg_ids: Sequence[str]) -> None:
        """These are stored in NATS; when nothing waits any more, the file is emptied."""
        for msg_id in msg_ids:
            self._slots.pop(msg_id, None)
        if not self._slots:
            async with self._file_lock:
                await self._empty_if_done()

    async def _tidy_after_failure(self) -> None:
        """What was refused may have been the last that waited: the others were settled meanwhile."""
        # The lines that stay are stored in NATS: at worst the next process sends them again.
        with contextlib.suppress(OSError):
            await self._empty_if_done()

    async def _empty_if_done(self) -> None:
        """Empty the file if nothing waits. For whoever holds the file lock."""
        if not self._slots:
            self.news.clear()
            if self._size:
                await asyncio.to_thread(self._empty)

    def _empty(self) -> None:
        os.ftruncate(self._fd, 0)
        self._size = 0  # true even where the fsync fails: the next line's place counts from here
        os.fsync(self._fd)

    async def put_aside(self, message: Outgoing, *, at: datetime) -> None:
        """A message that can never be stored: keep it for a person, out of the others' way."""
        await asyncio.to_thread(self._keep_aside, [_line(message, at)])
        self.set_aside += 1
        await self.done([message.msg_id])

    async def close(self) -> None:
        """Finish writing and let go of the folder."""
        if self._writer is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        os.close(self._fd)
        os.close(self._lock_fd)

    def _recover(self) -> int:
        """Read the former process's file; returns how many lines lie aside in all."""
        raw = self._path.read_bytes() if self._path.exists() else b""
        good, bad, torn = _sorted_lines(raw)
        if bad or torn:
            log.error("spool_damaged", set_aside=len(bad), torn_bytes=len(torn))
            self._keep_aside(bad)
            _replace(self._path, b"".join(good))
        offset = 0
        for line in good:
            self._remember(line, offset)
            offset += len(line)
        if self._slots:
            self.news.set()
        return len(self._aside.read_bytes().splitlines()) if self._aside.exists() else 0

    def _remember(self, line: bytes, offset: int) -> None:
        record = _record(line)
        slot = _Slot(line, record["headers"].get(BODY_TAG), datetime.fromisoformat(record["at"]))
        slot.line, slot.offset = b"", offset
        self._slots.setdefault(record["msg_id"], slot)

    def _keep_aside(self, lines: Sequence[bytes]) -> None:
        if not lines:
            return
        with self._aside.open("ab") as aside:
            aside.writelines(lines)
            aside.flush()
            os.fsync(aside.fileno())
        self._aside.chmod(0o600)


def _lock(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(folder / "spool.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SettingsError(
            f"{folder}: the spool cannot be opened ({error.strerror}); set RELAY_INGEST_SPOOL to a folder "
            "that this process may write."
        ) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise SettingsError(
            f"{folder}: another process uses this spool; give each ingest process its own RELAY_INGEST_SPOOL."
        ) from None
    return fd


def _line(message: Outgoing, at: datetime) -> bytes:
    record = {
        "at": at.isoformat(),
        "subject": message.subject,
        "msg_id": message.msg_id,
        "headers": dict(message.headers),
        "body": base64.b64encode(message.body).decode(),
    }
    text = json.dumps(record, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _sound(line: bytes) -> bool:
    text = line[_CRC_CHARS + 1 : -1]
    return line[_CRC_CHARS : _CRC_CHARS + 1] == b" " and line[:_CRC_CHARS] == b"%08x" % zlib.crc32(text)


def _record(line: bytes) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(line[_CRC_CHARS + 1 :])
    return record


def _message(record: dict[str, Any]) -> Outgoing:
    return Outgoing(
        subject=record["subject"],
        msg_id=record["msg_id"],
        body=base64.b64decode(record["body"]),
        headers=record["headers"],
    )


def _sorted_lines(raw: bytes) -> tuple[list[bytes], list[bytes], bytes]:
    """The sound lines, the damaged ones (both with their line end), and what follows the last line end."""
    whole, _, torn = raw.rpartition(b"\n")
    lines = [line + b"\n" for line in whole.split(b"\n")] if whole else []
    return [line for line in lines if _sound(line)], [line for line in lines if not _sound(line)], torn


def _replace(path: Path, content: bytes) -> None:
    """Write the file anew so that a crash leaves the old or the new one, whole."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.chmod(0o600)
    fresh.replace(path)
    _fsync_folder(path.parent)


def _fsync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

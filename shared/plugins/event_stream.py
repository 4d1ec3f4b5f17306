"""Server-sent events, as they come over the wire: bytes in any pieces become whole events. Pure.

An event that is longer than we hold in memory is passed over, not half read: `data` is then None.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

MOST_BYTES: Final = 1_000_000
_ID: Final = re.compile(rb"[\x21-\x7e]{1,200}\Z")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its id if the source gave one, its name, and its data; None if it was too long."""

    id: str | None
    name: str
    data: str | None


@dataclass
class EventReader:
    """Puts the pieces of one stream together; lines end in LF or CRLF."""

    most_bytes: int = MOST_BYTES
    _line: bytearray = field(default_factory=bytearray)
    _cut: bool = False
    """Whether the line that is being read was too long."""
    _id: str | None = None
    _name: str = "message"
    _data: list[bytes] = field(default_factory=list)
    _size: int = 0
    _too_long: bool = False

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events that this piece completes."""
        *whole, rest = piece.split(b"\n")
        for end in whole:
            self._add(end)
            yield from self._line_ended()
        self._add(rest)

    def _add(self, piece: bytes) -> None:
        if len(self._line) + len(piece) > self.most_bytes:
            self._cut = True
        else:
            self._line += piece

    def _line_ended(self) -> Iterator[Event]:
        line, cut = bytes(self._line).removesuffix(b"\r"), self._cut
        self._line, self._cut = bytearray(), False
        if cut:
            self._too_long = True
        elif line:
            self._field(line)
        else:
            yield from self._event_ended()

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._size += len(value)
                if self._size > self.most_bytes:
                    self._too_long, self._data = True, []
                else:
                    self._data.append(value)
            case b"id":
                # It goes back to the source in a header: only what can stand there is one.
                self._id = value.decode() if _ID.match(value) else None
            case b"event":
                self._name = value.decode(errors="replace")

    def _event_ended(self) -> Iterator[Event]:
        if self._data or self._too_long:
            data = None if self._too_long else b"\n".join(self._data).decode(errors="replace")
            yield Event(self._id, self._name, data)
        self._id, self._name, self._data, self._size, self._too_long = None, "message", [], 0, False

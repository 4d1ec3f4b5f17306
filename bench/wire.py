"""A thin HTTP/1.1 client and sink, so that the load generator costs little beside what it measures.

On two cores an ordinary client and server library would take as much CPU per report as the
relay itself and so measure itself. Both speak just enough: kept-alive connections, one
request at a time on each, bodies with a Content-Length.
"""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_END: Final = b"\r\n\r\n"


def post_request(port: int, path: str, body: bytes, headers: str = "") -> bytes:
    """A whole POST request as bytes; `headers` are further lines, each ended by CRLF."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Messages:
    """Cuts a byte stream into HTTP messages: (head, body) pairs."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """The messages that are complete with this data; RuntimeError if one gives no length."""
        self._buffer += data
        found: list[tuple[bytes, bytes]] = []
        while (end := self._buffer.find(_END)) >= 0:
            head = self._buffer[:end]
            length = _LENGTH.search(head)
            if length is None:
                raise RuntimeError(f"a message without Content-Length: {head[:80]!r}")
            whole = end + len(_END) + int(length[1])
            if len(self._buffer) < whole:
                break
            found.append((head, self._buffer[end + len(_END) : whole]))
            self._buffer = self._buffer[whole:]
        return found


class Connection(asyncio.Protocol):
    """One kept-alive connection to the system under test."""

    def __init__(self) -> None:
        self._messages = Messages()
        self._reply: asyncio.Future[tuple[int, bytes]] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Called by the loop: the reply, or a part of it."""
        for head, body in self._messages.feed(data):
            if self._reply and not self._reply.done():
                self._reply.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop: what waits for a reply fails."""
        self.transport = None
        if self._reply and not self._reply.done():
            self._reply.set_exception(exc or ConnectionResetError("closed before the reply"))

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Send one request and return the reply's status and body."""
        if self.transport is None:
            raise ConnectionResetError("the connection is closed")
        self._reply = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._reply


class Caller:
    """A pool of connections to one loopback port; each request takes an idle one or opens another."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[Connection] = []

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """One request, one reply; a connection that the server had closed is replaced once."""
        while self._idle:
            connection = self._idle.pop()
            if connection.transport is not None:
                break
        else:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(Connection, "127.0.0.1", self._port)
        reply = await connection.send(request)
        self._idle.append(connection)
        return reply

    def close(self) -> None:
        """Close all idle connections."""
        while self._idle:
            if transport := self._idle.pop().transport:
                transport.close()


class Sink:
    """The receiving end: notes when each numbered webhook arrived, and how many it did not know."""

    def __init__(self, number_of: Callable[[bytes], int | None]) -> None:
        self._number_of = number_of
        self.arrived: defaultdict[int, list[float]] = defaultdict(list)
        self.strangers = 0
        self.total = 0

    def note(self, body: bytes) -> None:
        """One webhook has arrived."""
        now = time.perf_counter()
        self.total += 1
        number = self._number_of(body)
        if number is None:
            self.strangers += 1
        else:
            self.arrived[number].append(now)


class _SinkConnection(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._messages = Messages()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for _, body in self._messages.feed(data):
            self._sink.note(body)
            self._transport.write(_ANSWER)


@asynccontextmanager
async def listening(sink: Sink, port: int) -> AsyncIterator[None]:
    """Let the sink receive on that loopback port within the block."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _SinkConnection(sink), "127.0.0.1", port, backlog=2048)
    try:
        yield
    finally:
        server.close()

"""The receiving end of a fan-out: a process that answers as a homeserver does, after so many milliseconds.

It counts and keeps nothing, so that it costs little beside what it measures. A GET answers how much else
has come, and when the last of it did. Run as `python -m bench.fanout_sink PORT DELAY_MS`.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Final

from bench.systems import answers, python
from shared.testing.servers import Process

_END: Final = b"\r\n\r\n"
_TAKEN: Final = b'{"event_id":"$event"}'


class Counter:
    """How many have come, and when the last one did (this machine's monotonic clock)."""

    number = 0
    last = 0.0


class _Connection(asyncio.Protocol):
    """One kept-alive connection: requests one after another, whole bodies by their length."""

    def __init__(self, counter: Counter, delay_s: float) -> None:
        self._counter, self._delay_s, self._buffer = counter, delay_s, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(_END)) >= 0:
            whole = end + len(_END) + _length(self._buffer[:end])
            if len(self._buffer) < whole:
                return
            asked = self._buffer.startswith(b"GET")
            self._buffer = self._buffer[whole:]
            self._take() if not asked else self._answer(_said(self._counter))

    def _take(self) -> None:
        self._counter.number += 1
        self._counter.last = time.monotonic()
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._answer, _TAKEN)
        else:
            self._answer(_TAKEN)

    def _answer(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        if not self._transport.is_closing():
            self._transport.write(head + body)


def _length(head: bytes) -> int:
    found = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
    return int(found or 0)


def _said(counter: Counter) -> bytes:
    return json.dumps([counter.number, counter.last]).encode()


def start_sink(folder: Path, port: int, delay_ms: int) -> Process:
    """The sink as a process, to be started."""
    args = python("bench.fanout_sink", str(port), str(delay_ms))
    return Process(args=args, log=folder / f"sink-{port}.log", ready=answers(port, "/"))


async def arrivals(port: int) -> tuple[int, float]:
    """How many have come to that sink, and when the last one did."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: sink\r\n\r\n")
    head = await reader.readuntil(_END)
    number, last = json.loads(await reader.readexactly(_length(head)))
    writer.close()
    return int(number), float(last)


async def main(port: int, delay_ms: int) -> None:
    """Receive until stopped."""
    counter, loop = Counter(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Connection(counter, delay_ms / 1e3), "127.0.0.1", port, backlog=2048
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))

"""Stand-ins for the sources of bridges that read: a TCP feed of lines, an HTTP API that is asked.

Derive from one, or write your own with the members of `Source`.
"""

import asyncio
import json
from typing import Any, Final

from aiohttp import web

_HERE: Final = "127.0.0.1"


class Lines:
    """A TCP server that says one message a line to whoever is connected, and keeps nothing."""

    def __init__(self) -> None:
        self.host, self.port = _HERE, 0
        self._server: asyncio.Server | None = None
        self._readers: set[asyncio.StreamWriter] = set()
        self._somebody = asyncio.Event()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connected, self.host, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def say(self, message: bytes) -> None:
        """Wait for somebody who is connected, and say it as one line."""
        await self._somebody.wait()
        for writer in self._readers:
            writer.write(message + b"\n")

    async def break_off(self) -> None:
        """End every connection."""
        for writer in self._readers:
            writer.transport.abort()
        self._readers.clear()
        self._somebody.clear()

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
        await self.break_off()

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:  # noqa: ARG002 - for sources that want a login
        """Whether somebody who connected may listen; override it where the source wants a login first."""
        return True

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await self.welcome(reader, writer):
            writer.close()
            return
        self._readers.add(writer)
        self._somebody.set()
        try:
            while await reader.read(4096):  # until the other side hangs up
                pass
        except ConnectionError:
            pass
        finally:
            self._readers.discard(writer)
            if not self._readers:
                self._somebody.clear()
            writer.close()


class Polled:
    """An HTTP server: every GET with the token is answered by a JSON list of all that was said."""

    def __init__(self, token: str = "") -> None:
        self.url, self._token, self._broken = "", token, 0
        self._said: list[Any] = []
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._asked)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, _HERE, 0).start()
        self.url = f"http://{_HERE}:{self._runner.addresses[0][1]}"

    async def say(self, message: bytes) -> None:
        """Have it in the list from now on; what is no JSON as a text."""
        try:
            self._said.append(json.loads(message))
        except (ValueError, RecursionError):
            self._said.append(message.decode("latin-1"))

    async def break_off(self) -> None:
        """Break the next request and its repetition (clients repeat a GET by themselves)."""
        self._broken = 2

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _asked(self, request: web.Request) -> web.Response:
        if self._broken and request.transport is not None:
            self._broken -= 1
            request.transport.abort()
        if self._token and request.headers.get("Authorization") != f"Bearer {self._token}":
            return web.json_response({"error": "unknown token"}, status=401)
        return web.json_response(self._said)

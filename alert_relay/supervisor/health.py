"""How the supervisor sees that a process is ready: over its port or socket, never by its output."""

import asyncio
from http import HTTPStatus
from pathlib import Path

import aiohttp

_TIMEOUT = aiohttp.ClientTimeout(total=2)


async def http_ok(http: aiohttp.ClientSession, url: str) -> bool:
    """Whether the address answers 200."""
    try:
        async with http.get(url, timeout=_TIMEOUT) as response:
            return response.status == HTTPStatus.OK
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


async def redis_ok(socket: Path) -> bool:
    """Whether Redis answers a PING on its unix socket."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket))
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        await writer.drain()
        return await asyncio.wait_for(reader.readline(), 2) == b"+PONG\r\n"
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()

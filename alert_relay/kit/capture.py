"""Catches real messages of a source and keeps them, scrubbed, as fixtures."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aiohttp import web

from alert_relay.kit.scrub import scrubbed

_MOST_BYTES: Final = 1_000_000
_HERE: Final = "127.0.0.1"


def keep(body: bytes, folder: Path) -> Path:
    """Write a message, scrubbed, beside those that are there; nothing is overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    ending, number = _ending(scrubbed(body)), 1
    while (path := folder / f"captured-{number}.{ending}").exists():
        number += 1
    path.write_bytes(scrubbed(body, number))
    return path


def listen(port: int, folder: Path, tell: Callable[[str], None]) -> Path:
    """Wait for one call of the source at this machine's port, answer it with 200, and keep its body."""
    return asyncio.run(_one_call(port, folder, tell))


async def _one_call(port: int, folder: Path, tell: Callable[[str], None]) -> Path:
    caught: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        if body and not caught.done():
            caught.set_result(body)
        return web.Response(text="")

    app = web.Application(client_max_size=_MOST_BYTES)
    app.router.add_route("*", "/{path:.*}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, _HERE, port).start()
        here = f"http://{_HERE}:{runner.addresses[0][1]}/"
        tell(f"Waiting for one call of the source at {here} (Ctrl-C ends it).")
        return keep(await caught, folder)
    finally:
        await runner.cleanup()


def _ending(body: bytes) -> str:
    try:
        json.loads(body)
    except ValueError:
        return "form" if b"=" in body and b" " not in body else "txt"
    return "json"

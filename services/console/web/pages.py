"""The live page, an incident's page, and the stream that keeps open pages live."""

import asyncio
import json
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from services.console.door import CONSOLE
from services.console.live import Live
from services.console.web.rendering import fragment, page
from services.console.web.words import language_of
from shared.http import SECURITY_HEADERS, Problem

log = structlog.get_logger()

LIVE: Final = web.AppKey("live", Live)
STATIC: Final = Path(__file__).parent / "static"
_HEARTBEAT_S: Final = 20.0
_RETRY_MS: Final = 3_000


async def get_live_page(request: web.Request) -> web.Response:
    """Everything confirmed that is going on, or ended within two hours."""
    return page(request, "live.html", picture=request.app[LIVE].picture)


async def get_incident_page(request: web.Request) -> web.Response:
    """The present state of one incident; the same answer for every code that is not public (any more)."""
    picture = request.app[LIVE].picture
    entry = picture.find(request.match_info["code"])
    return page(request, "incident.html", status=200 if entry else 404, entry=entry, picture=picture)


async def get_live_stream(request: web.Request) -> web.StreamResponse:
    """Server-sent events: the whole list at every change, named by its version."""
    console, live = request.app[CONSOLE], request.app[LIVE]
    if live.clients >= console.settings.console_live_clients:
        raise Problem(
            503, "too_many_live", "Too many pages are live; this one looks again.", retry_after_s=30
        )
    response = web.StreamResponse(headers={**SECURITY_HEADERS, "Content-Type": "text/event-stream"})
    live.clients += 1
    try:
        await response.prepare(request)
        await _stream(request, response)
    except (ConnectionError, TimeoutError) as error:
        log.info("live_page_dropped", error=type(error).__name__)
    finally:
        live.clients -= 1
    return response


async def _stream(request: web.Request, response: web.StreamResponse) -> None:
    console, live, language = request.app[CONSOLE], request.app[LIVE], language_of(request)
    seen = request.headers.get("Last-Event-ID")
    patience_s = console.settings.console_send_s
    await _send(response, f"retry: {_RETRY_MS}\n\n", patience_s)
    while not console.stopping.is_set():
        picture = live.picture
        if picture.version != seen:
            seen = picture.version
            data = json.dumps(
                {"html": fragment(language, "entries.html", picture=picture), "fresh": picture.fresh}
            )
            await _send(response, f"id: {seen}\nevent: entries\ndata: {data}\n\n", patience_s)
            continue
        await live.changed(_HEARTBEAT_S)
        if live.picture.version == seen:
            await _send(response, ": here\n\n", patience_s)


async def _send(response: web.StreamResponse, text: str, patience_s: float) -> None:
    async with asyncio.timeout(patience_s):
        await response.write(text.encode())

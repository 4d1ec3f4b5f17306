"""The live page, an incident's page, and the stream that keeps open pages live."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.console.decide.public import PublicEntry
from services.console.door import CONSOLE, Console
from services.console.live import Live, Picture
from services.console.web.words import LANGUAGES, language_of, say
from shared.errors import StateUnavailableError
from shared.http import SECURITY_HEADERS, Problem

log = structlog.get_logger()

LIVE: Final = web.AppKey("live", Live)
STATIC: Final = Path(__file__).parent / "static"
_LONDON: Final = ZoneInfo("Europe/London")
_PAGES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_HEARTBEAT_S: Final = 20.0
_RETRY_MS: Final = 3_000


async def get_live_page(request: web.Request) -> web.Response:
    """Everything confirmed that is going on, or ended within two hours."""
    return _page(request, "live.html", picture=request.app[LIVE].picture)


async def get_incident_page(request: web.Request) -> web.Response:
    """The present state of one incident; nothing where there is nothing public (any more)."""
    picture = request.app[LIVE].picture
    entry = await _entry(request.app[CONSOLE], picture, request.match_info["code"].upper())
    return _page(request, "incident.html", status=200 if entry else 404, entry=entry, picture=picture)


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
            data = json.dumps({"html": _fragment(language, picture), "fresh": picture.fresh})
            await _send(response, f"id: {seen}\nevent: entries\ndata: {data}\n\n", patience_s)
            continue
        await live.changed(_HEARTBEAT_S)
        if live.picture.version == seen:
            await _send(response, ": here\n\n", patience_s)


async def _send(response: web.StreamResponse, text: str, patience_s: float) -> None:
    async with asyncio.timeout(patience_s):
        await response.write(text.encode())


async def _entry(console: Console, picture: Picture, code: str) -> PublicEntry | None:
    by_code = {entry.code: entry for entry in picture.entries}
    if code in by_code:
        return by_code[code]
    try:
        incident = await console.store.incident(code)
        into = await console.store.merged_into(incident) if incident else {}
    except StateUnavailableError:
        return None
    return by_code.get(str(into.get("code")))


def _fragment(language: str, picture: Picture) -> str:
    return _PAGES.get_template("entries.html").render(**_common(language), picture=picture)


def _page(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    language = language_of(request)
    html = _PAGES.get_template(template).render(
        **_common(language),
        languages=[(tag, say(tag, "language_name")) for tag in LANGUAGES],
        here=request.path,
        report_url=request.app[CONSOLE].settings.report_url,
        **values,
    )
    return web.Response(text=html, content_type="text/html", status=status)


def _common(language: str) -> dict[str, Any]:
    def words(key: str, **values: object) -> str:
        return say(language, key, **values)

    return {"say": words, "lang": language, "dir": say(language, "direction"), "when": when}


def when(moment: datetime) -> str:
    """A time as people here read it: 14/05 18:40."""
    return moment.astimezone(_LONDON).strftime("%d/%m %H:%M")

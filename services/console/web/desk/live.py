"""`/desk/live`: what keeps open pages of the desk live. A change comes whole, as a fresh page would show it.

Whoever was away has missed nothing, and a slow page skips to the latest. Who may no longer see it, or is
signed out, gets no more. Each change says whether others had a part in it: one's own acts are no news.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web

from services.console.decide import views
from services.console.decide.looked import version_of
from services.console.door import CONSOLE, Actor, actor_of
from services.console.news import within
from services.console.web.desk.fragments import (
    Looker,
    incident_fragment,
    incident_news,
    list_fragment,
    list_news,
)
from services.console.web.desk.lookers import looker_of
from services.console.web.desk.pictures import PICTURES
from services.console.web.desk.words import DESK
from shared.errors import StateUnavailableError
from shared.http import SECURITY_HEADERS, Problem

log = structlog.get_logger()

_HEARTBEAT_S: Final = 15.0
_PACE_S: Final = 0.3
"""A page is renewed no more often than this."""
_RETRY_MS: Final = 3_000
_LONGEST: Final = 10

_KNOWN_S: Final = 5.0
"""So long somebody is taken for who they were."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page shows: its version, and a mark of what others did; written as `version.mark`."""

    html: str
    news: str

    @property
    def id(self) -> str:
        """By which a page that comes back says what it showed last."""
        return f"{version_of(self.html)}.{self.news}"


Look = Callable[[], Awaitable[Seen | None]]


async def get_live(request: web.Request) -> web.StreamResponse:
    """Server-sent events: the list, or with `?view=CODE` an incident, at every change."""
    console, pictures = request.app[CONSOLE], request.app[PICTURES]
    actor = await actor_of(request)
    look = await _look(request, actor)
    pictures.renew()
    if pictures.open >= console.settings.console_live_clients:
        raise Problem(
            503, "too_many_live", "Too many pages are live; this one looks again.", retry_after_s=30
        )
    response = web.StreamResponse(headers={**SECURITY_HEADERS, "Content-Type": "text/event-stream"})
    pictures.open += 1
    try:
        await response.prepare(request)
        await _stream(request, response, actor, look)
    except (ConnectionError, TimeoutError) as error:
        log.info("desk_page_dropped", error=type(error).__name__)
    finally:
        pictures.open -= 1
    return response


async def _look(request: web.Request, actor: Actor) -> Look:
    """How to make the fragment that this page shows."""
    console, pictures, language = request.app[CONSOLE], request.app[PICTURES], DESK.language_of(request)
    view = request.query.get("view", "list")[:_LONGEST]
    if view == "list":
        looker = await looker_of(console, actor, await pictures.list_of(actor.roles))

        async def listed() -> Seen:
            picture = await pictures.shared_list(actor.roles)
            return Seen(list_fragment(picture, looker, language), list_news(picture, looker))

        return listed
    incident = await console.store.incident(view)
    if incident is None or not views.may_take_up(incident, actor.roles):
        raise Problem(404, "no_such_incident", "Your groups have no such incident; look at the list.")

    async def one() -> Seen | None:
        picture = await pictures.shared_incident(incident["id"])
        if picture is None or not views.may_take_up(picture.incident, actor.roles):
            return None
        looker = Looker(actor.member, actor.roles, {})
        return Seen(incident_fragment(picture, looker, language), incident_news(picture, looker))

    return one


async def _stream(request: web.Request, response: web.StreamResponse, actor: Actor, look: Look) -> None:
    console, loop = request.app[CONSOLE], asyncio.get_running_loop()
    known_until = loop.time() + _KNOWN_S
    version, _, news = (request.headers.get("Last-Event-ID") or request.query.get("seen", "")).partition(".")
    await _send(request, response, f"retry: {_RETRY_MS}\n\n")
    while not console.stopping.is_set():
        heard = console.news.next()
        try:
            if loop.time() > known_until:
                if not await _still_a_member(request, actor):
                    return
                known_until = loop.time() + _KNOWN_S
            live = await look()
        except StateUnavailableError:
            await _send(request, response, "event: away\ndata: \n\n")
            await within(console.stopping, _PACE_S)
            continue
        if live is None:
            return
        if version_of(live.html) != version:
            now = int((await request.app[PICTURES].now()).timestamp())
            data = json.dumps({"html": live.html, "now": now, "news": live.news != news})
            await _send(request, response, f"id: {live.id}\nevent: live\ndata: {data}\n\n")
            version, news = version_of(live.html), live.news
        await within(console.stopping, _PACE_S)
        if not await within(heard, _HEARTBEAT_S):
            await _send(request, response, ": here\n\n")


async def _still_a_member(request: web.Request, actor: Actor) -> bool:
    """Whether they may still act, in the same roles: whoever was revoked or signed out sees no more."""
    try:
        present = await actor_of(request)
    except Problem as problem:
        if problem.status == web.HTTPServiceUnavailable.status_code:
            raise StateUnavailableError(problem.detail) from None
        return False
    return present.member == actor.member and dict(present.roles) == dict(actor.roles)


async def _send(request: web.Request, response: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(request.app[CONSOLE].settings.console_send_s):
        await response.write(text.encode())

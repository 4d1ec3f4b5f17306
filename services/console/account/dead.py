"""`/dead`: what no service could handle, for whoever runs the hub: look, try again, let go."""

from aiohttp import web

from services.console import dead
from services.console.account.pages import as_page, led_to, page, text_of
from services.console.dead_models import DeadRequest, DeadRetried, DeadRetryAll
from services.console.door import CONSOLE, Actor, form_of, page_actor
from shared.contracts.base import MemberId
from shared.contracts.dead import DiscardDead, RetryDead


@as_page
async def get_dead(request: web.Request) -> web.StreamResponse:
    """The letters that wait."""
    return await _list(request, await _operator(request))


@as_page
async def get_letter(request: web.Request) -> web.StreamResponse:
    """One letter, and what can be done about it."""
    console, actor = request.app[CONSOLE], await _operator(request)
    found = await dead.letter_of(console, request.match_info["letter"])
    by = [MemberId(found.closed.member)] if found.closed else []
    names = await console.store.names_of(by)
    return page(request, "dead_letter.html", actor=actor, one=found, names=names)


@as_page
async def post_retry(request: web.Request) -> web.StreamResponse:
    """Have it handled again."""
    return await _post(request, RetryDead)


@as_page
async def post_discard(request: web.Request) -> web.StreamResponse:
    """Let it go."""
    return await _post(request, DiscardDead)


@as_page
async def post_retry_all(request: web.Request) -> web.StreamResponse:
    """Have all handled again that can be; what came of it stands above the list."""
    actor = await _operator(request)
    return await _list(request, actor, await dead.retry_all(request.app[CONSOLE], actor, DeadRetryAll()))


async def _operator(request: web.Request) -> Actor:
    return await dead.operator_of(request, await page_actor(request))


async def _list(request: web.Request, actor: Actor, tried: DeadRetried | None = None) -> web.Response:
    found = await dead.waiting(request.app[CONSOLE])
    return page(request, "dead.html", actor=actor, found=found, tried=tried)


async def _post(request: web.Request, command: dead.About) -> web.Response:
    actor = await _operator(request)
    why = text_of(await form_of(request), "why", most=200).strip()
    await dead.decide(
        request.app[CONSOLE], actor, request.match_info["letter"], command, DeadRequest(why=why)
    )
    return led_to("/dead")

"""`/sign-in` and `/sign-out`: by a passkey, or by a name, a password and a code.

The same answer for a name that nobody has, a wrong password and a wrong code.
"""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from services.console.account.attempts import attempt, succeeded
from services.console.account.pages import as_page, in_words, led_to, page, text_of, words_of
from services.console.account.passkeys import ask_to_sign, signed_by, site_of
from services.console.account.passwords import fits, login_tag
from services.console.decide.draft import Document
from services.console.door import (
    CONSOLE,
    check_csrf,
    check_origin,
    form_of,
    local_path,
    session_of,
    whole,
)
from services.console.sessions import How, give, take_back
from shared.contracts.base import MemberId
from shared.http import Problem


@as_page
async def get_sign_in(request: web.Request) -> web.StreamResponse:
    """The door."""
    if await session_of(request) and "next" not in request.query:
        return led_to("/account")
    return _door(request)


@as_page
async def post_sign_in(request: web.Request) -> web.StreamResponse:
    """In by name, password and code."""
    check_origin(request)
    console, form = request.app[CONSOLE], await form_of(request)
    login = text_of(form, "login").strip()
    tag = login_tag(console, login)
    try:
        await attempt(request, "sign-in", tag)
        member = await _by_password(request, tag, form)
    except Problem as problem:
        if problem.status == web.HTTPServiceUnavailable.status_code:
            raise
        return _door(request, status=problem.status, wrong=words_of(request, problem), login=login)
    await succeeded(request, "sign-in", tag)
    response = led_to(home(request))
    await enter(request, response, member, "password")
    return response


@in_words
async def post_passkey_question(request: web.Request) -> web.StreamResponse:
    """What the browser asks its authenticator."""
    check_origin(request)
    await attempt(request, "sign-in")
    return web.json_response(text=await ask_to_sign(request))


@in_words
async def post_passkey(request: web.Request) -> web.StreamResponse:
    """In by a passkey."""
    check_origin(request)
    await attempt(request, "sign-in")
    member = await signed_by(request, await json_of(request))
    await known(request, member)
    response = web.json_response({"next": home(request)})
    await enter(request, response, member, "passkey")
    return response


@as_page
async def post_sign_out(request: web.Request) -> web.StreamResponse:
    """Out, on this browser."""
    console, session = request.app[CONSOLE], await session_of(request)
    if session is not None:
        await check_csrf(request, await form_of(request))
        await console.sessions.end(session.token)
    response = led_to("/sign-in")
    take_back(response, console.settings)
    return response


async def enter(request: web.Request, response: web.StreamResponse, member: MemberId, how: How) -> None:
    """Begin a session, and end the one that this browser had."""
    console, before = request.app[CONSOLE], await session_of(request)
    if before is not None:
        await console.sessions.end(before.token)
    give(response, await console.sessions.begin(member, how), console.settings)


async def known(request: web.Request, member: MemberId) -> Document:
    """The member's document. Raises a 422 problem for one who may act no longer."""
    found = await request.app[CONSOLE].store.one(f"member:{member}")
    if found is None or found.get("revoked"):
        raise Problem(422, "passkey_unproven", "This passkey was not accepted; load the page and retry.")
    return found


def home(request: web.Request) -> str:
    """Where to go on to: what was asked for, else the desk, else one's own account."""
    wanted = local_path(request.query.get("next", ""))
    pages = {resource.canonical for resource in request.app.router.resources()}
    return wanted or ("/desk" if "/desk" in pages else "/account")


async def json_of(request: web.Request) -> dict[str, Any]:
    """A script's JSON object. Raises a 400 problem for anything else."""
    try:
        data = await request.json()
        json.dumps(data, ensure_ascii=False).encode()  # half a character cannot be kept anywhere
    except (ValueError, LookupError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise Problem(400, "not_json", "Send a JSON object.")
    return data


def _door(request: web.Request, *, status: int = 200, wrong: str = "", login: str = "") -> web.Response:
    there = local_path(request.query.get("next", "")) or ""
    passkeys = site_of(request) is not None
    return page(
        request, "sign_in.html", status=status, wrong=wrong, login=login, there=there, passkeys=passkeys
    )


async def _by_password(request: web.Request, tag: str, form: Mapping[str, Any]) -> MemberId:
    console = request.app[CONSOLE]
    progress = await whole(console.store)
    found = await console.store.one(f"login:{tag}")
    member = str(found["member"]) if found else ""
    ways = await console.store.one(f"ways:{member}") if found else None
    way = (ways or {}).get("ways", {}).get(found["way"]) if found else None
    open_ = await fits(console, member, way, text_of(form, "password"), text_of(form, "code"))
    who = await console.store.one(f"member:{member}") if open_ else None
    if who is None or who.get("revoked"):
        await whole(console.store, since=progress.epoch)
        raise Problem(422, "sign_in_wrong", "Name, password and code do not fit together.")
    return MemberId(member)

"""`/account`: by what one signs in, and where; only after signing in of late may that be changed.

So a phone that is snatched while its owner is signed in does not become a way in of the thief's.
"""

from datetime import timedelta
from typing import Any, Final

from aiohttp import web

from services.console.account.invite import MENDABLE, free, label_of, picture
from services.console.account.naming import called
from services.console.account.pages import as_page, in_words, led_to, page, text_of, words_of
from services.console.account.passkeys import ask_to_make, made, passkey_tag, site_of
from services.console.account.passwords import login_tag, new_codes, new_password
from services.console.account.sign_in import json_of
from services.console.decide.draft import Document
from services.console.door import CONSOLE, Actor, Console, actor_of, form_of, page_actor
from services.console.invitations import new_way_id
from services.console.sessions import give, take_back
from services.console.submit import command_id, stored_id, submit
from shared.contracts.base import HUB
from shared.contracts.members import Passkey, PutWayIn, RemoveWayIn, WayIn
from shared.http import Problem

FRESH: Final = timedelta(minutes=30)
"""How long after signing in one's ways in may be changed."""


@as_page
async def get_account(request: web.Request) -> web.StreamResponse:
    """Who one is here, and by what one signs in."""
    actor = await page_actor(request)
    ways = await _ways(request.app[CONSOLE], actor)
    can = {"passkeys": site_of(request) is not None, "fresh": _fresh(request, actor)}
    return page(request, "account.html", actor=actor, ways=ways, called=await called(request), **can)


@as_page
async def get_password(request: web.Request) -> web.StreamResponse:
    """The form for a password with codes."""
    actor = await page_actor(request)
    return _form(request, actor) if _fresh(request, actor) else _again()


@as_page
async def post_password(request: web.Request) -> web.StreamResponse:
    """A password as one more way in, or a new one in place of the one there was."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    if not _fresh(request, actor):
        return _again()
    form = await form_of(request)
    login, sealed = text_of(form, "login").strip(), text_of(form, "codes", most=500)
    tag = login_tag(console, login)
    try:
        await free(console, tag, actor.member)
        secret = await new_password(
            console, actor.member, actor.member,
            login=login, password=text_of(form, "password"), sealed=sealed, code=text_of(form, "code"),
        )  # fmt: skip
        before = [name for name, way in (await _ways(console, actor)).items() if way["kind"] == "password"]
        await _put(console, actor, before[0] if before else new_way_id(), secret, tag)
    except Problem as problem:
        if problem.code not in MENDABLE:
            raise
        wrong = words_of(request, problem)
        return _form(request, actor, status=problem.status, wrong=wrong, login=login, sealed=sealed)
    response = led_to("/account")
    await _alone(request, actor, response)
    return response


@in_words
async def post_passkey_question(request: web.Request) -> web.StreamResponse:
    """What the browser asks its authenticator."""
    actor = await _fresh_actor(request)
    ways = await _ways(request.app[CONSOLE], actor)
    known = [way["credential"] for way in ways.values() if way["kind"] == "passkey"]
    name = actor.name or actor.member
    return web.json_response(text=await ask_to_make(request, actor.member, actor.member, name, known))


@in_words
async def post_passkey(request: web.Request) -> web.StreamResponse:
    """One more passkey."""
    actor, answer = await _fresh_actor(request), await json_of(request)
    secret = await made(request, actor.member, answer, label_of(answer))
    console = request.app[CONSOLE]
    await _put(console, actor, new_way_id(), secret, passkey_tag(console, secret))
    return web.json_response({"next": "/account"})


@as_page
async def post_way(request: web.Request) -> web.StreamResponse:
    """Call a passkey something else, or remove a way in."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    if not _fresh(request, actor):
        return _again()
    form, way = await form_of(request), request.match_info["way"]
    response = led_to("/account")
    if "remove" in form:
        removal = RemoveWayIn(**_base(console, actor), way_in=way)
        await submit(console, removal, body=way)
        await _alone(request, actor, response)
    else:
        await _rename(console, actor, way, text_of(form, "label", most=60).strip())
    return response


@as_page
async def post_sign_out_everywhere(request: web.Request) -> web.StreamResponse:
    """Out, on every browser."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    await console.sessions.end_all(actor.member)
    response = led_to("/sign-in")
    take_back(response, console.settings)
    return response


async def _rename(console: Console, actor: Actor, way: str, label: str) -> None:
    known = (await _ways(console, actor)).get(way)
    if known is None or known["kind"] != "passkey":
        raise Problem(404, "unknown_way_in", "You have no such way in any more; look at the list again.")
    if label:
        kept = {name: known[name] for name in ("credential", "public_key", "sign_count")}
        await _put(console, actor, way, Passkey(**kept, label=label), known["login_tag"])


async def _put(console: Console, actor: Actor, way: str, secret: WayIn, tag: str | None) -> None:
    command = PutWayIn(**_base(console, actor), way_in=way, login_tag=tag, secret=secret)
    await submit(console, command, body=command.id)


async def _alone(request: web.Request, actor: Actor, response: web.StreamResponse) -> None:
    """End all other sessions: what opened before the change may have been somebody else's.

    This one goes on under a new token, as old as it was.
    """
    console, session = request.app[CONSOLE], actor.session
    await console.sessions.end_all(actor.member)
    if session is not None:
        renewed = await console.sessions.begin(actor.member, session.how, since=session.since)
        give(response, renewed, console.settings)


async def _ways(console: Console, actor: Actor) -> dict[str, Document]:
    found = await console.store.one(f"ways:{actor.member}")
    return dict((found or {}).get("ways", {}))


async def _fresh_actor(request: web.Request) -> Actor:
    actor = await actor_of(request)
    if not _fresh(request, actor):
        raise Problem(403, "sign_in_again", "Sign in again, then do this.")
    return actor


def _fresh(request: web.Request, actor: Actor) -> bool:
    """Whether they signed in of late. A token of the command line proves no person at a browser."""
    now = request.app[CONSOLE].clock.now()
    return actor.session is not None and now - actor.session.since < FRESH


def _again() -> web.StreamResponse:
    return led_to("/sign-in?next=/account")


def _form(request: web.Request, actor: Actor, *, status: int = 200, **typed: str) -> web.Response:
    """The form, with what was typed in it and what was wrong with that."""
    name = actor.name or actor.member
    codes = new_codes(request.app[CONSOLE], actor.member, name, typed.get("sealed", ""))
    wrong, login = typed.get("wrong", ""), typed.get("login", "")
    return page(
        request,
        "account_password.html",
        actor=actor,
        status=status,
        wrong=wrong,
        login=login,
        codes=codes,
        picture=picture(codes),
    )


def _base(console: Console, actor: Actor) -> dict[str, Any]:
    return {
        "id": stored_id(actor.member, command_id(None)),
        "at": console.clock.now(),
        "member": actor.member,
        "group": HUB,
    }

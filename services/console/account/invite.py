"""`/invite/…`: who holds the link chooses a passkey, or a password with codes, and is in."""

from typing import Any

import segno
from aiohttp import web
from markupsafe import Markup

from services.console import invitations
from services.console.account.attempts import attempt
from services.console.account.naming import called
from services.console.account.pages import as_page, in_words, led_to, page, text_of, words_of
from services.console.account.passkeys import ask_to_make, made, passkey_tag, site_of
from services.console.account.passwords import NewCodes, login_tag, new_codes, new_password
from services.console.account.sign_in import enter, home, json_of
from services.console.decide.draft import Document
from services.console.door import CONSOLE, Console, check_origin, form_of, whole
from services.console.sessions import How
from services.console.submit import Verdict
from shared.contracts.base import MemberId
from shared.http import Problem

DEFAULT_LABEL = "Passkey"


@as_page
async def get_invite(request: web.Request) -> web.StreamResponse:
    """Who is invited as what, and the two ways in. Looking opens nothing."""
    invite = await _invite(request)
    passkeys = site_of(request) is not None
    return page(request, "invite.html", invite=invite, passkeys=passkeys, called=await called(request))


@as_page
async def get_password(request: web.Request) -> web.StreamResponse:
    """The form for a password with codes."""
    return _form(request, await _invite(request))


@as_page
async def post_password(request: web.Request) -> web.StreamResponse:
    """In by a password."""
    check_origin(request)
    console, invite, form = request.app[CONSOLE], await _invite(request), await form_of(request)
    login, sealed = text_of(form, "login").strip(), text_of(form, "codes", most=500)
    tag = login_tag(console, login)
    member = MemberId(invite["member"])
    try:
        await free(console, tag, member)
        secret = await new_password(
            console, invite["invite"], member,
            login=login, password=text_of(form, "password"), sealed=sealed, code=text_of(form, "code"),
        )  # fmt: skip
        verdict = await invitations.accept(console, invite, secret=secret, login_tag=tag)
    except Problem as problem:
        if problem.code not in MENDABLE:
            raise
        wrong = words_of(request, problem)
        return _form(request, invite, status=problem.status, wrong=wrong, login=login, sealed=sealed)
    response = led_to(home(request))
    await _come_in(request, response, member, "password", verdict)
    return response


@in_words
async def post_passkey_question(request: web.Request) -> web.StreamResponse:
    """What the browser asks its authenticator."""
    check_origin(request)
    invite = await _invite(request)
    question = await ask_to_make(request, invite["invite"], MemberId(invite["member"]), invite["name"], [])
    return web.json_response(text=question)


@in_words
async def post_passkey(request: web.Request) -> web.StreamResponse:
    """In by a passkey."""
    check_origin(request)
    console, invite, answer = request.app[CONSOLE], await _invite(request), await json_of(request)
    secret = await made(request, invite["invite"], answer, label_of(answer))
    tag = passkey_tag(console, secret)
    verdict = await invitations.accept(console, invite, secret=secret, login_tag=tag)
    response = web.json_response({"next": home(request)})
    await _come_in(request, response, MemberId(invite["member"]), "passkey", verdict)
    return response


MENDABLE = frozenset({"login_unsound", "login_taken", "password_weak", "code_wrong"})
"""Refusals that whoever typed can mend in the same form."""


async def free(console: Console, tag: str, member: MemberId) -> None:
    """Say at once that a login is taken; the router has the last word."""
    found = await console.store.one(f"login:{tag}")
    if found is not None and found["member"] != member:
        raise Problem(409, "login_taken", "Somebody else uses this name to sign in; choose another.")


def label_of(answer: dict[str, Any]) -> str:
    """What the owner calls the passkey."""
    label = answer.get("label")
    return (label.strip()[:60] if isinstance(label, str) else "") or DEFAULT_LABEL


def picture(codes: NewCodes) -> Markup:
    """The codes' secret as a picture for the app's camera, drawn in the page itself."""
    drawn = segno.make(codes.uri, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")
    return Markup(drawn)  # noqa: S704 - drawn by a library from an address that we made


async def _invite(request: web.Request) -> Document:
    await attempt(request, "invite")
    console = request.app[CONSOLE]
    progress = await whole(console.store)
    invite = await invitations.invite_of(console, request.match_info["secret"])
    if invite is None:
        await whole(console.store, since=progress.epoch)
        raise Problem(404, "no_such_invite", "This invitation was used, withdrawn or is too old.")
    return invite


def _form(request: web.Request, invite: Document, *, status: int = 200, **typed: str) -> web.Response:
    """The form, with what was typed in it and what was wrong with that."""
    codes = new_codes(request.app[CONSOLE], invite["invite"], invite["name"], typed.get("sealed", ""))
    wrong, login = typed.get("wrong", ""), typed.get("login", "")
    return page(
        request,
        "invite_password.html",
        status=status,
        invite=invite,
        wrong=wrong,
        login=login,
        codes=codes,
        picture=picture(codes),
    )


async def _come_in(
    request: web.Request, response: web.StreamResponse, member: MemberId, how: How, verdict: Verdict
) -> None:
    """Begin a session; whatever was signed in as this member before is so no longer."""
    if verdict.reason is None:
        raise Problem(503, "not_decided", "That is stored but not decided yet; sign in in a minute.")
    await request.app[CONSOLE].sessions.end_all(member)
    await enter(request, response, member, how)

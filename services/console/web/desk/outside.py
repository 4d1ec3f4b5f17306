"""`/post/…`: a post as somebody without an account sees it, who was given its link.

They see where and when, how many come, and the shift card; they sign up under a random tag, say that they are
there, or that they can't come. No name is asked for, no cookie is set, and nothing of the incident is shown.
Looking changes nothing, because chats fetch the links that are sent in them.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final, cast

from aiohttp import web

from services.console import outside
from services.console.account.attempts import attempt
from services.console.door import CONSOLE, check_origin, form_of
from services.console.outside import Act, Opened, opened_by
from services.console.web.desk.pictures import PICTURES
from services.console.web.desk.problems import words_of
from services.console.web.desk.render import page
from services.console.web.desk.words import DESK
from shared.contracts.aftercare import VOLUNTEER_TAG
from shared.errors import StateUnavailableError
from shared.http import Problem
from shared.words.shift_card import shift_card

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_MOST_JOIN: Final = 30
"""People who sign up by one post's link within five minutes; each look and each tag that is tried counts
for the address that it comes from (`attempt`), so that nobody who tries tags keeps others from their post."""
_MOST_OWN: Final = 20
"""Acts under one tag within five minutes."""
_LONGEST_ID: Final = 64


class _Ended(Exception):  # noqa: N818 - no error: the link opens a page that says so
    """The post of this link is kept no more."""

    def __init__(self, opened: Opened) -> None:
        super().__init__()
        self.opened = opened


def _as_page(handler: _Handler) -> _Handler:
    """The handler, whose refusals are pages that lead nowhere but back to the post."""

    @wraps(handler)
    async def wrapped(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except _Ended as ended:
            return _page(
                request, "outside_ended.html", status=410, opened=ended.opened, now=ended.opened.post.now
            )
        except StateUnavailableError as error:
            return _refused(request, Problem(503, "state_unavailable", str(error), retry_after_s=2))
        except Problem as problem:
            return _refused(request, problem)

    return wrapped


def _refused(request: web.Request, problem: Problem) -> web.Response:
    gone = problem.status == web.HTTPNotFound.status_code
    response = _page(
        request,
        "outside_refused.html",
        status=problem.status,
        text=words_of(request, problem),
        back="" if gone else _path(request),
    )
    if problem.retry_after_s is not None:
        response.headers["Retry-After"] = str(problem.retry_after_s)
    return response


@_as_page
async def get_post(request: web.Request) -> web.StreamResponse:
    """The post, and the way to sign up; `?tag=` leads whoever has signed up to their own page."""
    opened = await _opened(request)
    typed = request.query.get("tag", "").strip().upper()
    if typed:
        return _found_again(request, opened, typed)
    return _shown(request, opened)


@_as_page
async def get_own(request: web.Request) -> web.StreamResponse:
    """The post for whoever has this tag."""
    opened = await _opened(request)
    return _shown(request, opened, tag=_own_tag(request, opened))


@_as_page
async def post_join(request: web.Request) -> web.StreamResponse:
    """Sign up, under a new tag."""
    check_origin(request)
    opened = await _opened(request)
    await attempt(request, "post_join", opened.post.id, most=_MOST_JOIN)
    return await _done(request, opened, "join")


@_as_page
async def post_own(request: web.Request) -> web.StreamResponse:
    """Whoever has this tag is there, or can't come after all."""
    check_origin(request)
    opened = await _opened(request)
    tag = _own_tag(request, opened)
    await attempt(request, "post_act", f"{opened.post.id} {tag}", most=_MOST_OWN)
    return await _done(request, opened, cast("Act", request.match_info["act"]), tag)


async def _done(request: web.Request, opened: Opened, act: Act, tag: str = "") -> web.StreamResponse:
    """Do it, and go on to the page that shows it."""
    given = (await form_of(request)).get("id")
    sound = given if isinstance(given, str) and 0 < len(given) <= _LONGEST_ID and given.isalnum() else None
    tag, verdict = await outside.give(request.app[CONSOLE], opened, act, sound, tag)
    if verdict.reason is None:
        said = DESK.say(DESK.language_of(request), "outside_pending", tag=tag)
        raise Problem(503, "pending", said, retry_after_s=5)
    own = f"/{tag}" if act != "leave" else ""
    raise web.HTTPSeeOther(f"{_path(request)}{own}?done={act}")


def _own_tag(request: web.Request, opened: Opened) -> str:
    """The tag in the address. Raises a 409 problem if nobody on the post has it."""
    tag = request.match_info["tag"]
    if opened.post.keeper(tag) is None:
        raise Problem(409, "tag_not_on_it", "Nobody of this tag is on it.")
    return tag


def _found_again(request: web.Request, opened: Opened, typed: str) -> web.StreamResponse:
    if VOLUNTEER_TAG.fullmatch(typed) is None or opened.post.keeper(typed) is None:
        said = DESK.say(DESK.language_of(request), "refused_tag_not_on_it")
        return _shown(request, opened, problem=said, typed=typed[:10], status=409)
    raise web.HTTPSeeOther(f"{_path(request)}/{typed}")


async def _opened(request: web.Request) -> Opened:
    """What the link opens. Raises `_Ended` where it is kept no more."""
    await attempt(request, "post_look")
    info = request.match_info
    now = await request.app[PICTURES].now()
    opened = await opened_by(request.app[CONSOLE], info["code"], info["post"], info["key"], now)
    if opened.ended:
        raise _Ended(opened)
    return opened


def _shown(request: web.Request, opened: Opened, *, tag: str = "", **values: Any) -> web.Response:
    done = request.query.get("done", "")
    return _page(
        request,
        "outside.html",
        status=values.pop("status", 200),
        incident=opened.incident,
        post=opened.post,
        group=opened.group,
        me_here=opened.post.keeper(tag) if tag else None,
        card=shift_card(DESK.language_of(request)),
        path=_path(request),
        done=done if done in {"join", "leave", "check_in"} else None,
        problem=values.get("problem", ""),
        typed=values.get("typed", ""),
        now=opened.post.now,
    )


def _page(request: web.Request, template: str, *, status: int, **values: Any) -> web.Response:
    """A page whose address, which is a key, is told to nobody."""
    response = page(request, template, status=status, **values)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _path(request: web.Request) -> str:
    info = request.match_info
    return f"/post/{info['code']}/{info['post']}/{info['key']}"

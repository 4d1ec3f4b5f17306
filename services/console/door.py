"""What the handlers stand on, and who is asking: a member, by their token or by their browser's session.

Guarantees: whoever was revoked is nobody from then on, however they come; a request that came by
cookie and changes something is refused unless our own page made it, so no handler can forget to ask.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, ValidationError

from services.console.channels import Channels
from services.console.csrf import FIELD, HEADER, SAFE, csrf_token, from_elsewhere, is_token_of
from services.console.news import News
from services.console.sessions import Session, Sessions, token_in
from services.console.settings import ConsoleSettings
from services.console.stops import Stops
from services.console.store import Store
from services.console.tiles import Tiles
from shared.contracts.base import HUB, MemberId
from shared.gazetteer.live import LiveGazetteer
from shared.http import Problem
from shared.plain_errors import sentences
from shared.ports import Bus, Clock, Ephemeral, Progress
from shared.sealing import Keyring

R = TypeVar("R", bound=BaseModel)

MAX_BODY: Final = 900_000
"""Bytes of a request: a group with its whole area fits, and so does what NATS takes."""
_BEARER: Final = "bearer "
_LONGEST_PATH: Final = 500
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Console:
    """Everything that handlers need."""

    bus: Bus
    store: Store
    keyring: Keyring
    clock: Clock
    settings: ConsoleSettings
    news: News
    channels: Channels
    stopping: asyncio.Event
    brief: Ephemeral
    """Sessions, challenges and counted attempts."""
    places: LiveGazetteer
    """Names and points to places."""
    stops: Stops
    """Which kill switches are on."""
    tiles: Tiles | None = None
    """A map that the hub holds itself, if the operator has put one there."""

    @property
    def sessions(self) -> Sessions:
        """The browsers that are signed in."""
        return Sessions(self.brief, self.clock, self.settings)


CONSOLE: Final = web.AppKey("console", Console)


@dataclass(frozen=True, slots=True)
class Actor:
    """A member who is asking."""

    member: MemberId
    name: str
    roles: Mapping[str, str]
    epoch: str
    """Of the read model in which they were found."""
    session: Session | None = None
    """The browser that they came with; None: they came with their token."""

    @property
    def operates(self) -> bool:
        """Whether they run the hub."""
        return self.roles.get(HUB) == "operator"

    def runs(self, group: str) -> bool:
        """Whether they may run this group: its admins, and the hub's operators."""
        return self.operates or self.roles.get(group) == "admin"


ACTOR: Final = web.RequestKey("actor", Actor)
"""Where a request notes who asks, once that is known: a refusal shows them the way on, and not the door."""


class SignIn(web.HTTPSeeOther):
    """A page was asked for by nobody we know: to the door, and afterwards back to the page."""

    def __init__(self, request: web.Request) -> None:
        there = {"next": request.path_qs} if request.method in SAFE else {}
        super().__init__("/sign-in" + (f"?{urlencode(there)}" if there else ""))
        self.headers["Cache-Control"] = "no-store"


async def actor_of(request: web.Request) -> Actor:
    """The member who asks, by the token or the cookie that came along.

    Raises a 401 problem, a 403 one for a change that another site's page asked for, or a 503 one while
    nobody can be known.
    """
    header = request.headers.get("Authorization", "")
    token = header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else ""
    if token:
        request[ACTOR] = await _by_token(request.app[CONSOLE].store, token)
        return request[ACTOR]
    session = await session_of(request)
    if session is None:
        raise Problem(
            401, "token_missing", "Sign in, or send your member token: `Authorization: Bearer relay_…`."
        )
    if request.method not in SAFE:
        await check_csrf(request, await form_of(request))
    request[ACTOR] = await _by_session(request.app[CONSOLE].store, session)
    return request[ACTOR]


async def page_actor(request: web.Request) -> Actor:
    """The member who asks for a page; leads to the door (`SignIn`) whoever is not signed in."""
    try:
        return await actor_of(request)
    except Problem as problem:
        if problem.status == web.HTTPUnauthorized.status_code:
            raise SignIn(request) from None
        raise


async def session_of(request: web.Request) -> Session | None:
    """The session of the browser's cookie, if it still goes on."""
    console = request.app[CONSOLE]
    token = token_in(request, console.settings)
    return await console.sessions.find(token) if token else None


async def form_of(request: web.Request) -> Mapping[str, Any]:
    """The form's fields; none where no form was sent. Raises a 400 problem for one that is damaged."""
    if request.content_type not in _FORMS:
        return {}
    try:
        return await request.post()
    except (ValueError, LookupError, AssertionError, HttpProcessingError):
        raise Problem(400, "form_damaged", "The form arrived damaged; load the page again.") from None


def csrf_of(request: web.Request) -> str:
    """What a form on this page must carry in its hidden field `csrf`, and a script in `X-CSRF`."""
    token = token_in(request, request.app[CONSOLE].settings)
    return csrf_token(token) if token else ""


async def check_csrf(request: web.Request, form: Mapping[str, Any]) -> None:
    """Raise a 403 problem unless our own page made this request: `actor_of` has asked already."""
    token = token_in(request, request.app[CONSOLE].settings)
    given = request.headers.get(HEADER) or form.get(FIELD)
    if token is None or not isinstance(given, str) or not is_token_of(token, given):
        raise Problem(403, "form_outdated", "This form is outdated; load the page again and send it anew.")
    check_origin(request)


def check_origin(request: web.Request) -> None:
    """Raise a 403 problem if the browser says that another site made this request."""
    public = request.app[CONSOLE].settings.base_url
    if from_elsewhere(request.headers, {request.host, urlsplit(public).netloc}):
        raise Problem(403, "other_site", "Another site sent this; do it on our own page.")


def local_path(wanted: str) -> str | None:
    """The address to go on to, if it is one of ours: a path, and no other site in disguise."""
    sound = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    return wanted if sound and wanted.isprintable() and len(wanted) <= _LONGEST_PATH else None


async def _by_token(store: Store, token: str) -> Actor:
    progress = await whole(store)
    known = await store.one(f"member_token:{hashlib.sha256(token.encode()).hexdigest()}")
    if known is None:
        await whole(store, since=progress.epoch)
        raise Problem(
            401, "token_unknown", "This token opens nothing (any more); ask an admin for a new one."
        )
    return Actor(MemberId(known["member"]), known["name"], known["roles"], progress.epoch)


async def _by_session(store: Store, session: Session) -> Actor:
    """Looked up at each request: whoever was revoked is nobody from then on."""
    progress = await whole(store)
    known = await store.one(f"member:{session.member}")
    if known is None or known.get("revoked"):
        await whole(store, since=progress.epoch)
        raise Problem(401, "session_over", "You are signed out; sign in again.")
    return Actor(session.member, known["name"], known["roles"], progress.epoch, session)


async def whole(store: Store, *, since: str | None = None) -> Progress:
    """How far the read model is. Raises a 503 problem while it is rebuilt, or if it was since that epoch.

    So that nothing is said to be missing which is only not read again yet.
    """
    progress = await store.progress()
    if progress is None or not progress.ready or since not in {None, progress.epoch}:
        raise Problem(503, "rebuilding", "The desk is reading the log; try again.", retry_after_s=1)
    return progress


async def body_of(request: web.Request, model: type[R]) -> R:
    """The request's JSON as this model. Raises a problem that names each wrong field, never its value."""
    if request.content_type != "application/json":
        raise Problem(415, "not_json", "Send JSON, with Content-Type: application/json.")
    data = _json(await request.read())
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise Problem(422, "invalid", f"Correct this and send it again: {sentences(error)}.") from None


def _json(raw: bytes) -> str:
    """Sound JSON text: what Python cannot parse or print again is refused here."""
    try:
        data: Any = json.loads(raw)
        return json.dumps(data)
    except (ValueError, RecursionError):
        raise Problem(400, "not_json", "The body is not JSON; send an object.") from None

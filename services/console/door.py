"""What the handlers stand on, and who is asking: a member, by the token that only they know."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from services.console.channels import Channels
from services.console.news import News
from services.console.settings import ConsoleSettings
from services.console.store import Store
from shared.contracts.base import HUB, MemberId
from shared.http import Problem
from shared.ports import Bus, Clock, Progress
from shared.sealing import Keyring

R = TypeVar("R", bound=BaseModel)

MAX_BODY: Final = 900_000
"""Bytes of a request: a group with its whole area fits, and so does what NATS takes."""
_BEARER: Final = "bearer "


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


CONSOLE: Final = web.AppKey("console", Console)


@dataclass(frozen=True, slots=True)
class Actor:
    """A member who is asking."""

    member: MemberId
    name: str
    roles: Mapping[str, str]
    epoch: str
    """Of the read model in which they were found."""

    @property
    def operates(self) -> bool:
        """Whether they run the hub."""
        return self.roles.get(HUB) == "operator"

    def runs(self, group: str) -> bool:
        """Whether they may run this group: its admins, and the hub's operators."""
        return self.operates or self.roles.get(group) == "admin"


async def actor_of(request: web.Request) -> Actor:
    """The member whose token came along. Raises a 401 problem, or 503 while nobody can be known."""
    header = request.headers.get("Authorization", "")
    token = header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else ""
    if not token:
        raise Problem(401, "token_missing", "Send your member token: `Authorization: Bearer relay_…`.")
    store = request.app[CONSOLE].store
    progress = await whole(store)
    known = await store.one(f"member_token:{hashlib.sha256(token.encode()).hexdigest()}")
    if known is None:
        await whole(store, since=progress.epoch)
        raise Problem(
            401, "token_unknown", "This token opens nothing (any more); ask an admin for a new one."
        )
    return Actor(MemberId(known["member"]), known["name"], known["roles"], progress.epoch)


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
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}"
            for e in error.errors(include_input=False, include_url=False)[:5]
        )
        raise Problem(422, "invalid", f"Correct this and send it again: {wrong}.") from None


def _json(raw: bytes) -> str:
    """Sound JSON text: what Python cannot parse or print again is refused here."""
    try:
        data: Any = json.loads(raw)
        return json.dumps(data)
    except (ValueError, RecursionError):
        raise Problem(400, "not_json", "The body is not JSON; send an object.") from None

"""`/v1/account/chat`: a member's own chat accounts. A one-time code binds one; all are unbound at once.

The code is in one answer and nowhere else: the log holds its hash alone, sealed. It has forty bits, lives a
quarter of an hour, and nobody may try more than ten an hour.
"""

import hashlib
import secrets
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel

from services.console.door import CONSOLE, Actor, actor_of
from services.console.models import ChatAccount, ChatAccounts, ChatOffer, Decided
from services.console.submit import Verdict, command_id, stored_id, submit
from shared.contracts.base import HUB
from shared.contracts.desk import OfferAccount, UnbindAccounts
from shared.contracts.groups import AccountOffer

_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_HALF: Final = 4
_MINUTES: Final = 15
"""How long the router lets the code count."""


async def get_chat(request: web.Request) -> web.Response:
    """Which bridges' accounts may act for the member."""
    actor = await actor_of(request)
    known = await request.app[CONSOLE].store.one(f"chat:{actor.member}") or {}
    bridges = sorted((known.get("accounts") or {}).values())
    return _answer(ChatAccounts(accounts=[ChatAccount(bridge=bridge) for bridge in bridges]))


async def post_chat(request: web.Request) -> web.Response:
    """A new code, shown this once; an earlier one counts no more."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    code = new_code()
    offer = AccountOffer(code_sha256=hashlib.sha256(code.encode()).hexdigest())
    command = OfferAccount(**_base(request, actor), offer=offer)
    verdict = await submit(console, command, body=offer.code_sha256)
    answer = ChatOffer(outcome=_outcome(verdict), code=code, minutes=_MINUTES)
    return _answer(answer, status=201 if verdict.reason else 202)


async def delete_chat(request: web.Request) -> web.Response:
    """No chat account acts for the member any more."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    command = UnbindAccounts(**_base(request, actor))
    verdict = await submit(console, command, body="unbind")
    given = command.id.partition(".")[2]
    answer = Decided(command_id=given, outcome=_outcome(verdict), reason=verdict.reason)
    return _answer(answer, status=200 if verdict.reason else 202)


def new_code() -> str:
    """JOIN and two halves; each holds a digit, so that it is not taken for words."""
    return f"JOIN-{_half()}-{_half()}"


def _half() -> str:
    while True:
        half = "".join(secrets.choice(_LETTERS) for _ in range(_HALF))
        if any(char.isdigit() for char in half):
            return half


def _base(request: web.Request, actor: Actor) -> dict[str, Any]:
    return {
        "id": stored_id(actor.member, command_id(None)),
        "at": request.app[CONSOLE].clock.now(),
        "member": actor.member,
        "group": HUB,
    }


def _outcome(verdict: Verdict) -> Any:
    return "applied" if verdict.reason else "pending"


def _answer(model: BaseModel, *, status: int = 200) -> web.Response:
    return web.json_response(model.model_dump(mode="json"), status=status)

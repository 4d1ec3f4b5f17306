"""`/v1/dead`: messages that nobody could handle. Seen, tried again and let go by whoever runs the hub.

What such a message says is shown to nobody here: it may be any group's. Where it lies, why, and of which kind
it is suffices to mend the cause.
"""

from collections import Counter
from typing import Final

from aiohttp import web
from pydantic import BaseModel

from services.console.dead_models import DeadLetter, DeadList, DeadRequest, DeadRetried, DeadRetryAll
from services.console.decide.dead import INDEX
from services.console.decide.dead_views import advice_of, letter
from services.console.decide.draft import Document
from services.console.door import CONSOLE, Actor, Console, actor_of, body_of
from services.console.models import Decided
from services.console.submit import Verdict, command_id, stored_id, submit
from services.console.who_may import role_problem
from shared.contracts.base import HUB
from shared.contracts.dead import DeadWhy, DiscardDead, RetryDead
from shared.errors import BusError
from shared.http import Problem

About = type[RetryDead] | type[DiscardDead]
"""What may be done about a letter."""
MOST: Final = 200
"""Letters in one answer, and tried again by one request."""
_UNREADABLE_TO_US: Final = frozenset({"SUBSCRIBERS"})
"""Streams that this service may not read."""


async def get_dead(request: web.Request) -> web.Response:
    """The letters that wait."""
    await operator_of(request, await actor_of(request))
    return _answer(await waiting(request.app[CONSOLE]))


async def get_letter(request: web.Request) -> web.Response:
    """One letter, also one that is closed."""
    await operator_of(request, await actor_of(request))
    return _answer(await letter_of(request.app[CONSOLE], request.match_info["letter"]))


async def post_retry(request: web.Request) -> web.Response:
    """Have it handled again."""
    return await _post(request, RetryDead)


async def post_discard(request: web.Request) -> web.Response:
    """Let it go."""
    return await _post(request, DiscardDead)


async def post_retry_all(request: web.Request) -> web.Response:
    """Have all handled again that can be."""
    actor = await operator_of(request, await actor_of(request))
    asked = await body_of(request, DeadRetryAll)
    return _answer(await retry_all(request.app[CONSOLE], actor, asked))


async def operator_of(request: web.Request, actor: Actor) -> Actor:
    """The same, if they run the hub. Raises a 403 problem."""
    if not actor.operates:
        detail = "Only operators of the hub see what could not be handled."
        raise await role_problem(request.app[CONSOLE], actor.roles, RetryDead, detail=detail)
    return actor


async def waiting(console: Console) -> DeadList:
    """The letters that wait, as far as an answer holds."""
    names = await console.store.state.names(INDEX)
    found = await console.store.many("dead", names[:MOST])
    return DeadList(letters=[letter(document) for document in found], total=len(names))


async def letter_of(console: Console, name: str) -> DeadLetter:
    """One letter, with what its origin tells of it. Raises a 404 problem."""
    shown = letter(await _document(console, name))
    if shown.stream in _UNREADABLE_TO_US:
        return shown
    try:
        entry = await console.bus.get(shown.stream, shown.seq)
    except BusError:
        return shown
    return shown.model_copy(
        update={"kind": entry.headers.get("ce-type") if entry else None, "there": entry is not None}
    )


async def decide(
    console: Console, actor: Actor, name: str, command: About, asked: DeadRequest
) -> tuple[str, Verdict]:
    """Give the command about a letter; its id and what was decided. Raises a problem if it is refused."""
    document = await _document(console, name)
    if command is DiscardDead and not asked.why:
        raise Problem(422, "why_needed", "Say in a few words why it may be let go; that is kept.")
    return await _submitted(console, actor, document, command, asked)


async def retry_all(console: Console, actor: Actor, all_: DeadRetryAll) -> DeadRetried:
    """Try again one after the other, until the router does not answer or it was enough."""
    names = await console.store.state.names(INDEX)
    documents = await console.store.many("dead", names)
    wanted = [d for d in documents if advice_of(d) == "retry" and all_.reason in {None, *d["reasons"]}]
    retried, refused, asked = 0, Counter[str](), DeadRequest(why=all_.why)
    for document in wanted[:MOST]:
        try:
            _, verdict = await _submitted(console, actor, document, RetryDead, asked)
        except Problem as problem:
            refused[problem.code] += 1
            continue
        if verdict.reason is None:
            break
        retried += 1
    return DeadRetried(retried=retried, refused=refused, left=len(wanted) - retried - refused.total())


async def _submitted(
    console: Console, actor: Actor, document: Document, command: About, asked: DeadRequest
) -> tuple[str, Verdict]:
    given = command(
        id=stored_id(actor.member, command_id(asked.id)),
        at=console.clock.now(),
        member=actor.member,
        group=HUB,
        service=document["service"],
        stream=document["stream"],
        seq=document["seq"],
        why=DeadWhy(text=asked.why),
    )
    verdict = await submit(console, given, body=f"{given.letter}\n{asked.why}")
    return given.id.partition(".")[2], verdict


async def _document(console: Console, name: str) -> Document:
    document = await console.store.one(f"dead:{name}")
    if document is None or "reasons" not in document:
        raise Problem(404, "no_such_letter", "There is no such dead letter; look at the list again.")
    return document


async def _post(request: web.Request, command: About) -> web.Response:
    console = request.app[CONSOLE]
    actor = await operator_of(request, await actor_of(request))
    asked = await body_of(request, DeadRequest)
    name = request.match_info["letter"]
    given, verdict = await decide(console, actor, name, command, asked)
    outcome = "applied" if verdict.reason else "pending"
    answer = Decided.model_validate({"command_id": given, "outcome": outcome, "reason": verdict.reason})
    return _answer(answer, status=200 if verdict.reason else 202)


def _answer(model: BaseModel, *, status: int = 200) -> web.Response:
    return web.json_response(model.model_dump(mode="json"), status=status)

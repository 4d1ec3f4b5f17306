"""Runs the bridges that their sources call: `/bridges/{id}` each, isolated from one another.

The provider is answered only after its reports are stored. An exception in a bridge is caught,
counted under the bridge's name, and becomes a problem document; the others never notice.
Bridges that read their source themselves are run by `services.ingest.readers`.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from services.ingest.bridge_intake import place_of
from services.ingest.called import Called
from services.ingest.door import DOOR, MAX_BODY, Door, public_url, read_body, read_large
from services.ingest.receipts import Receipts
from services.ingest.taking_part import TakingPart, accept_all
from shared.http import Problem
from shared.plugins.spec import (
    Asked,
    Bridge,
    Ignored,
    IncomingReport,
    Receipt,
    Refused,
    TakesPart,
    WebhookRequest,
    WebhookResponse,
)
from shared.words.chat_talk import GROUP_TALK

log = structlog.get_logger()

BRIDGES: Final = web.AppKey("bridges", dict[str, Bridge])
PART: Final = web.AppKey("part", TakingPart)
"""Runs the bridges that take part at their source, if there are any."""
CALLED: Final = web.AppKey("called", Called)
"""How the bridges stand that their sources call."""
RECEIPTS: Final = web.AppKey("receipts", dict[str, Receipts])
"""Sends the receipts of the bridges that do so by messages of their own."""


async def post_bridge(request: web.Request) -> web.Response:
    """One call of a provider."""
    door, instance = request.app[DOOR], request.match_info["bridge_id"]
    door.charge_total()
    bridge = request.app[BRIDGES].get(instance)
    if bridge is None or _is_away(request, bridge):
        raise _no_such(door, request)
    if (part := request.app.get(PART)) is not None and part.get(instance) is not None:
        return await _post_to_part(request, part, bridge)
    body = await read_large(request, bridge.spec.max_body or MAX_BODY)
    parsed = _parse(request, door, instance, bridge, _webhook(request, body))
    if isinstance(parsed, Ignored):
        return _response(parsed.answer or _answer(door, instance, bridge, ()))
    reports = await door.joining.whole(instance, parsed)
    receipts = await accept_all(door, instance, bridge, reports)
    if (sending := request.app[RECEIPTS].get(instance)) is not None:
        for receipt in receipts:
            sending.send(receipt)
    return _response(_answer(door, instance, bridge, receipts))


async def get_bridge(request: web.Request) -> web.Response:
    """A provider's question whether this address is ours."""
    door, instance = request.app[DOOR], request.match_info["bridge_id"]
    door.charge_total()
    bridge = request.app[BRIDGES].get(instance)
    if not isinstance(bridge, Asked):
        raise _no_such(door, request)
    try:
        answered = bridge.handshake(_webhook(request, b""))
    except Exception as error:  # noqa: BLE001 - whatever a plug-in raises stays with it
        request.app[CALLED].was(instance, error)
        raise _failed(door, instance, error) from None
    request.app[CALLED].was(instance, answered if isinstance(answered, Refused) else None)
    if isinstance(answered, Refused):
        problem = _refused(door, instance, answered)
        door.charge_address(request)
        raise problem
    door.counts[f"bridge.{instance}.ignored.{answered.reason}"] += 1
    return web.Response(text=answered.text)


def _no_such(door: Door, request: web.Request) -> Problem:
    door.charge_address(request)
    return Problem(404, "no_such_bridge", "No bridge has this address; check the id in the webhook's URL.")


def _is_away(request: web.Request, bridge: Bridge) -> bool:
    """Whether the path, or the method, is one that only bridges have which take part."""
    below = "rest" in request.match_info or request.method != "POST"
    return below and not isinstance(bridge, TakesPart)


async def _post_to_part(request: web.Request, part: TakingPart, bridge: Bridge) -> web.Response:
    """One call of a source at which an account of ours takes part."""
    door, instance = request.app[DOOR], request.match_info["bridge_id"]
    taking = part.get(instance)
    trusted = taking is not None and taking.trusts(_headers(request))
    most = taking.max_body if taking is not None and trusted else MAX_BODY
    webhook = _webhook(request, await read_body(request, most))
    refused = await part.learn(instance, webhook) if trusted else None
    if refused is not None:
        raise _refused(door, instance, refused)
    parsed = _parse(request, door, instance, bridge, webhook)
    reports = () if isinstance(parsed, Ignored) else parsed
    receipts = await accept_all(door, instance, bridge, reports)
    if trusted:
        await part.follow_up(instance, webhook, receipts)
    return _response(_answer(door, instance, bridge, receipts))


def _webhook(request: web.Request, body: bytes) -> WebhookRequest:
    return WebhookRequest(
        method=request.method,
        url=public_url(request) + request.raw_path,
        headers=_headers(request),
        body=body,
        now=request.app[DOOR].now(),
    )


def _headers(request: web.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _refused(door: Door, instance: str, refused: Refused) -> Problem:
    door.counts[f"bridge.{instance}.refused.{refused.code}"] += 1
    return Problem(refused.status, refused.code, refused.detail)


def _parse(
    request: web.Request, door: Door, instance: str, bridge: Bridge, webhook: WebhookRequest
) -> Sequence[IncomingReport] | Ignored:
    """The reports in the request, or why there are none. Raises `Problem` for a refusal."""
    try:
        parsed = bridge.parse(webhook)
    except Exception as error:  # noqa: BLE001 - whatever a plug-in raises stays with it
        request.app[CALLED].was(instance, error)
        raise _failed(door, instance, error) from None
    request.app[CALLED].was(instance, parsed if isinstance(parsed, Refused) else None)
    if isinstance(parsed, Refused):
        # Only refused calls count against the address: a provider's own may bring a whole town's reports.
        problem = _refused(door, instance, parsed)
        door.charge_address(request)
        raise problem
    if isinstance(parsed, Ignored):
        door.counts[f"bridge.{instance}.ignored.{parsed.reason}"] += 1
        if parsed.reason != GROUP_TALK:  # when people talk among themselves is nobody's business
            log.info("webhook_ignored", bridge=instance, reason=parsed.reason)
    return parsed


def _failed(door: Door, instance: str, error: Exception) -> Problem:
    door.counts[f"bridge.{instance}.failed"] += 1
    # The exception's own words may hold what the reporter wrote; its type does not.
    log.error("bridge_failed", bridge=instance, error=type(error).__name__, at=place_of(error))
    return Problem(
        500, "bridge_failed", f"The bridge {instance} failed on this request; the operator is told."
    )


def _answer(door: Door, instance: str, bridge: Bridge, receipts: Sequence[Receipt]) -> WebhookResponse:
    try:
        return bridge.answer(receipts)
    except Exception as error:  # noqa: BLE001 - the reports are stored; saying otherwise would be wrong
        _failed(door, instance, error)
        return WebhookResponse(status=HTTPStatus.OK)


def _response(answer: WebhookResponse) -> web.Response:
    return web.Response(status=answer.status, content_type=answer.content_type, text=answer.body)

"""Runs the bridges that their sources call: one `POST /bridges/{id}` each, isolated from one another.

The provider is answered only after its reports are stored. An exception in a bridge is caught,
counted under the bridge's name, and becomes a problem document; the others never notice.
Bridges that read their source themselves are run by `services.ingest.readers`.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from services.ingest.bridge_intake import accept, place_of
from services.ingest.door import DOOR, Door, public_url, read_body
from shared.http import Problem
from shared.plugins.spec import (
    Bridge,
    Ignored,
    IncomingReport,
    Receipt,
    Refused,
    WebhookRequest,
    WebhookResponse,
)

log = structlog.get_logger()

BRIDGES: Final = web.AppKey("bridges", dict[str, Bridge])


async def post_bridge(request: web.Request) -> web.Response:
    """One call of a provider."""
    door = request.app[DOOR]
    door.charge_total()
    instance = request.match_info["bridge_id"]
    bridge = request.app[BRIDGES].get(instance)
    if bridge is None:
        door.charge_address(request)
        raise Problem(404, "no_such_bridge", "No bridge has this address; check the id in the webhook's URL.")
    reports = _parse(request, door, instance, bridge, await read_body(request))
    if not reports:
        return _response(_answer(door, instance, bridge, ()))
    senders = bridge.spec.senders
    receipts = [(await accept(door, instance, report, senders)).receipt for report in reports]
    return _response(_answer(door, instance, bridge, [receipt for receipt in receipts if receipt]))


def _parse(
    request: web.Request, door: Door, instance: str, bridge: Bridge, body: bytes
) -> Sequence[IncomingReport]:
    """The reports in the request; none where it was ignored. Raises `Problem` for a refusal."""
    webhook = WebhookRequest(
        method=request.method,
        url=public_url(request) + request.raw_path,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        now=door.now(),
    )
    try:
        parsed = bridge.parse(webhook)
    except Exception as error:  # noqa: BLE001 - whatever a plug-in raises stays with it
        raise _failed(door, instance, error) from None
    if isinstance(parsed, Refused):
        door.counts[f"bridge.{instance}.refused.{parsed.code}"] += 1
        # Only refused calls count against the address: a provider's own may bring a whole town's reports.
        door.charge_address(request)
        raise Problem(parsed.status, parsed.code, parsed.detail)
    if isinstance(parsed, Ignored):
        door.counts[f"bridge.{instance}.ignored.{parsed.reason}"] += 1
        log.info("webhook_ignored", bridge=instance, reason=parsed.reason)
        return ()
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

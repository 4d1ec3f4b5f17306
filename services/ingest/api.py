"""`POST /v1/reports` and `GET /v1/reports/{id}`: the front door for programs.

202 means stored for good. Everything else is a problem document that says what to do.
"""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from services.ingest.decide.languages import choose_language
from services.ingest.decide.tidy import tidy_json
from services.ingest.door import DOOR, bearer, client_key, invalid, public_url, read_body, signing_client
from services.ingest.keys import ClientKey, Right
from services.ingest.models import NewReport, ReportAccepted, ReportStatus
from services.ingest.submission import Submission, opens, receipt_secret, ref_of
from services.ingest.web.form import status_page
from shared.contracts.base import BridgeId, ReportId
from shared.contracts.reports import chat_of
from shared.http import Problem, wants_html
from shared.plugins.spec import IncomingReport

BACK: Final = timedelta(days=14)
AHEAD: Final = timedelta(hours=24)
_RIGHTS: Final[Mapping[str, tuple[Right, ...]]] = {
    "received_at": ("set_received_at",),
    "sender": ("name_senders", "set_received_at"),
    "source": ("name_senders", "set_received_at"),
    "drill": ("drill",),
}
"""What more a report may say, and one of which rights its key needs for that."""
_MAX_KEY: Final = 128


async def post_report(request: web.Request) -> web.Response:
    """Accept one report."""
    door = request.app[DOOR]
    door.charge_total()
    signing = await signing_client(request)
    key = signing[0] if signing else client_key(request)
    door.charge_client(request, key)
    report = _parse(await _json_object(request))
    _check_rights(report, key, door.now())
    name = signing[1].id if signing else _idempotency_key(request)
    accepted = await door.accept(_submission(report, key, name))
    status_url = f"{public_url(request)}/v1/reports/{accepted.report_id}"
    language = choose_language(
        report.language, request.headers.get("Accept-Language", ""), door.words.languages
    )
    answer = ReportAccepted(
        report_id=accepted.report_id,
        status_url=status_url,
        receipt_secret=receipt_secret(door.intake.master, accepted.report_id),
        receipt=("DRILL " if report.drill else "")
        + door.words.say(language, "receipt_short", ref=ref_of(accepted.report_id)),
        duplicate=accepted.duplicate,
    )
    return web.Response(
        text=answer.model_dump_json(),
        status=202,
        content_type="application/json",
        headers={"Location": status_url},
    )


async def get_report(request: web.Request) -> web.Response:
    """What became of a report, for whoever holds its receipt's secret."""
    door = request.app[DOOR]
    door.charge(request)
    report_id = ReportId(request.match_info["report_id"])
    secret = bearer(request) or request.query.get("secret", "")
    known = opens(door.intake.master, report_id, secret)
    if wants_html(request):
        return await status_page(request, report_id if known else None)
    if not known:
        raise Problem(
            404, "no_such_report", "There is no such report, or the secret is not its receipt's. Check both."
        )
    state = await door.state_of(report_id)
    language = choose_language(None, request.headers.get("Accept-Language", ""), door.words.languages)
    text = door.words.say(language, f"state_{state}")
    return web.json_response(
        ReportStatus.model_validate({"report_id": report_id, "state": state, "text": text}).model_dump()
    )


async def _json_object(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise Problem(415, "not_json", "Send the report as JSON, with Content-Type: application/json.")
    body = await read_body(request)
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise Problem(400, "not_json", "The body is not JSON; send an object with a text.") from None
    if not isinstance(data, dict):
        raise Problem(400, "not_json", "The body is JSON but no object; send an object with a text.")
    return data


def _parse(data: dict[str, Any]) -> NewReport:
    try:
        # Only the fields we know are tidied: what else was sent is never looked at.
        known = {name: tidy_json(data[name]) for name in NewReport.model_fields if name in data}
        return NewReport.model_validate(known)
    except ValidationError as error:
        raise invalid(error) from None
    except RecursionError:
        raise Problem(422, "invalid_report", "The report is nested too deep; send plain fields.") from None


def _submission(report: NewReport, key: ClientKey | None, name: str) -> Submission:
    return Submission(
        bridge=BridgeId(key.bridge if key else "api"),
        client=f"key:{key.name}" if key else "anonymous",
        received_at=report.received_at,
        drill=bool(report.drill),
        trusted=key is not None and "trusted" in key.rights,
        report=IncomingReport(
            source_id=name,
            **report.model_dump(exclude={"received_at", "drill"}),
            chat=chat_of(report.source),
        ),
    )


def _idempotency_key(request: web.Request) -> str:
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return secrets.token_hex(16)
    if not (0 < len(given) <= _MAX_KEY and given.isascii() and given.isprintable()):
        raise Problem(
            400,
            "bad_idempotency_key",
            "An Idempotency-Key is 1 to 128 printable ASCII characters; use a UUID.",
        )
    return given


def _check_rights(report: NewReport, key: ClientKey | None, now: datetime) -> None:
    rights = key.rights if key else frozenset()
    for name, needed in _RIGHTS.items():
        if getattr(report, name) not in (None, False) and rights.isdisjoint(needed):
            raise Problem(
                403, "right_missing", f"{name}: only a key with the right {needed[0]} may send that."
            )
    if report.received_at is not None and not now - BACK <= report.received_at <= now + AHEAD:
        raise Problem(
            422,
            "received_at_out_of_range",
            "received_at may lie from 14 days ago to 24 hours ahead; correct it.",
        )

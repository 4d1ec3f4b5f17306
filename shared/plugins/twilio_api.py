"""Twilio, as bridge and channel know it: one call that sends, its error codes, and its signature."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

import aiohttp
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from shared.plugins.http_outcomes import as_known, from_error, from_status, post, read_answer, words_in
from shared.plugins.sms import BAD_NUMBER, HAS_LEFT
from shared.plugins.spec import (
    BadCredentials,
    Delivered,
    Outcome,
    Rejected,
    RetryLater,
    WebhookRequest,
)

if TYPE_CHECKING:
    from aiohttp import ClientSession

_MAX_FIELDS: Final = 200
_CODES: Final[Mapping[int, Outcome]] = {
    20003: BadCredentials(),
    20005: BadCredentials(),  # the account is not active
    21211: BAD_NUMBER,
    21212: Rejected("bad_sender"),
    21408: Rejected("country_not_enabled"),
    21606: Rejected("bad_sender"),
    21608: Rejected("not_on_trial_list"),
    21610: HAS_LEFT,
    21611: RetryLater("queue_full"),
    21612: Rejected("cannot_be_reached"),
    21614: Rejected("no_mobile_number"),
    21617: Rejected("too_long"),
    30022: RetryLater("rate_limited"),
    63038: RetryLater("daily_limit"),
}
"""Twilio's own reasons, as far as something follows from them for us; else the HTTP status decides."""
FAILED: Final[Mapping[str, str]] = {
    "21610": "has_left",
    "30003": "unreachable_phone",
    "30004": "blocked",
    "30005": "unknown_number",
    "30006": "landline",
    "30007": "filtered",
}
"""Why a message that Twilio had taken did not arrive."""


async def send_message(
    http: "ClientSession", base: str, login: tuple[str, str], form: Mapping[str, str]
) -> Outcome:
    """Send once by the Messages API, which has no idempotency key. `login`: the account's SID and token."""
    headers = {"Authorization": aiohttp.encode_basic_auth(*login)}
    url = f"{base}/2010-04-01/Accounts/{login[0]}/Messages.json"
    return await post(http, url, _outcome, data=form, headers=headers)


async def account_state(http: "ClientSession", base: str, login: tuple[str, str]) -> Outcome:
    """Whether Twilio knows the account by this token."""
    headers = {"Authorization": aiohttp.encode_basic_auth(*login)}
    url = f"{base}/2010-04-01/Accounts/{login[0]}.json"
    try:
        async with http.get(url, headers=headers, allow_redirects=False) as response:
            return _outcome(response.status, response.headers, await read_answer(response))
    except (aiohttp.ClientError, OSError) as error:
        return from_error(error)


def _outcome(status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
    said = _said(answer)
    outcome = from_status(status, headers, answer)
    if isinstance(outcome, Delivered):
        sid = said.get("sid")
        return Delivered(sid if isinstance(sid, str) else None)
    code = said.get("code")
    known = _CODES.get(code) if isinstance(code, int) else None
    return as_known(known, outcome, words_in(answer)) if known is not None else outcome


def _said(answer: bytes) -> dict[str, Any]:
    try:
        data: Any = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def form_fields(body: bytes) -> dict[str, str] | None:
    """A form's fields; None for what is none."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        return None


def signed(
    validator: RequestValidator, request: WebhookRequest, fields: Mapping[str, str], *, is_json: bool = False
) -> bool:
    """Whether Twilio signed it, over the full public URL and what was sent."""
    signature = request.headers.get("x-twilio-signature", "")
    try:
        if not is_json:
            return bool(validator.validate(request.url, dict(fields), signature))
        # Without its hash in the signed URL a JSON body would be signed by nobody.
        hashed = "bodySHA256" in parse_qs(urlsplit(request.url).query)
        return hashed and bool(validator.validate(request.url, request.body.decode(), signature))
    except ValueError:  # a URL whose port is no number, a body that is no UTF-8
        return False

"""WhatsApp's Cloud API: what its answers, codes and webhooks mean, for channel and bridge alike.

WhatsApp's own id of a message has the phone number in it, so the ledger never gets it: a message is known by
a name of ours (`biz_opaque_callback_data`), which comes back with each status.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from shared.plugins.http_outcomes import as_known, from_status, words_in
from shared.plugins.sms import BAD_NUMBER, HAS_LEFT, is_number
from shared.plugins.spec import (
    Answered,
    BadCredentials,
    Delivered,
    DeliveryReceipt,
    Outcome,
    Refused,
    Rejected,
    RetryLater,
    Unknown,
    WebhookRequest,
)
from shared.plugins.untrusted import object_in

API: Final = "https://graph.facebook.com/v24.0"
BAD_SIGNATURE: Final = Refused(
    403, "bad_signature", "The signature does not fit the body; check app_secret: it is the Meta app's."
)
_BAD_TOKEN: Final = Refused(
    403, "bad_verify_token", "Enter in the Meta app the very verify token that verify_token refers to."
)
_HIDDEN: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_MOST_CHALLENGE: Final = 200
_ARRIVED: Final = ("delivered", "read")
_CODES: Final[Mapping[int, Outcome]] = {
    0: BadCredentials(),
    3: BadCredentials(),
    10: BadCredentials(),
    190: BadCredentials(),
    368: BadCredentials(),  # the account is barred for what it sent
    131005: BadCredentials(),
    131031: BadCredentials(),  # the account is locked
    4: RetryLater("rate_limited"),
    80007: RetryLater("rate_limited"),
    130429: RetryLater("rate_limited"),
    131056: RetryLater("rate_limited"),  # too much to this one number
    131048: RetryLater("taken_for_spam"),
    131042: RetryLater("no_credit"),
    131016: RetryLater("unavailable"),
    131057: RetryLater("unavailable"),
    131021: BAD_NUMBER,  # the sender's own
    131026: Rejected("not_on_whatsapp"),
    131030: Rejected("not_on_trial_list"),
    131037: Rejected("bad_sender"),
    131045: Rejected("bad_sender"),
    133010: Rejected("bad_sender"),
    131047: Rejected("template_needed"),
    130472: Rejected("held_back_by_meta"),
    131049: Rejected("held_back_by_meta"),
    131050: HAS_LEFT,
    130497: Rejected("country_not_enabled"),
    132000: Rejected("template_differs"),
    132012: Rejected("template_differs"),
    132001: Rejected("no_such_template"),
    132005: Rejected("too_long"),
    132007: Rejected("template_refused"),
    132015: Rejected("template_paused"),
    132016: Rejected("template_refused"),
}
"""Meta's own reasons, as far as something follows from them for us; else the HTTP status decides."""
_PERMISSIONS: Final = range(200, 300)


def outcome_of(name: str, status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
    """What Meta's answer to our message means; `name` is our own for it."""
    outcome, said = from_status(status, headers, answer), _object(answer) or {}
    if isinstance(outcome, Delivered):
        return Delivered(name) if said.get("messages") else Unknown("not_understood")
    error = said.get("error")
    known = _meaning(error.get("code")) if isinstance(error, dict) else None
    return as_known(known, outcome, words_in(answer)) if known is not None else outcome


def _meaning(code: object) -> Outcome | None:
    if type(code) is not int:
        return None
    return BadCredentials() if code in _PERMISSIONS else _CODES.get(code)


def signed(app_secret: bytes, request: WebhookRequest) -> bool:
    """Whether Meta signed the very bytes, with the app's secret; without a secret nothing is."""
    given = request.headers.get("x-hub-signature-256", "").encode("utf-8", "replace")
    expected = hmac.new(app_secret, request.body, hashlib.sha256).hexdigest()
    return bool(app_secret) and hmac.compare_digest(f"sha256={expected}".encode(), given)


def handshake(verify_token: str, request: WebhookRequest) -> Answered | Refused:
    """Meta's question whether an address is ours carries the verify token, and wants its challenge back."""
    try:
        query = parse_qs(urlsplit(request.url).query, max_num_fields=10)
    except ValueError:
        return _BAD_TOKEN
    token = query.get("hub.verify_token", [""])[0].encode("utf-8", "replace")
    challenge = query.get("hub.challenge", [""])[0]
    known = verify_token and hmac.compare_digest(token, verify_token.encode())
    fine = challenge.isascii() and challenge.isalnum() and len(challenge) <= _MOST_CHALLENGE
    return Answered(challenge) if known and fine else _BAD_TOKEN


def messages_in(body: bytes) -> list[tuple[str, Mapping[str, Any]]] | None:
    """What people wrote, each with the id of the number that they wrote to; None as `receipts_in`."""
    told = _object(body)
    if told is None or "entry" not in told:
        return None
    found = [(object_in(value, "metadata"), _objects(value.get("messages"))) for value in _values(told)]
    return [(str(to.get("phone_number_id")), message) for to, messages in found for message in messages]


def recipient(address: str) -> dict[str, str] | None:
    """How Meta is told to whom: a number, or its own id of whoever hides theirs; None for neither."""
    if is_number(address):
        return {"to": address.removeprefix("+")}
    return {"recipient": address} if _HIDDEN.fullmatch(address) else None


def receipts_in(body: bytes) -> list[DeliveryReceipt] | None:
    """What a webhook says for good of messages that we sent; None for what is no webhook of Meta's."""
    told = _object(body)
    if told is None or "entry" not in told:
        return None
    statuses = [status for value in _values(told) for status in _objects(value.get("statuses"))]
    return [receipt for status in statuses if (receipt := _receipt(status))]


def _values(told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every piece of news in a webhook: of messages that people wrote, of messages of ours."""
    for entry in _objects(told.get("entry")):
        for change in _objects(entry.get("changes")):
            yield object_in(change, "value")


def _receipt(status: Mapping[str, Any]) -> DeliveryReceipt | None:
    """What one status says for good; nothing for what is only sent, or was not sent by us."""
    name, what = status.get("biz_opaque_callback_data"), status.get("status")
    if not isinstance(name, str) or not name:
        return None
    if what in _ARRIVED:
        return DeliveryReceipt(name, "delivered")
    return DeliveryReceipt(name, "failed", _why(status)) if what == "failed" else None


def _why(status: Mapping[str, Any]) -> str:
    code = next((error.get("code") for error in _objects(status.get("errors"))), None)
    match _meaning(code):
        case RetryLater(reason) | Rejected(reason) | BadCredentials(reason):
            return reason
    return f"whatsapp_{code}" if type(code) is int else "failed"


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _objects(found: object) -> list[Mapping[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

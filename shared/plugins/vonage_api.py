"""Vonage's SMS API, as bridge and channel know it: one call that sends, what it answers, and its signature.

Vonage answers 200 whatever happened and says in the body, for each part, what did.
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from vonage_http_client.auth import Auth  # type: ignore[import-untyped]

from shared.plugins.http_outcomes import from_status, post
from shared.plugins.spec import (
    BadCredentials,
    Delivered,
    Outcome,
    Refused,
    Rejected,
    RetryLater,
    Unknown,
    WebhookRequest,
)
from shared.words.sms import is_plain

if TYPE_CHECKING:
    from aiohttp import ClientSession

_MAX_FIELDS: Final = 50
_PERSON: Final = frozenset({"4", "8", "11", "14", "32"})
"""Wrong key or secret, account barred, no HTTP, wrong signature, secret not allowed: somebody must act."""
_LATER: Final[Mapping[str, str]] = {
    "1": "throttled",
    "5": "vonage_5",
    "9": "no_credit",
    "10": "too_many_binds",
}
_NEVER: Final[Mapping[str, str]] = {"7": "barred", "12": "too_long", "15": "bad_sender",
                                    "29": "not_on_trial_list", "33": "number_gone"}  # fmt: skip
BAD_SIGNATURE: Final = Refused(
    403,
    "bad_signature",
    "The signature does not fit; check signature_secret, and that the account signs with SHA-256 HMAC.",
)


async def send_message(  # noqa: PLR0913 - what one message takes
    http: "ClientSession",
    base: str,
    login: tuple[str, str],
    number: str,
    text: str,
    *,
    sender: str,
    name: str,
    lives_s: int,
    receipts_url: str = "",
) -> Outcome:
    """Queue it for one number, in the alphabet that it needs. `login`: the API's key and secret."""
    form = {
        "api_key": login[0],
        "api_secret": login[1],
        "from": sender.removeprefix("+"),
        "to": number.removeprefix("+"),
        "text": text,
        "type": "text" if is_plain(text) else "unicode",
        "ttl": str(lives_s * 1000),
        "client-ref": name,
        **({"status-report-req": "1", "callback": receipts_url} if receipts_url else {}),
    }
    return await post(http, f"{base}/sms/json", partial(_outcome, name), data=form)


def signer(secret: str) -> Auth:
    """What checks the signatures of an account that signs by SHA-256 HMAC with this secret."""
    # It wants a key beside the secret, and signs without it.
    return Auth(api_key="none", signature_secret=secret, signature_method="sha256")


def signed(auth: Auth, said: Mapping[str, str]) -> bool:
    """By the vendor's own check; it would put in the time where that is missing, which nobody signed."""
    if not (said.get("sig", "").isascii() and said.get("timestamp")):
        return False
    try:
        return bool(auth.check_signature(dict(said)))
    except UnicodeEncodeError:  # half of a surrogate pair, out of JSON: nobody signed that
        return False


def fields_of(request: WebhookRequest) -> dict[str, str] | None:
    """What a call says, by GET, as a form, or as JSON: the account's settings decide. None for no such."""
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            data: Any = json.loads(request.body)
            return {str(k): _said(v) for k, v in data.items()} if isinstance(data, dict) else None
        text = urlsplit(request.url).query if request.method == "GET" else request.body.decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except (ValueError, RecursionError):
        return None


def _said(value: object) -> str:
    """A JSON value as Vonage signs it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _outcome(name: str, status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
    outcome = from_status(status, headers, answer)
    if not isinstance(outcome, Delivered):
        return outcome
    parts = _parts(answer)
    codes = [str(part.get("status")) for part in parts]
    if codes and set(codes) == {"0"}:
        return Delivered(name)
    if not codes or "0" in codes:
        return Unknown("partly_taken" if codes else "not_understood")
    words = parts[0].get("error-text")
    return _refused(codes[0], words if isinstance(words, str) else None)


def _parts(answer: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(answer)["messages"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def _refused(code: str, words: str | None) -> Outcome:
    if code in _PERSON:
        return BadCredentials(words=words)
    if code in _LATER:
        return RetryLater(_LATER[code], words=words)
    return Rejected(_NEVER.get(code, f"vonage_{code}"), words=words)

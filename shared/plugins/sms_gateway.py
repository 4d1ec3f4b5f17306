"""The app SMS Gateway for Android, as bridge and channel know it: one call that sends, and its signature."""

import hashlib
import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import aiohttp

from shared.plugins.http_outcomes import from_error, from_status, read_answer
from shared.plugins.sms import own_id
from shared.plugins.spec import Delivered, Outcome, Unknown, WebhookRequest

if TYPE_CHECKING:
    from aiohttp import ClientSession

_NOT_KNOWN: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})


async def send_message(  # noqa: PLR0913 - what one message takes
    http: "ClientSession",
    base: str,
    login: tuple[str, str],
    number: str,
    text: str,
    *,
    key: str,
    lives_s: int,
    report: bool = False,
) -> Outcome:
    """Give it to the app under one id at every attempt, by which the app knows a message."""
    name = own_id(key)  # the app's ids have 36 characters at most
    body = {
        "id": name,
        "textMessage": {"text": text},
        "phoneNumbers": [number],
        "ttl": lives_s,
        "withDeliveryReport": report,
    }
    headers = {"Authorization": aiohttp.encode_basic_auth(*login)}
    try:
        async with http.post(
            f"{base}/message", json=body, headers=headers, allow_redirects=False
        ) as response:
            answer = await read_answer(response)
            # 409: a message of that id is there already, from an attempt whose answer was lost.
            if response.status == HTTPStatus.CONFLICT:
                return Delivered(name)
            if response.status in _NOT_KNOWN:
                return Unknown(f"http_{response.status}")
            outcome = from_status(response.status, response.headers, answer)
            return Delivered(name) if isinstance(outcome, Delivered) else outcome
    except (aiohttp.ClientError, OSError) as error:
        return from_error(error)


def signed(key: bytes, request: WebhookRequest) -> bool:
    """Whether the app signed it, over the raw body followed by the X-Timestamp header."""
    timestamp = request.headers.get("x-timestamp", "").encode("utf-8", "replace")
    signature = request.headers.get("x-signature", "").lower().encode("utf-8", "replace")
    expected = hmac.new(key, request.body + timestamp, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature)

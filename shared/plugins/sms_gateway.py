"""The app SMS Gateway for Android, as bridge and channel know it: one call that sends, and its signature."""

import hashlib
import hmac
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp

from shared.plugins.http_outcomes import from_status, post
from shared.plugins.sms import own_id
from shared.plugins.spec import Delivered, Outcome, WebhookRequest

if TYPE_CHECKING:
    from aiohttp import ClientSession


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
    return await post(http, f"{base}/message", partial(_outcome, name), json=body, headers=headers)


def _outcome(name: str, status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
    if status == HTTPStatus.CONFLICT:  # it is there already, from an attempt whose answer was lost
        return Delivered(name)
    outcome = from_status(status, headers, answer)
    return Delivered(name) if isinstance(outcome, Delivered) else outcome


def signed(key: bytes, request: WebhookRequest) -> bool:
    """Whether the app signed it, over the raw body followed by the X-Timestamp header."""
    timestamp = request.headers.get("x-timestamp", "").encode("utf-8", "replace")
    signature = request.headers.get("x-signature", "").lower().encode("utf-8", "replace")
    expected = hmac.new(key, request.body + timestamp, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature)

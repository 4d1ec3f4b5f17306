"""What we call of Telegram's Bot API, and what its answers mean, for channel and bridge alike."""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from shared.plugins.http_outcomes import from_error, from_status, read_answer, words_in
from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RetryLater, Unknown

if TYPE_CHECKING:
    from aiohttp import ClientSession

_MESSAGE_ID: Final = re.compile(r"[0-9]{1,15}")


async def send_message(  # noqa: PLR0913 - what one message takes
    http: "ClientSession",
    bot: str,
    chat: str | int,
    text: str,
    *,
    silent: bool = False,
    answers: str | None = None,
) -> Outcome:
    """Send plain text to one chat; Telegram has no idempotency key and reads no mark-up in it.

    `bot` is the address of the bot with its token: `https://api.telegram.org/bot<token>`. `answers` is the id
    of an earlier message there; where that is gone the words stand by themselves.
    """
    body: dict[str, Any] = {
        "chat_id": chat,
        "text": text,
        "disable_notification": silent,
        "link_preview_options": {"is_disabled": True},
    }
    if answers is not None and _MESSAGE_ID.fullmatch(answers):
        body["reply_parameters"] = {"message_id": int(answers), "allow_sending_without_reply": True}
    try:
        async with http.post(f"{bot}/sendMessage", json=body, allow_redirects=False) as response:
            return _outcome(response.status, response.headers, await read_answer(response))
    except (aiohttp.ClientError, OSError) as error:
        return from_error(error)


async def webhook_state(http: "ClientSession", bot: str) -> Outcome:
    """Whether Telegram knows the bot, has an address to call, and gets through to it. `bot` as above."""
    try:
        async with http.get(f"{bot}/getWebhookInfo", allow_redirects=False) as response:
            body = await read_answer(response)
            if response.status != HTTPStatus.OK:
                return _outcome(response.status, response.headers, body)
    except (aiohttp.ClientError, OSError) as error:
        return from_error(error)
    info = _answer(body).get("result")
    if not isinstance(info, dict) or not info.get("url"):
        return Rejected("no_webhook_set", words="No address is set; call setWebhook with this bridge's.")
    if info.get("pending_update_count") and info.get("last_error_message"):
        return RetryLater("webhook_fails", words=str(info["last_error_message"]))
    return Delivered()


def _outcome(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    answer = _answer(body)
    if status == HTTPStatus.OK:
        sent = answer.get("result")
        return Delivered(str(sent["message_id"]) if isinstance(sent, dict) and "message_id" in sent else None)
    words = words_in(body)
    match status:
        case 401 | 404:  # Telegram answers 404 to a token it does not know
            return BadCredentials(words=words)
        case 403:
            return Rejected("blocked_by_recipient", words=words)
        case 429:
            wait = answer.get("parameters")
            after = wait.get("retry_after") if isinstance(wait, dict) else None
            after_s = float(after) if isinstance(after, int | float) else None
            return RetryLater("http_429", after_s, words=words)
        case 502 | 504:  # a gateway that does not know what became of it
            return Unknown(f"http_{status}")
    return from_status(status, headers, body)


def _answer(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}

"""Telegram: messages by a bot of the group's own to chats, groups or channels."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import aiohttp
from pydantic import Field

from services.notifier.channels.addresses import http_base, resolved
from services.notifier.channels.http_outcomes import from_error, from_status, read_answer
from shared.plugins.spec import (
    BadCredentials,
    ChannelHost,
    Delivered,
    Outcome,
    PluginSettings,
    Rejected,
    RenderedMessage,
    RetryLater,
    Spec,
    Unknown,
)


class TelegramSettings(PluginSettings):
    """The bot's token and the chats it writes to."""

    token: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the bot's token."""
    to: tuple[str, ...] = Field(min_length=1)
    """Chat ids, @channel names, or references to them."""
    api: str = "https://api.telegram.org"
    """The Bot API server, or a reference to it."""


class TelegramChannel:
    """Sends plain text: Telegram reads no mark-up in it."""

    spec: ClassVar[Spec] = Spec(
        kind="telegram",
        title="Telegram",
        summary="Sends alerts by your bot to Telegram chats, groups and channels.",
        who_else_reads="Telegram (messages of bots are not end-to-end encrypted).",
        stability="good",
        tested="fake",
        example={"token": "env:GROUP_TELEGRAM_TOKEN", "to": ["-1001234567890"]},
    )
    Settings: ClassVar[type[PluginSettings]] = TelegramSettings
    max_chars: ClassVar[int] = 4000

    def __init__(self, settings: TelegramSettings, host: ChannelHost) -> None:
        self._http = host.http
        token = resolved(settings.token, host.secrets)
        self._url = f"{http_base(settings.api, host.secrets)}/bot{token}/sendMessage"
        self._to = tuple(resolved(chat, host.secrets) for chat in settings.to)

    def recipients(self) -> Sequence[str]:
        """The chats."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:  # noqa: ARG002 - Telegram has no idempotency key
        """Send it to one chat."""
        body = {
            "chat_id": address,
            "text": message.text,
            "disable_notification": not message.urgent,
            "link_preview_options": {"is_disabled": True},
        }
        try:
            async with self._http.post(self._url, json=body, allow_redirects=False) as response:
                answer = _answer(await read_answer(response))
                return _outcome(response.status, response.headers, answer)
        except (aiohttp.ClientError, OSError) as error:
            return from_error(error)


def _outcome(status: int, headers: Mapping[str, str], answer: Mapping[str, Any]) -> Outcome:
    match status:
        case 200:
            sent = answer.get("result")
            return Delivered(
                str(sent["message_id"]) if isinstance(sent, dict) and "message_id" in sent else None
            )
        case 401 | 404:  # Telegram answers 404 to a token it does not know
            return BadCredentials()
        case 403:
            return Rejected("blocked_by_recipient")
        case 429:
            wait = answer.get("parameters")
            after = wait.get("retry_after") if isinstance(wait, dict) else None
            return RetryLater("http_429", float(after) if isinstance(after, int | float) else None)
        case 502 | 504:  # a gateway that does not know what became of it
            return Unknown(f"http_{status}")
    return from_status(status, headers)


def _answer(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}

"""Telegram: messages by a bot of the group's own to chats, groups or channels."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from shared.plugins.addresses import http_base, resolved
from shared.plugins.spec import ChannelHost, Outcome, PluginSettings, RenderedMessage, Spec
from shared.plugins.telegram_bot import send_message


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
        per_second=30,  # core.telegram.org/bots/faq: about so many to different chats
        example={"token": "env:HACKNEY__TELEGRAM_TOKEN", "to": ["-1001234567890"]},
    )
    Settings: ClassVar[type[PluginSettings]] = TelegramSettings
    max_chars: ClassVar[int] = 4000

    def __init__(self, settings: TelegramSettings, host: ChannelHost) -> None:
        self._http = host.http
        token = resolved(settings.token, host.secrets)
        self._bot = f"{http_base(settings.api, host.secrets)}/bot{token}"
        self._to = tuple(resolved(chat, host.secrets) for chat in settings.to)

    def recipients(self) -> Sequence[str]:
        """The chats."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:  # noqa: ARG002 - Telegram has no idempotency key
        """Send it to one chat."""
        return await self._send(address, message)

    async def reply(self, address: str, message: RenderedMessage, *, key: str, first: str) -> Outcome:  # noqa: ARG002 - Telegram has no idempotency key
        """Send it as an answer to the first message about the incident in that chat."""
        return await self._send(address, message, first)

    async def _send(self, address: str, message: RenderedMessage, first: str | None = None) -> Outcome:
        return await send_message(
            self._http, self._bot, address, message.text, silent=not message.urgent, answers=first
        )

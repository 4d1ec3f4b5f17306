"""Telegram: a bot's webhook. In private every message is a report; in a group only what is meant for us.

Telegram signs nothing but sends a secret token with each update, compared in constant time;
an update is known by its update_id and the message in it. The receipt is the answer to the webhook itself (a
`sendMessage`), and only in private: a receipt in a group would tell the group who reported.
With the bot's token a question can be sent later, in private too.

In the verifiers' group a desk reply (MINE D7K, or MINE in answer to an alert of a bot) is meant for us
as well, and a member is answered there; all other talk of a group is never stored. A group is told so when
the bot is added to it, by the answer to the call that says so.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from alert_relay.plugins import (
    CANNOT_WRITE_BACK,
    GROUP_TALK,
    ChannelHost,
    Ignored,
    IncomingReport,
    Outcome,
    PluginSettings,
    Receipt,
    Refused,
    Rejected,
    Secrets,
    Spec,
    WebhookRequest,
    WebhookResponse,
    has_mark,
    meant_in_chat,
    told_in_chat,
    with_code_of,
)
from shared.plugins.addresses import http_base
from shared.plugins.telegram_bot import send_message, webhook_state
from shared.plugins.untrusted import moment_in, object_in

_BAD_TOKEN = Refused(
    403,
    "bad_signature",
    "The secret token is missing or wrong; give setWebhook the secret_token of the bridge's settings.",
)
_NOT_THERE, _THERE = ("left", "kicked"), ("member", "administrator", "restricted")
_EDITS = ("edited_message", "edited_channel_post")


class TelegramSettings(PluginSettings):
    """What the bot's webhook needs."""

    secret_token: str
    """A reference to the secret_token given to setWebhook (env:NAME or file:/path)."""
    bot_username: str = Field(default="", pattern=r"^[A-Za-z0-9_]{0,32}$")
    """The bot's name without @; in groups, messages that address it are reports."""
    hashtag: str = Field(default="raid", pattern=r"^\w{1,40}$")
    """In groups, messages with this hashtag are reports."""
    tells_chats: bool = True
    """Whether a group is told, when the bot is added to it, what is taken of what is said there."""
    bot_token: str = Field(default="", pattern=r"^((env|file):.+)?$")
    """A reference to the bot's token, to ask reporters back and to answer members; else neither happens."""
    api: str = "https://api.telegram.org"
    """The Bot API server."""


class Telegram:
    """One bot."""

    spec: ClassVar[Spec] = Spec(
        kind="telegram",
        title="Telegram bot",
        summary="People write to a bot, or mark a message in a group with #raid; text and place count.",
        who_else_reads="Telegram can read everything sent to the bot, and knows who sent it.",
        stability="good",
        tested="replay",
        example={
            "secret_token": "env:TELEGRAM_SECRET_TOKEN",
            "bot_username": "example_relay_bot",
            "bot_token": "env:TELEGRAM_BOT_TOKEN",
        },
        senders="account",
        read_by="Telegram",
        while_away="""
Telegram sends an update again until it is taken, and each comes in once: 300 of 300 while ingest was
killed twenty times (`python -m tests.faults.bridges --bridge telegram`). **It keeps none longer than 24
hours**, and of a webhook that fails it says only that it gives up some time: what waited then does not
come in. `getWebhookInfo` says how many wait.
""",
        notes=(
            "- A message that is edited within half an hour is one more report of its sender's, unless it\n"
            "  is a reply to the desk; what it said before stays. Where a shared live location moves to is\n"
            "  not taken."
        ),
        per_second=30,  # core.telegram.org/bots/faq: about so many to different chats
    )
    Settings: ClassVar[type[PluginSettings]] = TelegramSettings

    def __init__(self, settings: TelegramSettings, secrets: Secrets) -> None:
        """Resolve the secret token."""
        self._token = secrets.resolve(settings.secret_token).encode()
        self._bot = settings.bot_username.lower()
        self._settings = settings

    def parse(self, request: WebhookRequest) -> Sequence[IncomingReport] | Ignored | Refused:
        """The one message of an update that is a report."""
        given = request.headers.get("x-telegram-bot-api-secret-token", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._token):
            return _BAD_TOKEN
        try:
            update: Any = json.loads(request.body)
        except (ValueError, RecursionError):
            return Refused(400, "not_json", "The body is not JSON; send what Telegram sends.")
        if not isinstance(update, dict) or type(update.get("update_id")) is not int:
            return Refused(422, "field_missing", "An update has a whole number as update_id; this has none.")
        if "my_chat_member" in update:
            return self._added_to(object_in(update, "my_chat_member"))
        return self._from_update(update)

    def answer(self, receipts: Sequence[Receipt]) -> WebhookResponse:
        """`sendMessage` as the webhook's response; Telegram takes one call per update."""
        for receipt in receipts:
            if receipt.contact:
                return _send_message(int(receipt.contact), receipt.text)
        return WebhookResponse()

    async def write_back(self, address: str, text: str, host: ChannelHost, *, key: str) -> Outcome:  # noqa: ARG002 - Telegram has no idempotency key
        """Send it by the bot to the private chat."""
        if not self._settings.bot_token:
            return CANNOT_WRITE_BACK
        return await send_message(host.http, self._address(host), int(address), text)

    async def check(self, host: ChannelHost) -> Outcome:
        """Ask for the state of the webhook."""
        if not self._settings.bot_token:
            return Rejected("no_bot_token", words="Without bot_token Telegram can't be asked.")
        return await webhook_state(host.http, self._address(host))

    def _address(self, host: ChannelHost) -> str:
        token = host.secrets.resolve(self._settings.bot_token)
        return f"{http_base(self._settings.api, host.secrets)}/bot{token}"

    def _from_update(self, update: Mapping[str, Any]) -> Sequence[IncomingReport] | Ignored:
        edit = next((object_in(update, kind) for kind in _EDITS if kind in update), None)
        if edit is None:
            return self._from_message(
                update, object_in(update, "message") or object_in(update, "channel_post")
            )
        if not _text(edit):
            return Ignored("edited_place")  # a shared live location moves all the time
        found = self._from_message(update, edit)
        if isinstance(found, Ignored):
            return found
        return [replace(report, first_said_at=moment_in(edit, "date")) for report in found]

    def _from_message(
        self, update: Mapping[str, Any], message: Mapping[str, Any]
    ) -> Sequence[IncomingReport] | Ignored:
        chat_id = object_in(message, "chat").get("id")
        if type(chat_id) is not int:
            return Ignored("no_message")
        if object_in(message, "from").get("is_bot") is True:
            return Ignored("from_a_bot")
        private = object_in(message, "chat").get("type") == "private"
        text = _with_code_of_the_answered(message, _text(message))
        addressed = private or self._addressed(message, text)
        meant = meant_in_chat(text, addressed=addressed, hashtag=self._settings.hashtag)
        if meant is None:
            return Ignored(GROUP_TALK)
        if private and text.startswith("/") and meant != "desk":
            return Ignored("bot_command")
        title = object_in(message, "chat").get("title")
        where = _Where(
            _name(update, message, chat_id),
            chat_id,
            private=private,
            to_desk=meant == "desk",
            title=title if isinstance(title, str) else None,
        )
        return _report(message, text, where)

    def _added_to(self, change: Mapping[str, Any]) -> Ignored:
        """Whoever is in a group that the bot has come into hears what it takes there."""
        chat = object_in(change, "chat")
        was, now = (object_in(change, f"{when}_chat_member").get("status") for when in ("old", "new"))
        came = was in _NOT_THERE and now in _THERE and chat.get("type") in {"group", "supergroup"}
        if not (came and self._settings.tells_chats and type(chat.get("id")) is int):
            return Ignored("no_message")
        return Ignored("added_to_a_group", _send_message(chat["id"], told_in_chat(self._settings.hashtag)))

    def _addressed(self, message: Mapping[str, Any], text: str) -> bool:
        answered = object_in(object_in(message, "reply_to_message"), "from").get("username")
        to_us = isinstance(answered, str) and answered.lower() == self._bot
        return bool(self._bot) and (to_us or has_mark(text, f"@{self._bot}"))


def _send_message(chat_id: int, text: str) -> WebhookResponse:
    """The call that Telegram takes from the answer to its own."""
    call = {"method": "sendMessage", "chat_id": chat_id, "text": text}
    return WebhookResponse(content_type="application/json", body=json.dumps(call))


@dataclass(frozen=True, slots=True)
class _Where:
    """Which message it is, and of which chat."""

    name: str
    chat_id: int
    private: bool
    to_desk: bool
    title: str | None


def _name(update: Mapping[str, Any], message: Mapping[str, Any], chat_id: int) -> str:
    """The update with its message: updates may be counted anew, and another bot counts from elsewhere."""
    number = message.get("message_id")
    return f"{update['update_id']}.{chat_id}.{number if type(number) is int else ''}"


def _report(message: Mapping[str, Any], text: str, where: _Where) -> Sequence[IncomingReport] | Ignored:
    location = object_in(message, "location") or object_in(object_in(message, "venue"), "location")
    lat, lon = _number(location, "latitude", 90), _number(location, "longitude", 180)
    has_place = lat is not None and lon is not None
    if not text and not has_place:
        return Ignored("no_text_or_place")
    forwarded = bool(object_in(message, "forward_origin")) or "forward_date" in message
    sender = object_in(message, "from").get("id")
    return [
        IncomingReport(
            source_id=where.name,
            text=text,
            sender=str(sender if type(sender) is int else where.chat_id),
            contact=str(where.chat_id) if where.private else None,
            lat=lat if has_place else None,
            lon=lon if has_place else None,
            accuracy_m=_number(location, "horizontal_accuracy", 20_000) if has_place else None,
            observed_at=_written_at(message),
            language=_language(message),
            # Whoever passes on another's message was not necessarily there.
            first_hand=False if forwarded else None,
            source=None if where.private else str(where.chat_id),
            chat=None if where.private else where.title,
            reply_to=str(where.chat_id) if where.to_desk and not where.private else None,
        )
    ]


def _written_at(message: Mapping[str, Any]) -> datetime | None:
    """When it was written where it is passed on from, else edited, else written here."""
    written = moment_in(object_in(message, "forward_origin"), "date") or moment_in(message, "edit_date")
    return written or moment_in(message, "date")


def _with_code_of_the_answered(message: Mapping[str, Any], text: str) -> str:
    """GO in answer to a bot's alert is GO with that alert's code."""
    answered = object_in(message, "reply_to_message")
    by_a_bot = object_in(answered, "from").get("is_bot") is True
    return (with_code_of(text, _text(answered)) if by_a_bot else None) or text


def _text(message: Mapping[str, Any]) -> str:
    """The words of a message: its text or caption, or a venue's name and address."""
    venue = object_in(message, "venue")
    parts = [message.get("text"), message.get("caption"), venue.get("title"), venue.get("address")]
    return "\n".join(part for part in parts if isinstance(part, str) and part.strip()).strip()


def _number(value: Mapping[str, Any], key: str, limit: float) -> float | None:
    number = value.get(key)
    sound = isinstance(number, int | float) and not isinstance(number, bool) and abs(number) <= limit
    return float(number) if sound and number is not None else None


def _language(message: Mapping[str, Any]) -> str | None:
    """A hint only: the language of the person's app."""
    code = object_in(message, "from").get("language_code")
    return code.split("-", 1)[0].lower()[:8] if isinstance(code, str) and code else None

"""Telegram as a bot sees it: chats, people, a bot with a token, its webhook. Keeps the Bot API's protocol.

What people write reaches the bot's webhook as an `Update` with the secret token, again and again until it
is taken, in order; a call in the webhook's answer is carried out as a call of the API. `sendMessage` is
refused as Telegram refuses it: for a wrong token, an unknown chat, or a text that is empty or too long.
"""

import asyncio
import itertools
import json
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from aiohttp import web

from shared.http import site

_AGAIN_S: Final = 0.1
_LONGEST: Final = 4_096


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with the app."""

    id: int
    name: str
    language: str = "en"


@dataclass
class Telegram:
    """One bot's Telegram; open it as a context, then say where its webhook is."""

    token: str
    webhook: str = ""
    secret: str = ""
    bot: Person = field(default_factory=lambda: Person(700_900_999, "relay_bot"))
    chats: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """Every chat that the bot may write to, with its messages, oldest first."""
    refused: list[str] = field(default_factory=list)
    url: str = ""
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        """Serve the Bot API."""
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._called)
        port = await self._stack.enter_async_context(site(app, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def add_group(self, chat: int) -> None:
        """A supergroup with the bot in it."""
        self.chats[chat] = []

    def said_by_bot(self, chat: int) -> list[str]:
        """The bot's messages in a chat, oldest first."""
        return [m["text"] for m in self.chats.get(chat, ()) if m["from"]["is_bot"]]

    def last(self, chat: int) -> dict[str, Any]:
        """The chat's last message by the bot."""
        return next(m for m in reversed(self.chats[chat]) if m["from"]["is_bot"])

    async def write(
        self, person: Person, text: str, *, chat: int | None = None, answering: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Somebody writes, in a group or in private; returns the update once the bot has taken it."""
        where = person.id if chat is None else chat
        self.chats.setdefault(where, [])
        message = self._message(where, text, person, is_bot=False)
        if answering is not None:
            message["reply_to_message"] = answering
        update = {"update_id": next(self._ids), "message": message}
        await self.deliver(update)
        return update

    async def deliver(self, update: dict[str, Any]) -> None:
        """The update to the webhook, until it is taken."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret}
        async with aiohttp.ClientSession() as http:
            while not await self._taken(http, update, headers):  # noqa: ASYNC110 - as Telegram does
                await asyncio.sleep(_AGAIN_S)

    async def _taken(
        self, http: aiohttp.ClientSession, update: dict[str, Any], headers: dict[str, str]
    ) -> bool:
        try:
            async with http.post(self.webhook, json=update, headers=headers) as response:
                if response.status != HTTPStatus.OK:
                    return False
                body = await response.text()
        except (aiohttp.ClientError, OSError):
            return False
        if body:
            call = json.loads(body)
            self._send(call.pop("method"), call)
        return True

    async def _called(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != self.token:
            return _refusal(404, "Not Found")
        return self._send(request.match_info["method"], await request.json())

    def _send(self, method: str, call: dict[str, Any]) -> web.Response:
        chat, text = call.get("chat_id"), call.get("text")
        known = next((c for c in self.chats if str(c) == str(chat)), None)
        if method != "sendMessage":
            return self._no(400, "Bad Request: unknown method")
        if known is None:
            return self._no(400, "Bad Request: chat not found")
        if not isinstance(text, str) or not text.strip():
            return self._no(400, "Bad Request: message text is empty")
        if len(text) > _LONGEST:
            return self._no(400, "Bad Request: message is too long")
        message = self._message(known, text, self.bot, is_bot=True)
        return web.json_response({"ok": True, "result": message})

    def _no(self, status: int, why: str) -> web.Response:
        self.refused.append(why)
        return _refusal(status, why)

    def _message(self, chat: int, text: str, person: Person, *, is_bot: bool) -> dict[str, Any]:
        who = {"id": person.id, "is_bot": is_bot, "first_name": person.name, "username": person.name}
        message = {
            "message_id": next(self._ids),
            "from": who if is_bot else {**who, "language_code": person.language},
            "chat": {"id": chat, "type": "supergroup" if chat < 0 else "private"},
            "date": int(time.time()),
            "text": text,
        }
        self.chats[chat].append(message)
        return message


def _refusal(status: int, why: str) -> web.Response:
    return web.json_response({"ok": False, "error_code": status, "description": why}, status=status)

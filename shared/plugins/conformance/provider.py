"""A stand-in for a channel's provider, what it is sent, and what it shall answer.

`HttpProvider` is for providers that speak HTTP; another protocol's needs only the members of `Provider`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import parse_qsl

from aiohttp import ClientSession, DummyCookieJar, web

from shared.plugins.conformance.common import KnownSecrets
from shared.plugins.spec import ChannelHost, Delivered, Outcome, RenderedMessage

MESSAGE = RenderedMessage(
    alert_id="a1",
    kind="UNCONFIRMED",
    subject="UNCONFIRMED D7K: Ashwin St E8, Sat 14/5 18:42",
    text="UNCONFIRMED D7K. Ashwin St E8: two vans, « ça va »? Observe, don't obstruct.",
    urgent=True,
    language="en",
    code="D7K",
    thread="i1",
    data={"alert_id": "a1", "kind": "UNCONFIRMED", "group": "hackney", "code": "D7K"},
)

HOSTILE = replace(
    MESSAGE,
    subject="UNCONFIRMED\r\nX-Evil: 1\r\n\r\nbody \u202eesrever\u2028\0 <b>*x*</b>",
    text="UNCONFIRMED\r\n.\r\nMAIL FROM:<evil@example.org>\r\nX-Evil: 1\0 @everyone <script>=1+1\u202e"
    + "a\u0301" * 500,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider shall answer, and which outcome that must become.

    `means` is compared by type, and field by field where `exact`.
    """

    status: int
    means: Outcome
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it reached the provider: its headers (names in lower case) and decoded text."""

    headers: Mapping[str, str]
    text: str
    raw: str = ""
    call: str = ""
    """Of HTTP: the method and the path as it was sent."""


class Provider(Protocol):
    """A stand-in for a channel's provider."""

    url: str
    received: list[Received]

    def will(self, answer: Answer) -> None:
        """Answer so from now on."""
        ...

    def will_hang(self) -> None:
        """Take requests and never answer."""
        ...

    def will_reset(self) -> None:
        """Take requests and break the connection without an answer."""
        ...

    async def stop(self) -> None:
        """Listen no more: connections are refused."""
        ...


class HttpProvider:
    """A provider that speaks HTTP, on a free loopback port.

    The words stand in a form's or a JSON body's field `words` (`text`, or `messages.0.text` deeper within).
    """

    def __init__(self, words: str = "text") -> None:
        self.url, self._words = "", words
        self.received: list[Received] = []
        self._answer = Answer(200, Delivered())
        self._manner = "answer"
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def will(self, answer: Answer) -> None:
        """Answer so from now on."""
        self._manner, self._answer = "answer", answer

    def will_hang(self) -> None:
        """Take requests and never answer."""
        self._manner = "hang"

    def will_reset(self) -> None:
        """Take requests and break the connection."""
        self._manner = "reset"

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        words = await self.words_of(request)
        body = (await request.read()).decode(errors="replace")
        headers = {name.lower(): value for name, value in request.headers.items()}
        got = self.note(Received(headers, words, body, f"{request.method} {request.raw_path}"))
        self.received.append(got)
        if self._manner == "hang":
            await asyncio.sleep(3600)
        if self._manner == "reset" and request.transport is not None:
            request.transport.abort()
        answer = self.answer_to(got)
        return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))

    async def words_of(self, request: web.Request) -> str:
        """The message's text in a request."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        return _words_in(await request.text(), headers, self._words)

    def note(self, got: Received) -> Received:
        """What is kept of a request, where the words stand in it with something else."""
        return got

    def answer_to(self, got: Received) -> Answer:  # noqa: ARG002 - for providers that answer by what they got
        """The answer to this request."""
        return self._answer


def _words_in(body: str, headers: Mapping[str, str], key: str) -> str:
    """The message's text: what stands under the key in a form or JSON body, else the body."""
    kind = headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body, keep_blank_values=True)).get(key, "")
    if not kind.startswith("application/json"):
        return body
    found: Any = json.loads(body)
    for name in key.split("."):
        found = found[int(name)] if isinstance(found, list) else found.get(name, "")
    return str(found)


@asynccontextmanager
async def a_host(secrets: Mapping[str, str]) -> AsyncIterator[ChannelHost]:
    """What a channel is lent, with these secrets."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        yield ChannelHost(http=http, secrets=KnownSecrets(secrets))

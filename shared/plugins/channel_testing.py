"""The conformance suite of channels, ours and third parties'. Needs pytest and pytest-asyncio.

Subclass `ChannelConformance` in a test file as `class TestMine(ChannelConformance)`, say which
plug-in, how its settings point at a stand-in provider, and which answer of the provider means
which outcome. `HttpProvider` is a stand-in for providers that speak HTTP; another protocol's
needs only the members of `Provider`.
"""
# ruff: noqa: S101 - a suite of tests, which assert

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qsl

import pytest
from aiohttp import ClientSession, DummyCookieJar, web
from structlog.testing import capture_logs

from shared.errors import SettingsError
from shared.plugins.spec import (
    BadCredentials,
    Channel,
    ChannelHost,
    Delivered,
    Outcome,
    Rejected,
    RenderedMessage,
    RetryLater,
    Unknown,
)

_SECRET = re.compile("secret|password|token|signing")

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


@dataclass(frozen=True, slots=True)
class KnownSecrets:
    """Secrets by reference, from a table."""

    values: Mapping[str, str]

    def resolve(self, reference: str) -> str:
        """The value; `SettingsError` for a reference that is not in the table."""
        if reference not in self.values:
            raise SettingsError(f"The secret {reference} is not set.")
        return self.values[reference]


@asynccontextmanager
async def a_host(secrets: Mapping[str, str]) -> AsyncIterator[ChannelHost]:
    """What a channel is lent, with these secrets."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        yield ChannelHost(http=http, secrets=KnownSecrets(secrets))


class ChannelConformance:
    """What every channel keeps. Override the first four members."""

    plugin: ClassVar[type[Any]]
    secrets: ClassVar[Mapping[str, str]] = {}
    """Values by reference; none of them may show up anywhere but at the provider."""
    answers: ClassVar[Sequence[Answer]] = ()
    """The status-to-outcome table."""
    leaves_the_hub: ClassVar[bool] = True
    """False for a channel without a provider; the tests about providers are then skipped."""

    def settings(self, provider: Provider) -> dict[str, Any]:
        """Settings that point at the provider."""
        raise NotImplementedError

    async def start_provider(self) -> Provider:
        """A stand-in that listens; HTTP unless overridden."""
        provider = HttpProvider()
        await provider.start()
        return provider

    @pytest.fixture
    async def provider(self) -> AsyncIterator[Provider]:
        """The stand-in, stopped in the end."""
        provider = await self.start_provider()
        yield provider
        await provider.stop()

    @pytest.fixture
    async def channel(self, provider: Provider) -> AsyncIterator[Channel]:
        """The channel, pointed at the stand-in."""
        async with a_host(self.secrets) as host:
            settings = self.plugin.Settings.model_validate(self.settings(provider))
            yield self.plugin(settings, host)

    def _needs_provider(self) -> None:
        if not self.leaves_the_hub:
            pytest.skip("this channel sends nothing out of the hub")

    def test_its_example_is_valid_and_names_secrets_by_reference(self) -> None:
        """The documentation's example works."""
        self.plugin.Settings.model_validate(self.plugin.spec.example)
        secret = [v for k, v in self.plugin.spec.example.items() if _SECRET.search(k)]
        assert all(str(v).startswith(("env:", "file:")) for v in secret)
        assert self.plugin.spec.who_else_reads

    def test_a_misspelt_setting_is_an_error(self, provider: Provider) -> None:
        """No typing error is silently ignored."""
        with pytest.raises(ValueError, match="no_such_setting"):
            self.plugin.Settings.model_validate({**self.settings(provider), "no_such_setting": 1})

    def test_it_is_a_channel_with_stable_recipients(self, channel: Channel) -> None:
        """The ledger knows recipients by position."""
        assert isinstance(channel, Channel)
        assert list(channel.recipients()) == list(channel.recipients())
        assert len(channel.recipients()) >= 1
        assert channel.max_chars >= 306  # noqa: PLR2004 - two SMS segments, the shortest message

    async def test_the_words_arrive_whole(self, channel: Channel, provider: Provider) -> None:
        """What was rendered is what is read."""
        assert isinstance(await self._send(channel), Delivered)
        if self.leaves_the_hub:
            assert provider.received[-1].text.strip() == MESSAGE.text

    async def test_every_answer_of_the_provider_has_its_outcome(
        self, channel: Channel, provider: Provider
    ) -> None:
        """The status-to-outcome table."""
        self._needs_provider()
        assert self.answers, "say which answer means what"
        for answer in self.answers:
            provider.will(answer)
            outcome = await self._send(channel)
            assert type(outcome) is type(answer.means), f"{answer.status}: {outcome}"
            if answer.exact:
                assert outcome == answer.means

    async def test_nobody_listening_is_tried_again(self, channel: Channel, provider: Provider) -> None:
        """Surely not delivered."""
        self._needs_provider()
        await provider.stop()
        assert isinstance(await self._send(channel), RetryLater)

    async def test_a_connection_that_breaks_after_the_request_is_unknown(
        self, channel: Channel, provider: Provider
    ) -> None:
        """It may have arrived: that is a possible copy."""
        self._needs_provider()
        provider.will_reset()
        assert isinstance(await self._send(channel), Unknown)

    async def test_it_can_be_cancelled_and_used_again(self, channel: Channel, provider: Provider) -> None:
        """A provider that hangs costs its own deadline and nothing else."""
        self._needs_provider()
        provider.will_hang()
        hanging = asyncio.create_task(self._send(channel))
        await _until(lambda: bool(provider.received))
        hanging.cancel()
        done, _ = await asyncio.wait({hanging}, timeout=2)
        assert done, "it ignores its cancellation"
        provider.will(Answer(200, Delivered(), body=self._good_body()))
        assert isinstance(await self._send(channel), Delivered)

    async def test_hostile_words_become_no_header_and_no_second_message(
        self, channel: Channel, provider: Provider
    ) -> None:
        """Whatever stands in a text, it stays text."""
        outcome = await channel.send(channel.recipients()[0], HOSTILE, key="a1-x-0")
        assert isinstance(outcome, Delivered | Rejected)
        if self.leaves_the_hub and isinstance(outcome, Delivered):
            assert len(provider.received) == 1
            assert "x-evil" not in provider.received[0].headers

    async def test_no_secret_shows(
        self, channel: Channel, provider: Provider, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Not in outcomes, logs or representations, whatever the provider answers."""
        caplog.set_level(logging.DEBUG)
        said = [repr(channel), str(channel)]
        with capture_logs() as logs:
            for answer in self.answers:
                provider.will(answer)
                said.append(repr(await self._send(channel)))
            await provider.stop()
            said.append(repr(await self._send(channel)))
        everything = "\n".join([*said, repr(logs), caplog.text])
        assert not [ref for ref, value in self.secrets.items() if value in everything]

    def test_a_missing_secret_is_named_by_its_reference(self, provider: Provider) -> None:
        """`SettingsError`, with the remedy, before anything is sent."""
        if not self.secrets:
            pytest.skip("this channel has no secrets")

        async def build() -> None:
            async with a_host({}) as host:
                self.plugin(self.plugin.Settings.model_validate(self.settings(provider)), host)

        with pytest.raises(SettingsError, match="env:"):
            asyncio.run(build())

    def _good_body(self) -> bytes:
        return next((a.body for a in self.answers if isinstance(a.means, Delivered)), b"{}")

    async def _send(self, channel: Channel) -> Outcome:
        return await channel.send(channel.recipients()[0], MESSAGE, key="a1-x-0")


async def _until(true: Any) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - the provider may be any object
            await asyncio.sleep(0.005)


__all__ = [
    "HOSTILE",
    "MESSAGE",
    "Answer",
    "BadCredentials",
    "ChannelConformance",
    "HttpProvider",
    "KnownSecrets",
    "Provider",
    "Received",
    "a_host",
]

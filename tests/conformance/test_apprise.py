"""Apprise through its own `json://` against a stand-in: its own thread, an outcome, and not a word logged."""

import asyncio
import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from services.notifier.channels.apprise import AppriseChannel
from shared.plugins.channel_testing import MESSAGE, Answer, ChannelConformance, HttpProvider, Provider, a_host
from shared.plugins.spec import BadCredentials, Channel, Delivered, Rejected, RetryLater, Unknown

KEY = "a1-x-0"
PATH = "made-up-token-in-the-path"


def target_of(channel: AppriseChannel) -> Any:
    assert channel._target is not None
    return channel._target.service


def threads() -> int:
    return sum(one.name == "apprise" for one in threading.enumerate())


class TestApprise(ChannelConformance):
    plugin = AppriseChannel
    secrets: ClassVar[Mapping[str, str]] = {}
    answers = (
        Answer(200, Delivered(), exact=True),
        Answer(302, Rejected("http_302"), headers={"Location": "http://127.0.0.1:1/"}, exact=True),
        Answer(400, Rejected("http_400"), exact=True),
        Answer(401, BadCredentials()),
        Answer(404, Rejected("http_404"), exact=True),
        Answer(429, RetryLater("http_429"), exact=True),
        Answer(500, RetryLater("http_500"), exact=True),
        Answer(502, Unknown("http_502"), exact=True),
    )

    def settings(self, provider: Provider) -> dict[str, Any]:  # noqa: ARG002 - the target lies in a secret
        return {"url": "env:TARGET"}

    async def start_provider(self) -> Provider:
        provider = HttpProvider("message")
        await provider.start()
        target = provider.url.replace("http:", "json:")
        self.secrets = {"env:TARGET": f"{target}/{PATH}/"}  # type: ignore[misc] # each test has a port of its own
        return provider

    async def test_it_goes_out_once_with_a_title(self, channel: Channel, provider: Provider) -> None:
        await channel.send(channel.recipients()[0], MESSAGE, key=KEY)
        (got,) = provider.received
        assert got.call == f"POST /{PATH}/"
        assert MESSAGE.subject in got.raw

    async def test_whatever_it_would_log_is_written_nowhere(
        self, channel: Channel, provider: Provider, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        for status in (200, 500):
            provider.will(Answer(status, Delivered()))
            await channel.send(channel.recipients()[0], MESSAGE, key=KEY)
        assert PATH not in caplog.text
        assert "two vans" not in caplog.text
        assert not [r for r in caplog.records if r.name.startswith(("apprise", "urllib3", "requests"))]

    async def test_a_target_that_hangs_holds_up_neither_the_loop_nor_more_than_four_threads(
        self, channel: Channel, provider: Provider
    ) -> None:
        provider.will_hang()
        hanging = [asyncio.create_task(channel.send("", MESSAGE, key=KEY)) for _ in range(4)]
        async with asyncio.timeout(5):
            while len(provider.received) < 4:  # noqa: ASYNC110 - this goes on while four threads wait
                await asyncio.sleep(0.01)
        assert await channel.send("", MESSAGE, key=KEY) == RetryLater("busy")
        assert threads() >= 4
        await provider.stop()
        assert {type(await one) for one in hanging} == {Unknown}

    async def test_a_service_that_never_comes_back_is_given_up(
        self, channel: AppriseChannel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await channel.send("", MESSAGE, key=KEY)
        free = threading.Event()
        monkeypatch.setattr("services.notifier.channels.apprise._MOST_S", 0.05)
        monkeypatch.setattr(target_of(channel), "notify", lambda **_: free.wait(10))
        assert await channel.send("", MESSAGE, key=KEY) == Unknown("timeout")
        free.set()

    async def test_while_apprise_is_being_loaded_nothing_was_sent(
        self, channel: AppriseChannel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        free = threading.Event()
        monkeypatch.setattr("services.notifier.channels.apprise._MOST_S", 0.05)
        monkeypatch.setattr("services.notifier.channels.apprise._opened", lambda *_: free.wait(10))
        assert await channel.send("", MESSAGE, key=KEY) == RetryLater("loading")
        free.set()

    async def test_a_service_that_raises_may_have_sent(
        self, channel: AppriseChannel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def raises(**_: Any) -> bool:
            raise RuntimeError(PATH)

        await channel.send("", MESSAGE, key=KEY)
        monkeypatch.setattr(target_of(channel), "notify", raises)
        assert await channel.send("", MESSAGE, key=KEY) == Unknown("plugin_error")

    async def test_a_template_in_the_words_stays_words(self, channel: Channel, provider: Provider) -> None:
        said = "{{ app_id }} :smile: \\n <b>x</b> **y** [a](https://b.example)"
        await channel.send("", replace(MESSAGE, text=said), key=KEY)
        assert provider.received[0].text == said


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("", "no Apprise URL"),
        ("nonsense", "no Apprise URL"),
        ("nosuch://made-up-token", "no Apprise URL"),
        ("syslog://", "onto this machine"),
        ("SYSLOG://", "onto this machine"),
        ("tgram://123456789:made-up-token-of-thirty-five-chars/1111/2222", "2 targets"),
        ("freemobile://made-up-token@password", "160 characters"),
    ],
)
async def test_what_cannot_be_one_target_is_named_not_shown(url: str, match: str) -> None:
    async with a_host({"env:TARGET": url}) as host:
        channel = AppriseChannel(AppriseChannel.Settings.model_validate({"url": "env:TARGET"}), host)  # type: ignore[arg-type]
        outcome: Any = await channel.send(url, MESSAGE, key=KEY)
    assert outcome == Rejected("bad_address")
    assert match in outcome.words
    assert "env:TARGET" in outcome.words
    assert "made-up-token" not in outcome.words


def test_nobody_but_the_operator_writes_an_apprise_url() -> None:
    with pytest.raises(ValueError, match="pattern"):
        AppriseChannel.Settings.model_validate({"url": "json://127.0.0.1/"})

"""Web Push against a push service of our own, whose browser opens what it gets; the standard's example."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from services.notifier.channels.webpush import WebPushChannel
from shared.errors import SettingsError
from shared.plugins.channel_testing import MESSAGE, Answer, ChannelConformance, Provider, a_host
from shared.plugins.spec import (
    BadCredentials,
    Channel,
    Delivered,
    Rejected,
    RetryLater,
    SeveralProviders,
    Unknown,
)
from shared.plugins.web_push import (
    Subscription,
    encrypt,
    from_base64,
    read_subscription,
    read_vapid_key,
    to_base64,
)
from tests.rigs.push_service import TAKEN, Browser, PushService

KEY = "a1-x-0"
PRIVATE = to_base64(b"a made-up private key of 32 byte")


class TestWebPush(ChannelConformance):
    plugin = WebPushChannel
    secrets: ClassVar[Mapping[str, str]] = {"env:VAPID": PRIVATE}
    answers = (
        TAKEN,
        Answer(200, Delivered(), exact=True),
        Answer(400, Rejected("http_400"), exact=True),
        Answer(401, BadCredentials()),
        Answer(403, Rejected("other_key"), body=b"the VAPID credentials do not correspond", exact=True),
        Answer(404, Rejected("subscription_gone"), exact=True),
        Answer(410, Rejected("subscription_gone"), body=b'{"errno":106,"message":"gone"}', exact=True),
        Answer(413, Rejected("too_long"), exact=True),
        Answer(429, RetryLater("http_429", 30.0), headers={"Retry-After": "30"}, exact=True),
        Answer(500, RetryLater("http_500"), exact=True),
        Answer(502, Unknown("http_502"), exact=True),
        Answer(503, RetryLater("http_503", 5.0), headers={"Retry-After": "5"}, exact=True),
    )

    def settings(self, provider: Provider) -> dict[str, Any]:
        assert isinstance(provider, PushService)
        browsers = [provider.browser.subscription(provider.url)]
        here = {"services": ["127.0.0.1", "push.example"]}
        return {"contact": "mailto:relay@group.example", "vapid_key": "env:VAPID", "to": browsers, **here}

    async def start_provider(self) -> Provider:
        service = PushService()
        await service.start()
        service.will(TAKEN)
        return service

    async def test_each_makers_service_is_a_provider_of_its_own(self, channel: Channel) -> None:
        assert isinstance(channel, SeveralProviders)
        there = Browser("/push/2").subscription("https://push.example")
        found = [channel.provider(to) for to in (*channel.recipients(), there, "no subscription", "{}", "7")]
        assert found == ["127.0.0.1", "push.example", "", "", ""]
        assert channel.provider(Browser("/push/2").subscription("https://elsewhere.example")) == ""

    async def test_the_browser_gets_title_text_and_one_line_an_incident(
        self, channel: Channel, provider: PushService
    ) -> None:
        to = channel.recipients()[0]
        for message in (
            MESSAGE,
            replace(MESSAGE, alert_id="a2", urgent=False),
            replace(MESSAGE, thread="i2"),
        ):
            await channel.send(to, message, key=f"{message.alert_id}-x-0")
        first, update, other = provider.shown
        assert first == {
            "title": MESSAGE.subject,
            "body": MESSAGE.text,
            "tag": first["tag"],
            "lang": "en",
            "urgent": True,
            "code": "D7K",
        }
        assert first["tag"] == update["tag"] != other["tag"]
        assert [got.headers["topic"] for got in provider.received] == [one["tag"] for one in provider.shown]
        assert [got.headers["urgency"] for got in provider.received] == ["high", "normal", "high"]
        ttl = [int(got.headers["ttl"]) for got in provider.received]
        assert ttl[0] < ttl[1]
        assert {got.call for got in provider.received} == {"POST /push/1"}

    async def test_nobody_else_can_open_it_and_no_two_are_alike(self, provider: PushService) -> None:
        mine = read_subscription(provider.browser.subscription(provider.url), ["127.0.0.1"])
        one, two = encrypt(b"{}", mine), encrypt(b"{}", mine)
        assert one != two
        assert provider.browser.opened(one) == {}
        with pytest.raises(Exception, match=r"^$"):  # cryptography's InvalidTag says nothing
            Browser("/push/2").opened(one)

    async def test_the_longest_words_in_the_widest_script_fit(self, channel: Channel) -> None:
        message = replace(MESSAGE, text="😱" * WebPushChannel.max_chars, subject="😱" * 120)
        assert await channel.send(channel.recipients()[0], message, key=KEY) == TAKEN.means
        more = replace(MESSAGE, text="😱" * 1_000)
        assert await channel.send(channel.recipients()[0], more, key=KEY) == Rejected("too_long")

    async def test_words_that_no_encoding_takes_are_sent_all_the_same(
        self, channel: Channel, provider: PushService
    ) -> None:
        await channel.send(channel.recipients()[0], replace(MESSAGE, text="a\ud800b\0"), key=KEY)
        assert provider.shown[0]["body"] == "a?b"

    @pytest.mark.parametrize("change", [
        {"endpoint": "http://push.example/1"},
        {"endpoint": "http://localhost.example/1"},
        {"endpoint": "ftp://127.0.0.1/1"},
        {"endpoint": "https://"},
        {"endpoint": 1},
        {"endpoint": "https://[::1/1"},
        {"keys": {}},
        {"keys": []},
        {"keys": {"p256dh": to_base64(b"\4" + b"x" * 64), "auth": "BTBZMqHH6r4Tts7J_aSIgg"}},
        {"keys": {"p256dh": "ü", "auth": "BTBZMqHH6r4Tts7J_aSIgg"}},
        {"auth": "AAAA"},
    ])  # fmt: skip
    async def test_what_is_no_subscription_costs_nobody_else_anything(
        self, channel: Channel, provider: PushService, change: dict[str, Any]
    ) -> None:
        good = json.loads(provider.browser.subscription("https://push.example"))
        assert read_subscription(json.dumps(good), ["push.example"]).endpoint == "https://push.example/push/1"
        spoilt = {**good, **change}
        if "auth" in change:
            spoilt["keys"] = {**good["keys"], "auth": change["auth"]}
        assert await channel.send(json.dumps(spoilt), MESSAGE, key=KEY) == Rejected("bad_address")
        assert not provider.received

    @pytest.mark.parametrize(("url", "known"), [
        ("https://fcm.googleapis.com/fcm/send/x", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/x", True),
        ("https://web.push.apple.com/x", True),
        ("https://wns2-par02p.notify.windows.com/w/?token=x", True),
        ("http://fcm.googleapis.com/x", False),
        ("https://169.254.169.254/latest/meta-data", False),
        ("https://127.0.0.1:8222/x", False),
        ("https://fcm.googleapis.com.evil.example/x", False),
        ("https://fcm.googleapis.com@evil.example/x", False),
        ("https://evilnotify.windows.com/x", False),
        ("https://notify.windows.com/x", False),
        ("https://localhost/x", False),
    ])  # fmt: skip
    def test_only_known_push_services_are_ever_called(self, url: str, known: bool) -> None:  # noqa: FBT001 - a table
        text = json.dumps({**json.loads(Browser("").subscription("")), "endpoint": url})
        if known:
            assert read_subscription(text).endpoint == url
        else:
            with pytest.raises(ValueError, match="PushSubscription"):
                read_subscription(text)

    @pytest.mark.parametrize("text", ["", "[", "[]", "1", "null", "[" * 5_000, "{}", '"endpoint"'])
    async def test_hostile_addresses_are_answered_not_raised(self, channel: Channel, text: str) -> None:
        assert await channel.send(text, MESSAGE, key=KEY) == Rejected("bad_address")

    @pytest.mark.parametrize("secret", ["", "short", "ü" * 43, to_base64(b"x" * 33), to_base64(bytes(32))])
    async def test_a_spoilt_private_key_is_named_not_shown(self, secret: str) -> None:
        settings = {"contact": "mailto:a@b.example", "vapid_key": "env:VAPID", "to": ["{}"]}
        async with a_host({"env:VAPID": secret}) as host:
            with pytest.raises(SettingsError, match="env:VAPID") as caught:
                WebPushChannel(WebPushChannel.Settings.model_validate(settings), host)  # type: ignore[arg-type]
        assert not secret or secret not in str(caught.value)


def test_the_standards_own_example_comes_out_byte_by_byte() -> None:
    """RFC 8291, section 5 and appendix A."""
    browser = Subscription(
        "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        from_base64(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        ),
        from_base64("BTBZMqHH6r4Tts7J_aSIgg"),
    )
    ours = int.from_bytes(from_base64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    made = encrypt(
        b"When I grow up, I want to be a watermelon",
        browser,
        ours=ec.derive_private_key(ours, ec.SECP256R1()),
        salt=from_base64("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert to_base64(made) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"
        "EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_private_key_is_read_padded_or_not_and_in_either_alphabet() -> None:
    plain = to_base64(bytes(range(200, 232)))
    numbers = {read_vapid_key(text).private_numbers().private_value for text in (
        plain, plain + "=", plain.replace("-", "+").replace("_", "/"), f" {plain}\n")}  # fmt: skip
    assert len(numbers) == 1

"""SMS: every channel against a stand-in that keeps its provider's protocol; Kannel itself: `test_kannel`."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

import pytest
from pydantic import ValidationError
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from vonage_http_client.auth import Auth  # type: ignore[import-untyped]

from alert_relay.groupfile.channels import channel_kinds
from services.notifier.channels.kannel import KannelChannel
from services.notifier.channels.sms_gateway import SmsGatewayChannel
from services.notifier.channels.twilio import TwilioChannel
from services.notifier.channels.vonage import VonageChannel
from shared.contracts.alerts import AlertBody, AlertRaised, PublicPlace
from shared.contracts.base import Place
from shared.contracts.groups import GroupDefinition
from shared.plugins.channel_testing import (
    MESSAGE,
    Answer,
    ChannelConformance,
    HttpProvider,
    Provider,
    a_host,
)
from shared.plugins.sms import own_id
from shared.plugins.spec import (
    BadCredentials,
    Channel,
    Delivered,
    DeliveryReceipt,
    GivesReceipts,
    Ignored,
    Outcome,
    Refused,
    Rejected,
    RetryLater,
    Unknown,
    WebhookRequest,
)
from shared.words import render
from shared.words.sms import sms_length

ONE, TWO = "+447700900123", "+447700900456"
KEY = "a1-x-0"
NAME = own_id(KEY)
URL = "https://hub.example/receipts/hackney/texts"
NOW = datetime(2026, 6, 22, 14, 46, tzinfo=UTC)
SECRETS = {"env:SECRET": "made-up-secret", "env:SIGNING": "made-up-signing", "env:TWO": TWO}
AC = "AC" + "0" * 32


async def open_channel(plugin: type[Any], settings: Mapping[str, Any], url: str = URL) -> Any:
    async with a_host(SECRETS) as host:
        return plugin(plugin.Settings.model_validate(settings), replace(host, receipts_url=url))


def given(plugin: type[Any], **more: str) -> dict[str, Any]:
    """The example's settings, with secrets that there are."""
    return {**plugin.spec.example, **more}


def call(
    url: str = URL, body: bytes = b"", headers: Mapping[str, str] | None = None, method: str = "POST"
) -> WebhookRequest:
    return WebhookRequest(method=method, url=url, headers=headers or {}, body=body, now=NOW)


class SmsConformance(ChannelConformance):
    """What all SMS channels keep besides."""

    secrets: ClassVar[Mapping[str, str]] = SECRETS
    words: ClassVar[str]
    taken: ClassVar[Answer]

    async def start_provider(self) -> Provider:
        provider = HttpProvider(self.words)
        await provider.start()
        provider.will(self.taken)
        return provider

    async def test_a_reference_to_what_is_no_number_costs_nobody_else_anything(
        self, channel: Channel, provider: Provider
    ) -> None:
        for wrong in ("", "made-up", "07700900123", "+44 7700 900123", "+447700900123\r\nX: 1", "+1"):
            assert await channel.send(wrong, MESSAGE, key=KEY) == Rejected("bad_number")
        assert not provider.received
        assert isinstance(await channel.send(TWO, MESSAGE, key=KEY), Delivered)

    @pytest.mark.parametrize(
        "to", [["07700900123"], ["+44 7700 900123"], ["+4477"], [ONE, ONE], [], ["rota@group.example"]]
    )
    def test_numbers_are_checked_when_the_group_is_read(self, provider: Provider, to: list[str]) -> None:
        with pytest.raises(ValidationError, match="to"):
            self.plugin.Settings.model_validate({**self.settings(provider), "to": to})

    def test_it_is_known_as_sms_of_two_segments_whose_provider_says_more_later(self) -> None:
        assert self.plugin.spec.sms
        assert self.plugin.max_chars == 306
        assert issubclass(self.plugin, GivesReceipts)

    async def test_an_old_urgent_message_does_not_wait_for_a_phone_as_long_as_the_end(
        self, channel: Channel, provider: Provider
    ) -> None:
        await channel.send(ONE, MESSAGE, key=KEY)
        await channel.send(ONE, replace(MESSAGE, urgent=False), key=KEY)
        urgent, later = (self.lives_s(json.dumps([dict(got.headers), got.raw])) for got in provider.received)
        assert 0 < urgent < later <= 14_400

    def lives_s(self, sent: str) -> int:
        """How long the message may wait, as it was asked for."""
        raise NotImplementedError

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("html", "<script>alert(1)</script> <b>now</b> &amp;"),
            ("markdown", "**now** [x](https://x.example) `y` @everyone"),
            ("formula", "=HYPERLINK(1) +1 -1 @SUM"),
            ("bidi", "\u202eesrever\u2066 \u200bhidden\u200f"),
            ("marks", "Ashwin St" + "\u0301" * 500),
            ("long word", "a" * 10_000),
            ("emoji", "😱" * 100),
            ("dear", "[{€}]" * 60),
            ("lines", "one\r\ntwo\u2028three\0four"),
            ("percent", "%d %25 %n %A +%2B"),
        ],
    )
    async def test_whatever_people_write_arrives_harmless_and_is_counted_rightly(
        self, channel: Channel, provider: Provider, name: str, said: str
    ) -> None:
        message = rendered(said)
        assert isinstance(await channel.send(ONE, message, key=KEY), Delivered)
        assert [got.text for got in provider.received] == [message.text], name
        found = sms_length(message.text)
        assert (found.plain, found.segments <= 2) == (True, True), message.text
        assert not set(message.text) & set("\u202e\u2066\u200b\u200f\u0301\r\n\u2028\0<>")
        for must in ("UNCONFIRMED D7K", "14/5 18:42", "Observe, don't obstruct."):
            assert must in message.text


def rendered(said: str) -> Any:
    """An alert whose place, excerpt and group were written by somebody hostile."""
    at = datetime(2022, 5, 14, 17, 42, tzinfo=UTC)
    place = Place(lat=51.5, lon=0, radius_m=60, how="street", label=said)
    body = AlertBody(
        place=place,
        public=PublicPlace(lat=51.5, lon=0, radius_m=300, label=said),
        first_report_at=at,
        reports=4,
        first_hand=1,
        excerpt=said,
        statement=said,
    )
    raised = AlertRaised(
        id="e1",
        at=at,
        alert_id="a1",
        group="hackney",
        group_version=1,
        audience="verifiers",
        kind="UNCONFIRMED",
        urgency="urgent",
        not_after=at + timedelta(hours=2),
        incident_id="i1",
        code="D7K",
        status="unconfirmed",
        body=body,
    )
    group = GroupDefinition(id="hackney", name="Hackney Anti Raids")
    return render(raised, group, language="en", max_chars=306, base_url="https://ar.example")


class TestKannel(SmsConformance):
    plugin = KannelChannel
    words = ""
    taken = Answer(202, Delivered(NAME), body=b"0: Accepted for delivery", exact=True)
    answers = (
        taken,
        Answer(202, Delivered(NAME), body=b"3: Queued for later delivery", exact=True),
        Answer(400, Rejected("http_400"), body=b"Empty receiver number not allowed, rejected", exact=True),
        Answer(
            400,
            Rejected("denied_by_gateway"),
            body=b"Number(s) has/have been denied by white- and/or black-lists.",
            exact=True,
        ),
        Answer(403, BadCredentials(), body=b"Authorization failed for sendsms"),
        Answer(403, Rejected("not_routable"), body=b"Not routable. Do not try again.", exact=True),
        Answer(404, Rejected("http_404"), exact=True),
        Answer(429, RetryLater("http_429", 7.0), headers={"Retry-After": "7"}, exact=True),
        Answer(500, RetryLater("http_500"), exact=True),
        Answer(502, Unknown("http_502"), exact=True),
        Answer(503, RetryLater("http_503"), body=b"Temporal failure, try again later.", exact=True),
        Answer(504, Unknown("http_504"), exact=True),
    )

    def settings(self, provider: Provider) -> dict[str, Any]:
        return {
            "url": provider.url,
            "username": "relay",
            "password": "env:SECRET",
            "sender": "Hackney",
            "to": [ONE, "env:TWO"],
        }

    def lives_s(self, sent: str) -> int:
        return int(json.loads(sent)[0]["x-kannel-validity"]) * 60

    async def test_the_password_stands_in_no_address_and_plain_words_cost_least(
        self, channel: Channel, provider: Provider
    ) -> None:
        await channel.send(ONE, MESSAGE, key=KEY)
        await channel.send(TWO, replace(MESSAGE, text="OVER [D7K] £5 è"), key=KEY)
        first, second = provider.received
        assert {got.call for got in provider.received} == {"POST /cgi-bin/sendsms"}
        assert [got.headers["x-kannel-to"] for got in (first, second)] == [ONE, TWO]
        assert [got.headers["x-kannel-coding"] for got in (first, second)] == ["2", "0"]
        assert first.headers["content-type"] == "text/plain; charset=UTF-8"
        assert "x-kannel-dlr-url" not in first.headers

    async def test_receipts_are_asked_for_at_an_address_that_only_we_could_make(
        self, provider: Provider
    ) -> None:
        async with a_host(SECRETS) as host:
            settings = KannelChannel.Settings.model_validate(self.settings(provider))
            channel = KannelChannel(settings, replace(host, receipts_url="https://h.example/a%20b"))  # type: ignore[arg-type]
            await channel.send(ONE, MESSAGE, key=KEY)
            url = provider.received[0].headers["x-kannel-dlr-url"]
            assert url.startswith("https://h.example/a%%20b?id=")
            assert provider.received[0].headers["x-kannel-dlr-mask"] == "19"
            good = url.replace("%%", "%")
            cases: Sequence[tuple[str, object]] = (
                ("1", [DeliveryReceipt(NAME, "delivered")]),
                ("2", [DeliveryReceipt(NAME, "failed", "undelivered")]),
                ("16", [DeliveryReceipt(NAME, "failed", "refused_by_smsc")]),
                ("4", Ignored("not_final")),
                ("8", Ignored("not_final")),
                ("1%00", Ignored("not_final")),
            )
            for status, means in cases:
                said = channel.receipts(call(good.replace("%d", status), method="GET"))
                assert said == means, status
            for spoilt in (
                good.replace(NAME, own_id("a2-x-0")),
                good.replace("code=", "code=0"),
                good.split("&code=")[0] + "&status=1",
                "https://h.example/a?" + "x=1&" * 500,
                "https://h.example/a?code=%ff&id=%f0%9f",
            ):
                refused = channel.receipts(call(spoilt, method="GET"))
                assert isinstance(refused, Refused), spoilt
                assert (refused.status, refused.code) == (403, "bad_signature")


class TestTwilio(SmsConformance):
    plugin = TwilioChannel
    words = "Body"
    taken = Answer(201, Delivered("SM1"), body=b'{"sid":"SM1","status":"queued"}', exact=True)
    answers = (
        taken,
        Answer(201, Delivered(None), body=b"<html>", exact=True),
        Answer(400, Rejected("has_left"), body=b'{"code":21610,"message":"unsubscribed"}', exact=True),
        Answer(400, Rejected("bad_number"), body=b'{"code":21211}', exact=True),
        Answer(400, Rejected("bad_sender"), body=b'{"code":21606}', exact=True),
        Answer(400, Rejected("no_mobile_number"), body=b'{"code":21614}', exact=True),
        Answer(400, Rejected("http_400"), body=b'{"code":"21610"}', exact=True),
        Answer(400, Rejected("http_400"), body=b"[]", exact=True),
        Answer(401, BadCredentials(), body=b'{"code":20003}'),
        Answer(403, BadCredentials(), body=b'{"code":20005}'),
        Answer(
            429,
            RetryLater("http_429", 3.0),
            body=b'{"code":20429,"message":"Too Many Requests"}',
            headers={"Retry-After": "3"},
            exact=True,
        ),
        Answer(
            429,
            RetryLater("queue_full", 60.0),
            body=b'{"code":21611}',
            headers={"Retry-After": "60"},
            exact=True,
        ),
        Answer(500, RetryLater("http_500"), exact=True),
        Answer(502, Unknown("http_502"), exact=True),
        Answer(503, RetryLater("http_503", 20.0), headers={"Retry-After": "20"}, exact=True),
    )

    def settings(self, provider: Provider) -> dict[str, Any]:
        return {
            "account_sid": AC,
            "auth_token": "env:SECRET",
            "sender": "+442079460000",
            "to": [ONE, "env:TWO"],
            "api": provider.url,
        }

    def lives_s(self, sent: str) -> int:
        return int(dict(parse_qsl(json.loads(sent)[1]))["ValidityPeriod"])

    async def test_it_asks_for_no_receipts_where_twilio_could_not_call(self, provider: Provider) -> None:
        async with a_host(SECRETS) as host:
            settings = TwilioChannel.Settings.model_validate(self.settings(provider))
            local = replace(host, receipts_url="http://127.0.0.1:8083/receipts/hackney/texts")
            await TwilioChannel(settings, local).send(ONE, MESSAGE, key=KEY)  # type: ignore[arg-type]
        assert "StatusCallback" not in provider.received[0].raw

    async def test_it_asks_for_receipts_where_they_can_come(self, provider: Provider) -> None:
        for sender, key in (("+442079460000", "From"), ("MG" + "1" * 32, "MessagingServiceSid")):
            async with a_host(SECRETS) as host:
                settings = TwilioChannel.Settings.model_validate(
                    {**self.settings(provider), "sender": sender}
                )
                channel = TwilioChannel(settings, replace(host, receipts_url=URL))  # type: ignore[arg-type]
                await channel.send(ONE, MESSAGE, key=KEY)
            got = provider.received[-1]
            form = dict(parse_qsl(got.raw))
            assert got.call == f"POST /2010-04-01/Accounts/{AC}/Messages.json"
            assert (form["To"], form[key], form["StatusCallback"]) == (ONE, sender, URL)

    @pytest.mark.parametrize(
        ("said", "means"),
        [
            ({"MessageStatus": "delivered"}, [DeliveryReceipt("SM1", "delivered")]),
            ({"MessageStatus": "read"}, [DeliveryReceipt("SM1", "delivered")]),
            (
                {"MessageStatus": "failed", "ErrorCode": "21610"},
                [DeliveryReceipt("SM1", "failed", "has_left")],
            ),
            (
                {"MessageStatus": "undelivered", "ErrorCode": "30008"},
                [DeliveryReceipt("SM1", "failed", "twilio_30008")],
            ),
            ({"MessageStatus": "undelivered"}, [DeliveryReceipt("SM1", "failed", "undelivered")]),
            ({"MessageStatus": "sent"}, Ignored("not_final")),
            ({"MessageStatus": "made up tomorrow"}, Ignored("not_final")),
            ({}, Ignored("not_final")),
        ],
    )
    async def test_a_callback_signed_by_the_vendors_own_library_is_understood(
        self, said: dict[str, str], means: object
    ) -> None:
        channel = await open_channel(TwilioChannel, given(self.plugin, auth_token="env:SECRET"))
        form = {"MessageSid": "SM1", **said}
        signature = RequestValidator("made-up-secret").compute_signature(URL, form)
        body = urlencode(form).encode()
        assert channel.receipts(call(body=body, headers={"x-twilio-signature": signature})) == means
        for wrong in (
            call(body=body + b"&x=1", headers={"x-twilio-signature": signature}),
            call(URL + "2", body, {"x-twilio-signature": signature}),
            call(body=body, headers={"x-twilio-signature": "ü"}),
            call(body=body),
            call(body=b"\xff", headers={"x-twilio-signature": signature}),
        ):
            assert isinstance(channel.receipts(wrong), Refused)

    async def test_a_signed_callback_about_nothing_is_refused(self) -> None:
        channel = await open_channel(TwilioChannel, given(self.plugin, auth_token="env:SECRET"))
        signature = RequestValidator("made-up-secret").compute_signature(URL, {"a": "b"})
        assert channel.receipts(call(body=b"a=b", headers={"x-twilio-signature": signature})).status == 422


def vonage(*codes: str, **more: str) -> bytes:
    messages = [{"status": code, "message-id": f"m{n}", **more} for n, code in enumerate(codes)]
    return json.dumps({"message-count": str(len(codes)), "messages": messages}).encode()


def answers(code: str, outcome: Outcome) -> Answer:
    return Answer(200, outcome, body=vonage(code), exact=not isinstance(outcome, BadCredentials))


class TestVonage(SmsConformance):
    plugin = VonageChannel
    words = "text"
    taken = Answer(200, Delivered(NAME), body=vonage("0", "0"), exact=True)
    answers = (
        taken,
        answers("1", RetryLater("throttled")),
        answers("2", Rejected("vonage_2")),
        answers("3", Rejected("vonage_3")),
        answers("4", BadCredentials()),
        answers("5", RetryLater("vonage_5")),
        answers("7", Rejected("barred")),
        answers("8", BadCredentials()),
        answers("9", RetryLater("no_credit")),
        answers("12", Rejected("too_long")),
        answers("14", BadCredentials()),
        answers("15", Rejected("bad_sender")),
        answers("29", Rejected("not_on_trial_list")),
        answers("33", Rejected("number_gone")),
        answers("made up", Rejected("vonage_made up")),
        Answer(200, Unknown("partly_taken"), body=vonage("0", "1"), exact=True),
        Answer(200, Unknown("not_understood"), body=b"<html>", exact=True),
        Answer(200, Unknown("not_understood"), body=b'{"messages":{}}', exact=True),
        Answer(401, BadCredentials()),
        Answer(429, RetryLater("http_429", 2.0), headers={"Retry-After": "2"}, exact=True),
        Answer(500, RetryLater("http_500"), exact=True),
        Answer(504, Unknown("http_504"), exact=True),
    )

    def settings(self, provider: Provider) -> dict[str, Any]:
        return {
            "api_key": "abcd1234",
            "api_secret": "env:SECRET",
            "signature_secret": "env:SIGNING",
            "sender": "+442079460000",
            "to": [ONE, "env:TWO"],
            "api": provider.url,
        }

    def lives_s(self, sent: str) -> int:
        return int(dict(parse_qsl(json.loads(sent)[1]))["ttl"]) // 1000

    async def test_the_alphabet_that_the_words_need_and_a_name_that_comes_back(
        self, channel: Channel, provider: Provider
    ) -> None:
        await channel.send(ONE, MESSAGE, key=KEY)
        await channel.send(ONE, replace(MESSAGE, text="OVER [D7K] £5 è"), key=KEY)
        first, second = (dict(parse_qsl(got.raw)) for got in provider.received)
        assert (first["type"], second["type"]) == ("unicode", "text")
        assert (first["to"], first["from"]) == ("447700900123", "442079460000")
        assert first["client-ref"] == second["client-ref"] == NAME
        assert "callback" not in first

    async def test_without_a_signature_secret_no_receipts_are_asked_for_or_believed(
        self, provider: Provider
    ) -> None:
        async with a_host(SECRETS) as host:
            for secret, asked in (("", False), ("env:SIGNING", True)):
                settings = {**self.settings(provider), "signature_secret": secret}
                channel = VonageChannel(
                    VonageChannel.Settings.model_validate(settings),  # type: ignore[arg-type]
                    replace(host, receipts_url=URL),
                )
                await channel.send(ONE, MESSAGE, key=KEY)
                assert (dict(parse_qsl(provider.received[-1].raw)).get("callback") == URL) is asked
                signed = urlencode(vonage_signed({"client-ref": NAME, "status": "delivered"})).encode()
                assert isinstance(channel.receipts(call(body=signed)), list) is asked

    @pytest.mark.parametrize(
        ("said", "means"),
        [
            ({"status": "delivered", "err-code": "0"}, [DeliveryReceipt(NAME, "delivered")]),
            ({"status": "failed", "err-code": "2"}, [DeliveryReceipt(NAME, "failed", "vonage_err_2")]),
            ({"status": "expired"}, [DeliveryReceipt(NAME, "failed", "vonage_err")]),
            ({"status": "rejected", "err-code": "7"}, [DeliveryReceipt(NAME, "failed", "vonage_err_7")]),
            ({"status": "accepted"}, Ignored("not_final")),
            ({"status": "buffered"}, Ignored("not_final")),
            ({"status": "a&b=c"}, Ignored("not_final")),
        ],
    )
    @pytest.mark.parametrize("way", ["GET", "form", "json"])
    async def test_a_receipt_signed_by_the_vendors_own_library_is_understood(
        self, way: str, said: dict[str, str], means: object
    ) -> None:
        settings = given(self.plugin, api_secret="env:SECRET", signature_secret="env:SIGNING")
        channel = await open_channel(VonageChannel, settings)
        told = vonage_signed({"client-ref": NAME, "msisdn": "447700900123", **said})
        assert channel.receipts(vonage_call(told, way)) == means
        for spoilt in (
            told | {"client-ref": own_id("a2-x-0")},
            {k: v for k, v in told.items() if k != "sig"},
            {k: v for k, v in told.items() if k != "timestamp"},
            told | {"sig": "ü"},
        ):
            assert isinstance(channel.receipts(vonage_call(spoilt, way)), Refused)

    async def test_hostile_receipts_are_refused(self) -> None:
        settings = given(self.plugin, api_secret="env:SECRET", signature_secret="env:SIGNING")
        channel = await open_channel(VonageChannel, settings)
        json_kind = {"content-type": "application/json"}
        for hostile in (
            call(body=b"["),
            call(body=b"[" * 100_000, headers=json_kind),
            call(body=b"[]", headers=json_kind),
            call(body=b"\xff\xfe"),
            call(body=b"x=1&" * 5_000),
        ):
            assert isinstance(channel.receipts(hostile), Refused)
        assert channel.receipts(vonage_call(vonage_signed({"status": "delivered"}), "form")) == Ignored(
            "not_ours"
        )


def vonage_signed(params: dict[str, str]) -> dict[str, str]:
    auth = Auth(api_key="abcd1234", signature_secret="made-up-signing", signature_method="sha256")
    whole = {**params, "timestamp": "1782139560", "nonce": "n1"}
    return {**whole, "sig": auth.sign_params(dict(whole))}


def vonage_call(params: dict[str, str], way: str) -> WebhookRequest:
    if way == "GET":
        return call(f"{URL}?{urlencode(params)}", method="GET")
    if way == "form":
        return call(body=urlencode(params).encode())
    return call(body=json.dumps(params).encode(), headers={"content-type": "application/json"})


class TestSmsGateway(SmsConformance):
    plugin = SmsGatewayChannel
    words = "textMessage.text"
    taken = Answer(202, Delivered(NAME), body=b'{"state":"Pending"}', exact=True)
    answers = (
        taken,
        Answer(409, Delivered(NAME), exact=True),
        Answer(400, Rejected("http_400"), exact=True),
        Answer(401, BadCredentials()),
        Answer(403, BadCredentials()),
        Answer(429, RetryLater("http_429", 9.0), headers={"Retry-After": "9"}, exact=True),
        Answer(500, RetryLater("http_500"), exact=True),
        Answer(502, Unknown("http_502"), exact=True),
        Answer(503, RetryLater("http_503"), exact=True),
    )

    def settings(self, provider: Provider) -> dict[str, Any]:
        return {
            "url": provider.url,
            "username": "sms",
            "password": "env:SECRET",
            "signing_key": "env:SIGNING",
            "to": [ONE, "env:TWO"],
        }

    def lives_s(self, sent: str) -> int:
        return int(json.loads(json.loads(sent)[1])["ttl"])

    async def test_every_attempt_has_one_id_and_asks_for_a_report(
        self, channel: Channel, provider: Provider
    ) -> None:
        for _ in range(2):
            await channel.send(ONE, MESSAGE, key=KEY)
        sent = [json.loads(got.raw) for got in provider.received]
        assert {one["id"] for one in sent} == {NAME}
        assert sent[0]["phoneNumbers"] == [ONE]
        assert sent[0]["withDeliveryReport"] is True

    @pytest.mark.parametrize(
        ("event", "means"),
        [
            ("sms:delivered", [DeliveryReceipt(NAME, "delivered")]),
            ("sms:failed", [DeliveryReceipt(NAME, "failed", "phone_failed")]),
            ("sms:sent", Ignored("not_final")),
            ("system:ping", Ignored("not_final")),
        ],
    )
    async def test_a_signed_call_is_understood_and_no_other_is(self, event: str, means: object) -> None:
        settings = given(self.plugin, password="env:SECRET", signing_key="env:SIGNING")
        channel = await open_channel(SmsGatewayChannel, settings)
        body = json.dumps({"id": "e1", "event": event, "payload": {"messageId": NAME}}).encode()
        assert channel.receipts(app_call(body)) == means
        assert isinstance(channel.receipts(replace(app_call(body), body=body + b" ")), Refused)
        assert isinstance(channel.receipts(call(body=body)), Refused)

    @pytest.mark.parametrize(
        "body", [b"[", b"[]", b'{"event":"sms:failed"}', b"\xff", b'{"event":1,"payload":[]}']
    )
    async def test_a_signed_call_about_nothing_is_refused(self, body: bytes) -> None:
        settings = given(self.plugin, password="env:SECRET", signing_key="env:SIGNING")
        channel = await open_channel(SmsGatewayChannel, settings)
        assert channel.receipts(app_call(body)).status == 422
        without = await open_channel(SmsGatewayChannel, {**settings, "signing_key": ""})
        assert without.receipts(app_call(body)).status == 403


def app_call(body: bytes) -> WebhookRequest:
    signature = hmac.new(b"made-up-signing", body + b"1782139560", hashlib.sha256).hexdigest()
    return call(body=body, headers={"x-signature": signature, "x-timestamp": "1782139560"})


def test_every_channel_of_ours_that_is_sms_stands_here() -> None:
    tried = {cls.plugin.spec.kind for cls in SmsConformance.__subclasses__()}
    assert {kind for kind, plugin in channel_kinds().items() if plugin.spec.sms} == tried

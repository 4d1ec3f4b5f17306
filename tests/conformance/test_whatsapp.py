"""WhatsApp against a stand-in that keeps the Cloud API; its webhooks in Meta's form, signed as Meta signs."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import pytest
from pydantic import ValidationError

from services.notifier.channels.whatsapp import WhatsAppChannel
from shared.plugins.channel_testing import MESSAGE, Answer, ChannelConformance, HttpProvider, Provider, a_host
from shared.plugins.sms import own_id
from shared.plugins.spec import (
    Answered,
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

FIXTURES = Path(__file__).parent / "fixtures/whatsapp"
ONE, TWO, KEY = "+447700900123", "+447700900456", "a1-x-0"
NAME = own_id(KEY)
URL = "https://hub.example/receipts/hackney/wa"
NOW = datetime(2026, 6, 22, 14, 46, tzinfo=UTC)
SECRETS = {
    "env:TOKEN": "EAAmade-up-token",
    "env:APP": "made-up-app-secret",
    "env:VERIFY": "made-up-verify-token",
    "env:TWO": TWO,
}


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes().replace(b"__NAME__", NAME.encode())


def refused(code: object, outcome: Outcome, status: int = 400, **headers: str) -> Answer:
    body = json.loads(fixture("refused"))
    body["error"]["code"] = code
    raw, given = json.dumps(body).encode(), {k.replace("_", "-"): v for k, v in headers.items()}
    return Answer(status, outcome, raw, given, exact=not isinstance(outcome, BadCredentials))


class TestWhatsApp(ChannelConformance):
    plugin = WhatsAppChannel
    secrets: ClassVar[Mapping[str, str]] = SECRETS
    answers = (
        Answer(200, Delivered(NAME), body=fixture("accepted"), exact=True),
        Answer(200, Unknown("not_understood"), body=b"<html>", exact=True),
        Answer(200, Unknown("not_understood"), body=b'{"messages":[]}', exact=True),
        refused(131026, Rejected("not_on_whatsapp")),
        refused(131047, Rejected("template_needed")),
        refused(131049, Rejected("held_back_by_meta")),
        refused(131050, Rejected("has_left")),
        refused(132000, Rejected("template_differs")),
        refused(132001, Rejected("no_such_template"), 404),
        refused(132015, Rejected("template_paused")),
        refused(131021, Rejected("bad_number")),
        refused(133010, Rejected("bad_sender")),
        refused(130429, RetryLater("rate_limited"), 429),
        refused(130429, RetryLater("rate_limited", 60.0), 429, Retry_After="60"),
        refused(80007, RetryLater("rate_limited")),
        refused(4, RetryLater("rate_limited")),
        refused(131056, RetryLater("rate_limited")),
        refused(131048, RetryLater("taken_for_spam")),
        refused(131042, RetryLater("no_credit")),
        refused(190, BadCredentials(), 401),
        refused(0, BadCredentials(), 401),
        refused(10, BadCredentials(), 403),
        refused(200, BadCredentials(), 403),
        refused(299, BadCredentials(), 400),
        refused(131031, BadCredentials(), 403),
        refused(100, Rejected("http_400")),
        refused("131026", Rejected("http_400")),
        refused(True, Rejected("http_400")),  # noqa: FBT003 - true is 1 to Python, and no code of Meta's
        refused([], Rejected("http_400")),
        Answer(400, Rejected("http_400"), body=b'{"error":"no"}', exact=True),
        Answer(401, BadCredentials(), body=b"<html>"),
        Answer(429, RetryLater("http_429", 9.0), headers={"Retry-After": "9"}, exact=True),
        refused(131000, RetryLater("http_500"), 500),
        Answer(502, Unknown("http_502"), exact=True),
        Answer(503, RetryLater("http_503", 20.0), headers={"Retry-After": "20"}, exact=True),
    )

    def settings(self, provider: Provider) -> dict[str, Any]:
        return {
            "phone_number_id": "106540352242922",
            "token": "env:TOKEN",
            "template": "raid_alert",
            "app_secret": "env:APP",
            "verify_token": "env:VERIFY",
            "to": [ONE, "env:TWO"],
            "api": f"{provider.url}/v24.0",
        }

    async def start_provider(self) -> Provider:
        provider = HttpProvider("template.components.0.parameters.0.text")
        await provider.start()
        provider.will(self.answers[0])
        return provider

    async def test_a_template_goes_to_one_number_under_a_name_of_ours(
        self, channel: Channel, provider: Provider
    ) -> None:
        await channel.send(TWO, MESSAGE, key=KEY)
        got = provider.received[0]
        assert got.call == "POST /v24.0/106540352242922/messages"
        assert got.headers["authorization"] == "Bearer EAAmade-up-token"
        assert json.loads(got.raw) == {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": TWO.removeprefix("+"),
            "type": "template",
            "template": {
                "name": "raid_alert",
                "language": {"code": "en"},
                "components": [{"type": "body", "parameters": [{"type": "text", "text": MESSAGE.text}]}],
            },
            "biz_opaque_callback_data": NAME,
        }

    async def test_the_templates_parameters_are_filled_in_order_and_never_with_what_whatsapp_refuses(
        self, provider: Provider
    ) -> None:
        settings = self.settings(provider) | {"parameters": ["kind", "code", "subject", "text"]}
        async with a_host(SECRETS) as host:
            channel = WhatsAppChannel(WhatsAppChannel.Settings.model_validate(settings), host)  # type: ignore[arg-type]
            await channel.send(ONE, replace(MESSAGE, text="one\n two\t\tthree     four", code=None), key=KEY)
        (body,) = json.loads(provider.received[0].raw)["template"]["components"]
        assert [p["text"] for p in body["parameters"]] == [
            "UNCONFIRMED",
            "-",
            MESSAGE.subject,
            "one two three four",
        ]

    def test_a_template_without_the_text_would_not_say_everything(self, provider: Provider) -> None:
        with pytest.raises(ValidationError, match="parameters"):
            self.plugin.Settings.model_validate(self.settings(provider) | {"parameters": ["kind", "code"]})

    async def test_what_is_no_number_costs_nobody_else_anything(
        self, channel: Channel, provider: Provider
    ) -> None:
        assert await channel.send("07700900123", MESSAGE, key=KEY) == Rejected("bad_number")
        assert not provider.received

    async def test_the_ledger_learns_no_number_from_the_providers_id(
        self, channel: Channel, provider: Provider
    ) -> None:
        assert b"NDQ3NzAwOTAwMTIz" in fixture("accepted")  # 447700900123 in Meta's own id
        outcome = await channel.send(ONE, MESSAGE, key=KEY)
        assert outcome == Delivered(NAME)
        assert provider.received

    async def test_metas_own_words_go_along(self, channel: Channel, provider: Provider) -> None:
        provider.will(refused(131026, Rejected("not_on_whatsapp")))
        outcome: Any = await channel.send(ONE, MESSAGE, key=KEY)
        assert outcome.words == "(#131026) Message undeliverable"


# --- what Meta says later -------------------------------------------------------------------------


async def made(**more: str) -> GivesReceipts:
    settings = {**WhatsAppChannel.spec.example, "token": "env:TOKEN", "app_secret": "env:APP",
                "verify_token": "env:VERIFY", **more}  # fmt: skip
    async with a_host(SECRETS) as host:
        return WhatsAppChannel(WhatsAppChannel.Settings.model_validate(settings), host)  # type: ignore[arg-type]


def call(body: bytes, *, secret: str = SECRETS["env:APP"], signed: bytes | None = None) -> WebhookRequest:
    signature = hmac.new(secret.encode(), body if signed is None else signed, hashlib.sha256).hexdigest()
    return WebhookRequest(
        method="POST", url=URL, headers={"x-hub-signature-256": f"sha256={signature}"}, body=body, now=NOW
    )


def asked(query: Mapping[str, str], url: str = URL) -> WebhookRequest:
    return WebhookRequest(method="GET", url=f"{url}?{urlencode(query)}", headers={}, body=b"", now=NOW)


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("delivered", [DeliveryReceipt(NAME, "delivered")]),
        ("read", [DeliveryReceipt(NAME, "delivered")]),
        ("failed", [DeliveryReceipt(NAME, "failed", "not_on_whatsapp")]),
        ("sent", Ignored("not_final")),
        ("someone-wrote", Ignored("not_final")),
    ],
)
async def test_a_signed_status_is_understood_and_nothing_else_is(name: str, means: object) -> None:
    channel, body = await made(), fixture(name)
    assert channel.receipts(call(body)) == means
    for wrong in (
        call(body + b" ", signed=body),
        call(body, secret="another"),
        replace(call(body), headers={}),
        replace(call(body), headers={"x-hub-signature-256": "sha256=ü\udce9"}),
        replace(call(body), headers={"x-hub-signature-256": call(body).headers["x-hub-signature-256"][7:]}),
    ):
        told = channel.receipts(wrong)
        assert isinstance(told, Refused)
        assert (told.status, told.code) == (403, "bad_signature")


async def test_without_the_apps_secret_nothing_is_believed() -> None:
    channel = await made(app_secret="")
    assert isinstance(channel.receipts(call(fixture("delivered"), secret="")), Refused)


async def test_one_webhook_may_say_several_things_and_hold_what_is_not_ours() -> None:
    channel, body = await made(), json.loads(fixture("delivered"))
    statuses = body["entry"][0]["changes"][0]["value"]["statuses"]
    other = {**statuses[0], "biz_opaque_callback_data": "b" * 32, "status": "failed"}
    unnamed = {k: v for k, v in statuses[0].items() if k != "biz_opaque_callback_data"}
    statuses += [other | {"errors": [{"code": 131000}]}, other | {"errors": {}}, unnamed, "x", None]
    assert channel.receipts(call(json.dumps(body).encode())) == [
        DeliveryReceipt(NAME, "delivered"),
        DeliveryReceipt("b" * 32, "failed", "whatsapp_131000"),
        DeliveryReceipt("b" * 32, "failed", "failed"),
    ]


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"{}", b"\xff", b'"entry"', b"[" * 60_000])
async def test_a_signed_call_about_nothing_is_refused(body: bytes) -> None:
    told = (await made()).receipts(call(body))
    assert isinstance(told, Refused)
    assert told.status == 422


@pytest.mark.parametrize(
    "entry", ["1", "{}", "[1]", '[{"changes":1}]', '[{"changes":[{"value":[]}]}]',
              '[{"changes":[{"value":{"statuses":{"id":1}}}]}]',
              '[{"changes":[{"value":{"statuses":[{"status":[],"biz_opaque_callback_data":"x"}]}}]}]'],
)  # fmt: skip
async def test_whatever_stands_in_a_signed_webhook_is_answered_not_raised(entry: str) -> None:
    assert (await made()).receipts(call(f'{{"entry":{entry}}}'.encode())) == Ignored("not_final")


async def test_metas_question_is_answered_to_whoever_knows_the_verify_token_alone() -> None:
    channel = await made()
    good = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": SECRETS["env:VERIFY"]}
    assert channel.receipts(asked(good)) == Answered("1158201444")
    for wrong in (
        good | {"hub.verify_token": "made-up"},
        good | {"hub.verify_token": "ü"},
        good | {"hub.challenge": "<script>"},
        good | {"hub.challenge": ""},
        good | {"hub.challenge": "1" * 201},
        {"hub.challenge": "1158201444"},
        {f"x{n}": "1" for n in range(50)},
    ):
        told = channel.receipts(asked(wrong))
        assert isinstance(told, Refused), wrong
        assert told.code == "bad_verify_token"
    assert isinstance((await made(verify_token="")).receipts(asked(good | {"hub.verify_token": ""})), Refused)

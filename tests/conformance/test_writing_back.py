"""What every bridge of ours that writes back keeps, against a stand-in of its provider."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import pytest
from structlog.testing import capture_logs

from services.ingest.bridges.android_sms import AndroidSms
from services.ingest.bridges.kannel import KannelBridge
from services.ingest.bridges.mastodon import Mastodon
from services.ingest.bridges.matrix import Matrix
from services.ingest.bridges.telegram import Telegram
from services.ingest.bridges.twilio_sms import TwilioSms
from services.ingest.bridges.vonage import VonageBridge
from services.ingest.bridges.whatsapp_cloud import WhatsAppCloud
from shared.errors import SettingsError
from shared.plugins.channel_testing import Answer, HttpProvider, KnownSecrets, Received, a_host
from shared.plugins.sms import own_id
from shared.plugins.spec import (
    CANNOT_WRITE_BACK,
    BadCredentials,
    Bridge,
    ChannelHost,
    Delivered,
    Outcome,
    Reads,
    Rejected,
    RetryLater,
    Unknown,
    WritesBack,
)

TEXT = "Gracias. ¿Dónde es exactamente? Şu an nerede? & <b>+1=2</b>"
KEY = "a0123456789abcdef-a-bridge-of-an-ordinary-name-0"
SID = "AC" + "0" * 32


TAKEN = Answer(200, Delivered())


@dataclass(frozen=True)
class Case:
    """A bridge that writes back, and what its provider must get and may answer."""

    bridge: type[Any]
    reading: Mapping[str, Any]
    """Settings that reading alone needs."""
    writing: Mapping[str, Any]
    """Settings beside them; `{url}` is the stand-in's."""
    secrets: Mapping[str, str]
    late: str
    """The reference that writing alone needs."""
    address: str
    got: Callable[[Received], Any]
    wants: Any
    answers: tuple[Answer, ...]
    taken: Answer = TAKEN
    """What the provider says when it takes the text."""

    def make(self, url: str = "", *, writes: bool = True) -> Bridge | Reads:
        more = {k: v.format(url=url) if isinstance(v, str) else v for k, v in self.writing.items()}
        settings = self.bridge.Settings.model_validate({**self.reading, **(more if writes else {})})
        made: Bridge | Reads = self.bridge(settings, KnownSecrets(self.secrets))
        return made


def basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


def told_telegram(got: Received) -> Any:
    body = json.loads(got.raw)
    return body["chat_id"], body["text"]


def told_phone(got: Received) -> Any:
    body = json.loads(got.raw)
    assert len(body["id"]) <= 36
    return got.headers["authorization"], body["phoneNumbers"], body["textMessage"]["text"], body["ttl"]


def told_twilio(got: Received) -> Any:
    form = {k: v[0] for k, v in parse_qs(got.raw).items()}
    return got.headers["authorization"], form["To"], form["From"], form["Body"]


def told_kannel(got: Received) -> Any:
    assert got.call == "POST /cgi-bin/sendsms"
    said = [got.headers[f"x-kannel-{name}"] for name in ("username", "password", "from", "to", "coding")]
    return *said, got.headers["x-kannel-validity"], got.raw


def told_vonage(got: Received) -> Any:
    form = {k: v[0] for k, v in parse_qs(got.raw).items()}
    assert got.call == "POST /sms/json"
    assert form["client-ref"] == own_id(KEY)
    return [form[name] for name in ("api_key", "api_secret", "from", "to", "text", "type", "ttl")]


def vonage_says(status: str) -> bytes:
    return json.dumps({"message-count": "1", "messages": [{"status": status}]}).encode()


def told_matrix(got: Received) -> Any:
    body = json.loads(got.raw)
    assert got.call == f"PUT /_matrix/client/v3/rooms/%21direct%3Aexample.org/send/m.room.message/{KEY}"
    return got.headers["authorization"], body["msgtype"], body["body"]


def told_mastodon(got: Received) -> Any:
    assert got.call == "POST /api/v1/statuses"
    body = json.loads(got.raw)
    return got.headers["authorization"], got.headers["idempotency-key"], body["status"], body["visibility"]


def told_meta(got: Received) -> Any:
    assert got.call == "POST /106540352242922/messages"
    return got.headers["authorization"], json.loads(got.raw)


COMMON = (
    Answer(401, BadCredentials()),
    Answer(500, RetryLater("http_500"), exact=True),
    Answer(503, RetryLater("http_503", 120.0), headers={"Retry-After": "120"}, exact=True),
    Answer(400, Rejected("http_400"), body=b"<html>", exact=True),
)
TELEGRAM = Case(
    bridge=Telegram,
    reading={"secret_token": "env:SECRET"},
    writing={"bot_token": "env:BOT", "api": "{url}"},
    secrets={"env:SECRET": "secret-token-of-the-test", "env:BOT": "12345:bot-token-of-the-test"},
    late="env:BOT",
    address="4711",
    got=told_telegram,
    wants=(4711, TEXT),
    answers=(
        *COMMON,
        Answer(200, Delivered("77"), body=b'{"ok":true,"result":{"message_id":77}}', exact=True),
        Answer(403, Rejected("blocked_by_recipient"), exact=True),
        Answer(429, RetryLater("http_429", 31.0), body=b'{"parameters":{"retry_after":31}}', exact=True),
        Answer(502, Unknown("http_502"), exact=True),
    ),
)
ANDROID = Case(
    bridge=AndroidSms,
    reading={"signing_key": "env:KEY"},
    writing={"api_url": "{url}", "api_user": "sms", "api_password": "env:PASSWORD"},
    secrets={"env:KEY": "signing-key-of-the-test", "env:PASSWORD": "password-of-the-test"},
    late="env:PASSWORD",
    address="+447700900123",
    got=told_phone,
    wants=(basic("sms:password-of-the-test"), ["+447700900123"], TEXT, 900),
    answers=(
        *COMMON,
        Answer(202, Delivered()),
        Answer(409, Delivered()),
        Answer(429, RetryLater("http_429", 7.0), headers={"Retry-After": "7"}, exact=True),
    ),
)
TWILIO = Case(
    bridge=TwilioSms,
    reading={"auth_token": "env:TOKEN"},
    writing={"account_sid": SID, "number": "+442079460000", "api": "{url}"},
    secrets={"env:TOKEN": "12345-token-of-the-test"},
    late="env:TOKEN",
    address="+447700900123",
    got=told_twilio,
    wants=(basic(f"{SID}:12345-token-of-the-test"), "+447700900123", "+442079460000", TEXT),
    answers=(
        *COMMON,
        Answer(201, Delivered()),
        Answer(400, Rejected("has_left"), body=b'{"code": 21610}', exact=True),
        Answer(429, RetryLater("http_429"), exact=True),
    ),
)
KANNEL = Case(
    bridge=KannelBridge,
    reading={"webhook_password": "env:WEBHOOK"},
    writing={"url": "{url}/", "username": "relay", "password": "env:PASSWORD", "number": "+442079460000"},
    secrets={"env:WEBHOOK": "webhook-password-of-the-test", "env:PASSWORD": "password-of-the-test"},
    late="env:PASSWORD",
    address="+447700900123",
    got=told_kannel,
    wants=("relay", "password-of-the-test", "+442079460000", "+447700900123", "2", "15", TEXT),
    answers=(
        *COMMON,
        Answer(202, Delivered(own_id(KEY)), body=b"0: Accepted for delivery", exact=True),
        Answer(403, Rejected("not_routable"), body=b"Not routable. Do not try again.", exact=True),
        Answer(502, Unknown("http_502"), exact=True),
    ),
)
VONAGE = Case(
    bridge=VonageBridge,
    reading={"signature_secret": "env:SIGNATURE"},
    writing={
        "api_key": "abcd1234",
        "api_secret": "env:SECRET",
        "number": "+442079460000",
        "api": "{url}",
    },
    secrets={"env:SIGNATURE": "signature-secret-of-the-test", "env:SECRET": "api-secret-of-the-test"},
    late="env:SECRET",
    address="+447700900123",
    got=told_vonage,
    wants=["abcd1234", "api-secret-of-the-test", "442079460000", "447700900123", TEXT, "unicode", "900000"],
    answers=(
        *COMMON,
        Answer(200, RetryLater("throttled"), body=vonage_says("1"), exact=True),
        Answer(200, BadCredentials(), body=vonage_says("4")),
        Answer(200, Rejected("barred"), body=vonage_says("7"), exact=True),
        Answer(200, Unknown("not_understood"), body=b"<html>", exact=True),
        Answer(502, Unknown("http_502"), exact=True),
    ),
    taken=Answer(200, Delivered(own_id(KEY)), body=vonage_says("0"), exact=True),
)
MATRIX = Case(
    bridge=Matrix,
    reading={"user_id": "@relay:example.org", "hs_token": "env:HS", "as_token": "env:AS"},
    writing={"homeserver": "{url}"},
    secrets={"env:HS": "hs-token-of-the-test", "env:AS": "as-token-of-the-test"},
    late="",
    address="!direct:example.org",
    got=told_matrix,
    wants=("Bearer as-token-of-the-test", "m.text", TEXT),
    answers=(
        *COMMON,
        Answer(200, Delivered("$e1"), body=b'{"event_id":"$e1"}', exact=True),
        Answer(403, Rejected("not_in_room"), body=b'{"errcode":"M_FORBIDDEN"}', exact=True),
        Answer(429, RetryLater("http_429", 2.5), body=b'{"retry_after_ms":2500}', exact=True),
        Answer(502, Unknown("http_502"), exact=True),
    ),
)
WHATSAPP = Case(
    bridge=WhatsAppCloud,
    reading={
        "phone_number_id": "106540352242922",
        "app_secret": "env:APP",
        "verify_token": "env:VERIFY",
    },
    writing={"token": "env:TOKEN", "api": "{url}"},
    secrets={
        "env:APP": "app-secret-of-the-test",
        "env:VERIFY": "verify-token-of-the-test",
        "env:TOKEN": "EAAmade-up-token",
    },
    late="env:TOKEN",
    address="+447700900123",
    got=told_meta,
    wants=(
        "Bearer EAAmade-up-token",
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "447700900123",
            "type": "text",
            "text": {"preview_url": False, "body": TEXT},
        },
    ),
    answers=(
        *COMMON,
        Answer(200, Delivered(own_id(KEY)), body=b'{"messages":[{"id":"wamid.X"}]}', exact=True),
        Answer(200, Unknown("not_understood"), body=b"<html>", exact=True),
        Answer(400, Rejected("template_needed"), body=b'{"error":{"code":131047}}', exact=True),
        Answer(400, RetryLater("rate_limited"), body=b'{"error":{"code":131056}}', exact=True),
        Answer(429, RetryLater("http_429", 9.0), headers={"Retry-After": "9"}, exact=True),
        Answer(502, Unknown("http_502"), exact=True),
    ),
    taken=Answer(200, Delivered(), body=b'{"messages":[{"id":"wamid.X"}]}'),
)
MASTODON = Case(
    bridge=Mastodon,
    reading={"token": "env:TOKEN"},
    writing={"server": "{url}"},
    secrets={"env:TOKEN": "token-of-the-test"},
    late="",
    address="ada@far.example",
    got=told_mastodon,
    wants=("Bearer token-of-the-test", own_id(KEY), f"{TEXT}\n\n@ada@far.example", "direct"),
    answers=(
        *COMMON,
        Answer(200, Delivered("9"), body=b'{"id":"9"}', exact=True),
        Answer(422, Rejected("http_422"), body=b'{"error":"too long"}', exact=True),
        Answer(429, RetryLater("http_429", 7.0), headers={"Retry-After": "7"}, exact=True),
        Answer(502, Unknown("http_502"), exact=True),
    ),
)
CASES = [TELEGRAM, ANDROID, KANNEL, TWILIO, VONAGE, MATRIX, WHATSAPP, MASTODON]
each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.bridge.spec.kind)


@pytest.fixture
async def provider() -> AsyncIterator[HttpProvider]:
    provider = HttpProvider()
    await provider.start()
    yield provider
    await provider.stop()


async def write(bridge: Bridge | Reads, address: str, host: ChannelHost) -> Outcome:
    assert isinstance(bridge, WritesBack)
    return await bridge.write_back(address, TEXT, host, key=KEY)


@each
async def test_the_text_arrives_whole_at_its_address(case: Case, provider: HttpProvider) -> None:
    provider.will(case.taken)
    async with a_host(case.secrets) as host:
        assert isinstance(await write(case.make(provider.url), case.address, host), Delivered)
    assert [case.got(got) for got in provider.received] == [case.wants]


@each
async def test_every_answer_has_its_outcome(case: Case, provider: HttpProvider) -> None:
    async with a_host(case.secrets) as host:
        bridge = case.make(provider.url)
        for answer in case.answers:
            provider.will(answer)
            outcome = await write(bridge, case.address, host)
            assert type(outcome) is type(answer.means), f"{answer.status}: {outcome}"
            assert not answer.exact or outcome == answer.means


@each
async def test_silence_is_told_from_refusal(case: Case, provider: HttpProvider) -> None:
    """A connection that breaks may have carried it; one that never was, has not."""
    async with a_host(case.secrets) as host:
        bridge = case.make(provider.url)
        provider.will_reset()
        assert isinstance(await write(bridge, case.address, host), Unknown)
        provider.will_hang()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(write(bridge, case.address, host), 0.2)
        await provider.stop()
        assert isinstance(await write(bridge, case.address, host), RetryLater)


needs_more = pytest.mark.parametrize(
    "case", [case for case in CASES if case.late], ids=lambda case: case.bridge.spec.kind
)
"""Those that can read without what writing needs; Matrix has to ask its homeserver to read."""


@needs_more
async def test_without_its_settings_it_says_so_and_sends_nothing(case: Case, provider: HttpProvider) -> None:
    async with a_host(case.secrets) as host:
        assert await write(case.make(writes=False), case.address, host) == CANNOT_WRITE_BACK
    assert provider.received == []


@needs_more
async def test_a_missing_secret_is_named_when_it_is_needed(case: Case, provider: HttpProvider) -> None:
    async with a_host({}) as host:
        with pytest.raises(SettingsError, match=case.late):
            await write(case.make(provider.url), case.address, host)
    assert provider.received == []


@each
async def test_no_secret_and_no_address_shows(
    case: Case, provider: HttpProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bridge = case.make(provider.url)
    said = [repr(bridge)]
    with capture_logs() as logs:
        async with a_host(case.secrets) as host:
            for answer in case.answers:
                provider.will(answer)
                said.append(repr(await write(bridge, case.address, host)))
    everything = "\n".join([*said, repr(logs), caplog.text])
    assert not [word for word in (*case.secrets.values(), case.address) if word in everything]


async def test_whoever_wrote_by_whatsapp_is_answered_there(provider: HttpProvider) -> None:
    async with a_host(TWILIO.secrets) as host:
        await write(TWILIO.make(provider.url), "whatsapp:+447700900123", host)
    assert told_twilio(provider.received[0])[1:3] == ("whatsapp:+447700900123", "whatsapp:+442079460000")


async def test_the_phone_gets_one_id_for_one_question(provider: HttpProvider) -> None:
    """So that the app can tell that it was given one message twice."""
    async with a_host(ANDROID.secrets) as host:
        for _ in range(2):
            await write(ANDROID.make(provider.url), ANDROID.address, host)
    assert len({json.loads(got.raw)["id"] for got in provider.received}) == 1


async def test_whoever_hides_their_number_is_answered_by_metas_own_id(provider: HttpProvider) -> None:
    async with a_host(WHATSAPP.secrets) as host:
        await write(WHATSAPP.make(provider.url), "GB.13491208655302741918", host)
        assert await write(WHATSAPP.make(provider.url), "no address", host) == Rejected("bad_number")
    (got,) = provider.received
    told = json.loads(got.raw)
    assert (told["recipient"], "to" in told) == ("GB.13491208655302741918", False)

"""Every channel of ours keeps what channels keep; and what is special about each."""

import asyncio
import base64
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes, policy
from typing import Any, ClassVar

import pytest
from aiosmtpd import smtp
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook

from services.notifier.channels import load_channels
from services.notifier.channels.feed import FeedChannel
from services.notifier.channels.matrix import MatrixChannel
from services.notifier.channels.ntfy import NtfyChannel
from services.notifier.channels.smtp import SmtpChannel
from services.notifier.channels.telegram import TelegramChannel
from services.notifier.channels.webhook import WebhookChannel, WebhookSettings
from shared.errors import SettingsError
from shared.plugins.channel_testing import (
    MESSAGE,
    Answer,
    ChannelConformance,
    HttpProvider,
    Provider,
    Received,
    a_host,
)
from shared.plugins.spec import BadCredentials, Channel, Delivered, Rejected, RetryLater, Unknown

SIGNING = "whsec_" + base64.b64encode(b"a signing secret of 32 bytes ...").decode()


def test_the_manifest_names_every_channel() -> None:
    assert set(load_channels()) >= {"webhook", "smtp", "telegram", "ntfy", "feed", "matrix"}


class TestWebhook(ChannelConformance):
    plugin = WebhookChannel
    secrets: ClassVar[Mapping[str, str]] = {"env:SIGNING": SIGNING}
    answers = (
        Answer(200, Delivered(), exact=True),
        Answer(204, Delivered(), body=b""),
        Answer(302, Rejected("http_302"), headers={"Location": "http://127.0.0.1:1/"}, exact=True),
        Answer(400, Rejected("http_400"), exact=True),
        Answer(401, BadCredentials()),
        Answer(403, BadCredentials()),
        Answer(404, Rejected("http_404"), exact=True),
        Answer(410, Rejected("http_410"), exact=True),
        Answer(429, RetryLater("http_429", 7.0), headers={"Retry-After": "7"}, exact=True),
        Answer(500, RetryLater("http_500"), exact=True),
        Answer(503, RetryLater("http_503", 120.0), headers={"Retry-After": "120"}, exact=True),
    )

    def settings(self, provider: Provider) -> dict[str, Any]:
        return {"url": provider.url, "path": "/hackney/verifiers", "secret": "env:SIGNING"}

    async def test_the_signature_verifies_and_the_id_is_the_key_at_every_attempt(
        self, channel: Channel, provider: Provider
    ) -> None:
        for _ in range(2):
            await channel.send(channel.recipients()[0], MESSAGE, key="a1-hook-0")
        for got in provider.received:
            assert got.headers["webhook-id"] == "a1-hook-0"
            told = Webhook(SIGNING).verify(got.raw, dict(got.headers))
            assert told["type"] == "alert"
            assert told["text"] == MESSAGE.text
            assert told["code"] == "D7K"

    async def test_a_spoilt_signing_secret_is_named_not_shown(self) -> None:
        async with a_host({"env:S": "whsec_!"}) as host:
            with pytest.raises(SettingsError, match="env:S") as caught:
                WebhookChannel(WebhookSettings(url="https://x.example", secret="env:S"), host)
        assert "whsec_!" not in str(caught.value)


class TestTelegram(ChannelConformance):
    plugin = TelegramChannel
    secrets: ClassVar[Mapping[str, str]] = {"env:TOKEN": "12345:made-up-bot-token"}
    answers = (
        Answer(200, Delivered("77"), body=b'{"ok":true,"result":{"message_id":77}}', exact=True),
        Answer(400, Rejected("http_400"), exact=True),
        Answer(401, BadCredentials()),
        Answer(403, Rejected("blocked_by_recipient"), exact=True),
        Answer(404, BadCredentials()),
        Answer(
            429,
            RetryLater("http_429", 31.0),
            body=b'{"ok":false,"parameters":{"retry_after":31}}',
            exact=True,
        ),
        Answer(429, RetryLater("http_429"), body=b"<html>", exact=True),
        Answer(500, RetryLater("http_500"), exact=True),
        Answer(502, Unknown("http_502"), exact=True),
    )

    def settings(self, provider: Provider) -> dict[str, Any]:
        return {"token": "env:TOKEN", "to": ["-100123", "@hackney"], "api": provider.url}

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
    async def test_telegrams_own_words_go_along(
        self, channel: Channel, provider: Provider, status: int
    ) -> None:
        provider.will(Answer(status, Delivered(), body=b'{"ok":false,"description":"Unauthorized"}'))
        outcome: Any = await channel.send(channel.recipients()[0], MESSAGE, key="k")
        assert outcome.words == "Unauthorized"

    async def test_what_follows_answers_the_first_message_if_that_is_there_still(
        self, channel: TelegramChannel, provider: Provider
    ) -> None:
        await channel.reply("-100123", MESSAGE, key="k", first="77")
        await channel.reply("-100123", MESSAGE, key="k", first="no number")
        await channel.send("-100123", MESSAGE, key="k")
        told = [json.loads(got.raw).get("reply_parameters") for got in provider.received]
        assert told == [{"message_id": 77, "allow_sending_without_reply": True}, None, None]


class TestMatrix(ChannelConformance):
    plugin = MatrixChannel
    secrets: ClassVar[Mapping[str, str]] = {"env:TOKEN": "syt_made-up-access-token"}
    answers = (
        Answer(200, Delivered("$e1"), body=b'{"event_id":"$e1"}', exact=True),
        Answer(200, Delivered(), body=b"<html>", exact=True),
        Answer(400, Rejected("http_400"), body=b'{"errcode":"M_BAD_JSON"}', exact=True),
        Answer(401, BadCredentials(), body=b'{"errcode":"M_UNKNOWN_TOKEN","error":"Unrecognised"}'),
        Answer(401, BadCredentials(), body=b'{"errcode":"M_MISSING_TOKEN"}'),
        Answer(403, BadCredentials(), body=b'{"errcode":"M_USER_SUSPENDED"}'),
        Answer(403, BadCredentials(), body=b"<html>a proxy's</html>"),
        Answer(403, Rejected("not_in_room"), body=b'{"errcode":"M_FORBIDDEN"}', exact=True),
        Answer(404, Rejected("http_404"), body=b'{"errcode":"M_UNRECOGNIZED"}', exact=True),
        Answer(413, Rejected("http_413"), body=b'{"errcode":"M_TOO_LARGE"}', exact=True),
        Answer(
            429,
            RetryLater("http_429", 2.5),
            body=b'{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":2500}',
            exact=True,
        ),
        Answer(
            429,
            RetryLater("http_429", 7.0),
            body=b'{"retry_after_ms":2500}',
            headers={"Retry-After": "7"},
            exact=True,
        ),
        Answer(429, RetryLater("http_429"), body=b'{"retry_after_ms":"soon"}', exact=True),
        Answer(500, RetryLater("http_500"), exact=True),
        Answer(502, Unknown("http_502"), exact=True),
        Answer(503, RetryLater("http_503", 120.0), headers={"Retry-After": "120"}, exact=True),
    )

    def settings(self, provider: Provider) -> dict[str, Any]:
        return {"homeserver": provider.url, "token": "env:TOKEN", "to": ["!room?1:ex#.org", "!two"]}

    async def start_provider(self) -> Provider:
        provider = HttpProvider("body")
        await provider.start()
        return provider

    async def test_every_attempt_is_one_transaction_in_the_right_room(
        self, channel: Channel, provider: Provider
    ) -> None:
        for _ in range(2):
            await channel.send(channel.recipients()[0], MESSAGE, key="a1-chat-0")
        path = "/_matrix/client/v3/rooms/%21room%3F1%3Aex%23.org/send/m.room.message/a1-chat-0"
        assert {got.call for got in provider.received} == {f"PUT {path}"}
        assert {got.headers["authorization"] for got in provider.received} == {
            "Bearer syt_made-up-access-token"
        }

    @pytest.mark.parametrize(("urgent", "kind"), [(True, "m.text"), (False, "m.notice")])
    async def test_only_what_is_urgent_makes_a_phone_ring_and_no_word_does(
        self, channel: Channel, provider: Provider, *, urgent: bool, kind: str
    ) -> None:
        words = "@room <b>now</b> [x](https://x.example)"
        await channel.send("!two", replace(MESSAGE, text=words, urgent=urgent), key="k")
        sent = json.loads(provider.received[0].raw)
        assert sent == {"msgtype": kind, "body": words, "m.mentions": {}}

    async def test_what_follows_answers_the_first_message_and_still_calls_nobody(
        self, channel: MatrixChannel, provider: Provider
    ) -> None:
        await channel.reply("!two", MESSAGE, key="a2-chat-1", first="$e1")
        sent = json.loads(provider.received[0].raw)
        assert sent["m.relates_to"] == {"m.in_reply_to": {"event_id": "$e1"}}
        assert sent["m.mentions"] == {}
        assert provider.received[0].call.endswith("/a2-chat-1")

    def test_a_room_is_given_by_its_id(self) -> None:
        with pytest.raises(ValueError, match="pattern"):
            MatrixChannel.Settings.model_validate(
                {"homeserver": "https://x.example", "token": "env:T", "to": ["#alias:x.example"]}
            )


class TestNtfy(ChannelConformance):
    plugin = NtfyChannel
    secrets: ClassVar[Mapping[str, str]] = {"env:TOPIC": "hackney-7f3k", "env:TOKEN": "tk_madeup"}
    answers = (
        Answer(200, Delivered("hwQ2YpKdmg"), body=b'{"id":"hwQ2YpKdmg"}', exact=True),
        Answer(200, Delivered(None), body=b"not json", exact=True),
        Answer(401, BadCredentials()),
        Answer(403, BadCredentials()),
        Answer(413, Rejected("http_413"), exact=True),
        Answer(429, RetryLater("http_429"), exact=True),
        Answer(507, RetryLater("http_507"), exact=True),
    )

    def settings(self, provider: Provider) -> dict[str, Any]:
        return {"url": provider.url, "topic": "env:TOPIC", "token": "env:TOKEN"}

    async def test_urgent_is_loud_and_a_title_in_any_script_stays_one_header(
        self, channel: Channel, provider: Provider
    ) -> None:
        await channel.send(channel.recipients()[0], replace(MESSAGE, subject="DOĞRULANMADI D7K"), key="k")
        headers = provider.received[0].headers
        assert headers["priority"] == "5"
        encoded = headers["title"].removeprefix("=?UTF-8?B?").removesuffix("?=")
        assert base64.b64decode(encoded).decode() == "DOĞRULANMADI D7K"


class TestFeed(ChannelConformance):
    plugin = FeedChannel
    leaves_the_hub = False

    def settings(self, provider: Provider) -> dict[str, Any]:  # noqa: ARG002 - the suite's signature
        return {}

    async def test_what_is_delivered_is_the_alert(self, channel: Channel) -> None:
        assert await channel.send("public", MESSAGE, key="k") == Delivered("a1")


class MailServer:
    """A real SMTP server (aiosmtpd) that answers as it is told."""

    def __init__(self) -> None:
        self.url = ""
        self.received: list[Received] = []
        self.senders: list[str] = []
        self.options: list[str] = []
        self.session = smtp.SMTP
        self._answer = Answer(250, Delivered())
        self._manner = "answer"
        self._server: asyncio.Server | None = None
        self._open: set[smtp.SMTP] = set()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", 0)
        self.url = str(self._server.sockets[0].getsockname()[1])

    def _session(self) -> smtp.SMTP:
        session = self.session(self, enable_SMTPUTF8=False, loop=asyncio.get_running_loop())
        self._open.add(session)
        return session

    def will(self, answer: Answer) -> None:
        self._manner, self._answer = "answer", answer

    def will_hang(self) -> None:
        self._manner = "hang"

    def will_reset(self) -> None:
        self._manner = "reset"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for session in self._open:
                if session.transport is not None:
                    session.transport.close()
            await self._server.wait_closed()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: ARG002, N802 - aiosmtpd's signature
        if self._answer.status >= 400 and self._answer.body == b"rcpt":
            return f"{self._answer.status} no"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 - aiosmtpd's signature
        mail = message_from_bytes(envelope.content, policy=policy.default)
        headers = {name.lower(): str(value) for name, value in mail.items()}
        text = mail.get_content()
        self.received.append(Received(headers, text.replace("\r\n", "\n")))
        self.senders.append(envelope.mail_from)
        if self._manner == "hang":
            await asyncio.sleep(3600)
        if self._manner == "reset":
            server.transport.abort()
        return f"{max(self._answer.status, 250)} so be it"


class KnowsDsn(smtp.SMTP):
    """One that takes the options of RFC 3461."""

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd's
        await self.push("250-mail.group.example\r\n250-DSN")
        await super().smtp_EHLO(hostname)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's
        await super().smtp_MAIL(self._without_option(arg))

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's
        await super().smtp_RCPT(self._without_option(arg))

    def _without_option(self, arg: str | None) -> str:
        address, _, option = (arg or "").partition(" ")
        self.event_handler.options.append(option)
        return address


class TestSmtp(ChannelConformance):
    plugin = SmtpChannel
    answers = (
        Answer(250, Delivered(), exact=True),
        Answer(450, RetryLater("smtp_450"), body=b"rcpt", exact=True),
        Answer(550, Rejected("smtp_550"), body=b"rcpt", exact=True),
        Answer(451, RetryLater("smtp_451"), body=b"data", exact=True),
        Answer(554, Rejected("smtp_554"), body=b"data", exact=True),
        Answer(530, BadCredentials(), body=b"rcpt", exact=True),
    )

    def settings(self, provider: Provider) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": int(provider.url),
            "tls": "none",
            "sender": "relay@group.example",
            "to": ["rota@group.example", "second@group.example"],
        }

    async def start_provider(self) -> Provider:
        server = MailServer()
        await server.start()
        return server

    @pytest.mark.parametrize("name", ["hackney/mail", ""])
    async def test_each_mail_has_a_return_address_of_its_own_where_somebody_reads_it(
        self, provider: Provider, name: str
    ) -> None:
        assert isinstance(provider, MailServer)
        settings = {
            **self.settings(provider),
            "bounces_to": "bounces@group.example",
            "bounces_mailbox": "imaps://bounces@mail.group.example",
            "bounces_password": "env:BOUNCES",
        }
        async with a_host({"env:BOUNCES": "made-up"}) as host:
            made = SmtpChannel(SmtpChannel.Settings.model_validate(settings), replace(host, name=name))  # type: ignore[arg-type]  # validated
            outcomes = [await made.send("rota@group.example", MESSAGE, key=key) for key in ("a", "b", "a")]
        ids = [o.provider_id for o in outcomes if isinstance(o, Delivered)]
        if name:
            assert provider.senders == [f"bounces+{one}@group.example" for one in ids]
            assert (ids[0] == ids[2], ids[0] == ids[1]) == (True, False)
        else:
            assert (provider.senders, ids) == (["relay@group.example"] * 3, [None] * 3)

    async def test_a_server_that_can_is_asked_to_send_no_words_back(
        self, channel: Channel, provider: Provider
    ) -> None:
        assert isinstance(provider, MailServer)
        provider.session = KnowsDsn
        await channel.send(channel.recipients()[0], MESSAGE, key="k")
        assert provider.options == ["RET=HDRS", "NOTIFY=FAILURE"]

    @pytest.mark.parametrize(
        ("given", "code", "name"),
        [
            ({"bounces_to": "b@x.example"}, "missing", "bounces_mailbox"),
            ({"bounces_password": "env:B"}, "value_error", "bounces_password"),
            ({"bounces_mailbox": "imaps://b:pw@x.example"}, "string_pattern_mismatch", "bounces_mailbox"),
        ],
    )
    def test_half_a_mailbox_is_refused_where_it_is_written(
        self, provider: Provider, given: dict[str, str], code: str, name: str
    ) -> None:
        with pytest.raises(ValidationError) as caught:
            SmtpChannel.Settings.model_validate({**self.settings(provider), **given})
        assert (caught.value.errors()[0]["type"], caught.value.errors()[0]["loc"]) == (code, (name,))

    async def test_without_a_mailbox_there_is_nobody_to_ask(self, channel: SmtpChannel) -> None:
        assert await channel.fetch_receipts(None) is None  # type: ignore[arg-type]  # not needed

    @pytest.mark.parametrize(("status", "where"), [(550, b"rcpt"), (530, b"rcpt"), (451, b"data")])
    async def test_the_servers_own_words_go_along(
        self, channel: Channel, provider: Provider, status: int, where: bytes
    ) -> None:
        provider.will(Answer(status, Delivered(), body=where))
        outcome: Any = await channel.send(channel.recipients()[0], MESSAGE, key="k")
        assert outcome.words == ("no" if where == b"rcpt" else "so be it")

    async def test_mails_about_one_incident_form_a_thread_and_show_no_other_address(
        self, channel: Channel, provider: Provider
    ) -> None:
        for key in ("a1-mail-0", "a2-mail-0"):
            await channel.send(channel.recipients()[0], MESSAGE, key=key)
        first, second = (r.headers for r in provider.received)
        assert first["message-id"] == "<a1-mail-0@group.example>"
        assert first["references"] == second["references"] == "<i1@group.example>"
        assert "second@group.example" not in json.dumps(dict(first))
        assert first["auto-submitted"] == "auto-generated"

    async def test_who_has_a_link_to_leave_by_can_use_it_from_their_mail_program(
        self, channel: Channel, provider: Provider
    ) -> None:
        link = "https://hub.example/leave/s1/0123"
        for url in (link, ""):
            message = dataclasses.replace(MESSAGE, leave_url=url)
            await channel.send(channel.recipients()[0], message, key="k")
        with_link, without = (r.headers for r in provider.received)
        assert with_link["list-unsubscribe"] == f"<{link}>"
        assert with_link["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
        assert "list-unsubscribe" not in without

    @pytest.mark.parametrize("bad", ["a@b\r\nBcc: c@d", "a@b, c@d", "Name <a@b>", "nobody"])
    async def test_an_address_that_hides_another_is_refused(self, bad: str) -> None:
        settings = SmtpChannel.Settings.model_validate(
            {"host": "127.0.0.1", "sender": "relay@group.example", "to": [bad]}
        )
        async with a_host({}) as host:
            with pytest.raises(SettingsError, match="plain address"):
                SmtpChannel(settings, host)  # type: ignore[arg-type]

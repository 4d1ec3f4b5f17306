"""Mastodon against a stand-in that keeps its API; what all can read obeys what the public page obeys."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from services.notifier.channels.mastodon import MastodonChannel
from shared.plugins.channel_testing import (
    MESSAGE,
    Answer,
    ChannelConformance,
    HttpProvider,
    Provider,
    Received,
    a_host,
)
from shared.plugins.sms import own_id
from shared.plugins.spec import (
    BadCredentials,
    Channel,
    Delivered,
    Rejected,
    RenderedMessage,
    RetryLater,
    Threads,
    Unknown,
)

KEY = "a1-x-0"
ADA = "ada@mastodon.example"
SECRETS = {"env:TOKEN": "made-up-token", "env:BEA": "@bea@other.example"}
POSTED = Answer(200, Delivered("103254962155278888"), body=b'{"id":"103254962155278888"}', exact=True)
PUBLIC: dict[str, Any] = {"audience": "community", "drill": False, "status": "confirmed"}
CONFIRMED = replace(MESSAGE, kind="CONFIRMED", data=PUBLIC)


class Instance(HttpProvider):
    """Takes statuses; one that answers another exists only while that does."""

    def __init__(self) -> None:
        super().__init__("status")
        self.gone: set[str] = set()

    def note(self, got: Received) -> Received:
        """The words apart from whom they are for."""
        return replace(got, text=got.text.partition("\n\n@")[0])

    def answer_to(self, got: Received) -> Answer:
        """A reply to what is gone is refused."""
        first = json.loads(got.raw).get("in_reply_to_id")
        error = b'{"error":"The post you are trying to reply to does not appear to exist."}'
        return Answer(404, Rejected("http_404"), body=error) if first in self.gone else super().answer_to(got)


@asynccontextmanager
async def a_channel(provider: Provider, **settings: Any) -> AsyncIterator[MastodonChannel]:
    async with a_host(SECRETS) as host:
        given = {"server": provider.url, "token": "env:TOKEN", **settings}
        yield MastodonChannel(MastodonChannel.Settings.model_validate(given), host)  # type: ignore[arg-type]


class TestMastodon(ChannelConformance):
    plugin = MastodonChannel
    secrets: ClassVar[Mapping[str, str]] = SECRETS
    answers = (
        POSTED,
        Answer(200, Delivered(), body=b"<html>", exact=True),
        Answer(200, Delivered(), body=b'{"id":7}', exact=True),
        Answer(400, Rejected("http_400"), exact=True),
        Answer(401, BadCredentials(), body=b'{"error":"The access token is invalid"}'),
        Answer(403, BadCredentials(), body=b'{"error":"This action is outside the authorized scopes"}'),
        Answer(404, Rejected("http_404"), exact=True),
        Answer(422, Rejected("http_422"), body=b'{"error":"Text character limit exceeded"}', exact=True),
        Answer(429, RetryLater("http_429", 7.0), headers={"Retry-After": "7"}, exact=True),
        Answer(429, RetryLater("http_429"), headers={"X-RateLimit-Reset": "soon"}, exact=True),
        Answer(429, RetryLater("http_429"), exact=True),
        Answer(500, RetryLater("http_500"), exact=True),
        Answer(502, Unknown("http_502"), exact=True),
        Answer(503, RetryLater("http_503", 120.0), headers={"Retry-After": "120"}, exact=True),
    )

    def settings(self, provider: Provider) -> dict[str, Any]:
        return {"server": provider.url, "token": "env:TOKEN", "visibility": "direct", "to": [ADA, "env:BEA"]}

    async def start_provider(self) -> Provider:
        provider = Instance()
        await provider.start()
        provider.will(POSTED)
        return provider

    async def test_each_account_gets_a_post_of_its_own_with_the_status_word_first(
        self, channel: Channel, provider: Provider
    ) -> None:
        for address in channel.recipients():
            await channel.send(address, MESSAGE, key=KEY)
        told = [json.loads(got.raw) for got in provider.received]
        assert [one["status"] for one in told] == [
            f"{MESSAGE.text}\n\n@{ADA}",
            f"{MESSAGE.text}\n\n@bea@other.example",
        ]
        assert {(one["visibility"], one["language"]) for one in told} == {("direct", "en")}
        got = provider.received[0]
        assert got.call == "POST /api/v1/statuses"
        assert got.headers["authorization"] == "Bearer made-up-token"

    async def test_every_attempt_has_one_key(self, channel: Channel, provider: Provider) -> None:
        for _ in range(2):
            await channel.send(ADA, MESSAGE, key=KEY)
        assert {got.headers["idempotency-key"] for got in provider.received} == {own_id(KEY)}

    async def test_nobody_is_mentioned_who_is_not_written_to(
        self, channel: Channel, provider: Provider
    ) -> None:
        await channel.send(ADA, replace(MESSAGE, text="ask @eve@evil.example, @all"), key=KEY)
        assert json.loads(provider.received[0].raw)["status"] == f"ask @ eve@ evil.example, @ all\n\n@{ADA}"

    async def test_mastodons_own_word_on_when_to_come_again_is_kept(
        self, channel: Channel, provider: Provider
    ) -> None:
        reset = (datetime.now(UTC) + timedelta(seconds=290)).isoformat().replace("+00:00", "Z")
        provider.will(Answer(429, RetryLater("http_429"), headers={"X-RateLimit-Reset": reset}))
        outcome: Any = await channel.send(ADA, MESSAGE, key=KEY)
        assert 200 < outcome.after_s <= 290

    @pytest.mark.parametrize("wrong", ["", "a b", "@ada@x.example @eve", "ada@x.example\n", "https://x"])
    async def test_what_is_no_account_costs_nobody_else_anything(
        self, channel: Channel, provider: Provider, wrong: str
    ) -> None:
        assert await channel.send(wrong, MESSAGE, key=KEY) == Rejected("bad_address")
        assert not provider.received

    # --- threads ---------------------------------------------------------------------------------

    async def test_what_follows_replies_to_the_first_post(self, channel: Channel, provider: Provider) -> None:
        assert isinstance(channel, Threads)
        outcome = await channel.reply(ADA, MESSAGE, key=KEY, first="103254962155278887")
        assert outcome == POSTED.means
        assert json.loads(provider.received[0].raw)["in_reply_to_id"] == "103254962155278887"

    async def test_where_the_first_post_is_gone_the_words_go_out_all_the_same(
        self, channel: MastodonChannel, provider: Instance
    ) -> None:
        provider.gone.add("1")
        assert await channel.reply(ADA, MESSAGE, key=KEY, first="1") == POSTED.means
        assert [json.loads(got.raw).get("in_reply_to_id") for got in provider.received] == ["1", None]

    async def test_a_reply_that_may_have_arrived_is_not_sent_a_second_time_at_once(
        self, channel: MastodonChannel, provider: Instance
    ) -> None:
        provider.will_reset()
        assert isinstance(await channel.reply(ADA, MESSAGE, key=KEY, first="1"), Unknown)
        assert len(provider.received) == 1

    # --- what everybody can read -------------------------------------------------------------------

    @pytest.mark.parametrize("visibility", ["unlisted", "public"])
    async def test_a_post_to_everybody_takes_what_goes_to_the_community_and_nothing_else(
        self, provider: Provider, visibility: str
    ) -> None:
        async with a_channel(provider, visibility=visibility) as channel:
            refused: tuple[RenderedMessage, ...] = (
                MESSAGE,
                replace(CONFIRMED, data={}),
                *(replace(CONFIRMED, data=PUBLIC | {"audience": a}) for a in ("verifiers", "partners")),
                *(replace(CONFIRMED, data=PUBLIC | {"status": s}) for s in ("unconfirmed", "likely", None)),
                replace(CONFIRMED, kind="DRILL CONFIRMED", data=PUBLIC | {"drill": True}),
            )
            for message in refused:
                assert await channel.send("everybody", message, key=KEY) == Rejected("not_for_public")
                answer = await channel.reply("everybody", message, key=KEY, first="1")
                assert answer == Rejected("not_for_public")
            assert not provider.received
            assert await channel.send("everybody", CONFIRMED, key=KEY) == POSTED.means
        told = json.loads(provider.received[0].raw)
        assert told == {"status": MESSAGE.text, "visibility": visibility, "language": "en"}

    async def test_a_test_of_a_public_account_is_seen_by_the_account_alone(self, provider: Provider) -> None:
        async with a_channel(provider, visibility="public") as channel:
            test = replace(MESSAGE, kind="TEST", data={"audience": "community"})
            assert await channel.send("everybody", test, key=KEY) == POSTED.means
        told = json.loads(provider.received[0].raw)
        assert told["visibility"] == "direct"
        assert "@" not in told["status"]

    @pytest.mark.parametrize(
        ("visibility", "to"), [("direct", []), ("unlisted", [ADA]), ("public", [ADA]), ("private", [ADA])]
    )
    def test_accounts_are_for_direct_posts_and_only_for_them(self, visibility: str, to: list[str]) -> None:
        settings = {"server": "https://m.example", "token": "env:TOKEN", "visibility": visibility, "to": to}
        with pytest.raises(ValidationError):
            MastodonChannel.Settings.model_validate(settings)
        with pytest.raises(ValidationError):
            MastodonChannel.Settings.model_validate(
                {"server": "https://m.example", "token": "env:TOKEN", "visibility": "direct"}
            )

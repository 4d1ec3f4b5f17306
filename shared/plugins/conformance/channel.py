"""What a channel keeps, tried against a stand-in of its provider."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.errors import SettingsError
from shared.plugins.conformance.common import COMMON
from shared.plugins.conformance.criteria import Broken, NotTried, Suite, must
from shared.plugins.conformance.provider import HOSTILE, MESSAGE, Answer, HttpProvider, Provider, a_host
from shared.plugins.conformance.saying import Overheard
from shared.plugins.spec import (
    Channel,
    Delivered,
    GivesReceipts,
    Outcome,
    Rejected,
    RenderedMessage,
    RetryLater,
    Unknown,
)

CHANNEL: Final = Suite(COMMON)
_SHORTEST: Final = 306
"""Two SMS segments: the shortest message that is rendered."""
_PATIENCE_S: Final = 10.0
_STOPS_S: Final = 2.0


async def http_provider() -> Provider:
    """A stand-in that speaks HTTP, listening."""
    provider = HttpProvider()
    await provider.start()
    return provider


@dataclass(frozen=True)
class ChannelCase:
    """A channel, how its settings point at a stand-in provider, and which answer means what."""

    channel: type[Any]
    settings: Callable[[Any], Mapping[str, Any]]
    """Settings that point at the provider."""
    secrets: Mapping[str, str]
    """Values by reference; none of them may show up anywhere but at the provider."""
    answers: Sequence[Answer] = ()
    """The status-to-outcome table."""
    provider: Callable[[], Awaitable[Any]] = http_provider
    """Makes a stand-in that listens."""
    leaves_the_hub: bool = True
    """False for a channel without a provider; what concerns providers is then not tried."""
    secrets_at: Callable[[Any], Mapping[str, str]] | None = None
    """More secrets, where one holds the address of this very provider."""
    message: RenderedMessage = MESSAGE
    """What is sent, where the channel needs facts beside the words."""
    knows_copies: bool = False
    """Whether the provider knows a message again by its key: then a second attempt never makes a copy."""

    @property
    def plugin(self) -> type[Any]:
        """The channel's class."""
        return self.channel

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[Channel, Any]]:
        """The channel, pointed at a stand-in, and that."""
        provider = await self.provider()
        try:
            async with a_host(self.secrets_of(provider)) as host:
                settings = self.channel.Settings.model_validate(self.settings(provider))
                yield self.channel(settings, host), provider
        finally:
            await provider.stop()

    def secrets_of(self, provider: Any) -> Mapping[str, str]:
        """All secrets, as this provider needs them."""
        return {**self.secrets, **(self.secrets_at(provider) if self.secrets_at else {})}

    def needs_provider(self) -> None:
        """Pass by what concerns a provider where there is none."""
        if not self.leaves_the_hub:
            raise NotTried("this channel sends nothing out of the hub")

    async def send(self, channel: Channel, *, words: RenderedMessage | None = None) -> Outcome:
        """The message, perhaps with other words, to the first recipient."""
        said = self.message if words is None else replace(words, data=self.message.data)
        return await channel.send(channel.recipients()[0], said, key="a1-x-0")

    @property
    def good_body(self) -> bytes:
        """What the provider says when it took a message."""
        return next((a.body for a in self.answers if isinstance(a.means, Delivered)), b"{}")


@CHANNEL.at("experimental")
async def its_recipients_are_stable(case: ChannelCase) -> None:
    """It is a channel with recipients in a fixed order, and carries two SMS segments at least.

    The ledger knows recipients by position: return them in the settings' order, and set `max_chars`.
    """
    async with case.open() as (channel, _):
        must(isinstance(channel, Channel), "the class lacks recipients, send or max_chars")
        must(
            list(channel.recipients()) == list(channel.recipients()),
            "its recipients change between two calls",
        )
        must(len(channel.recipients()) > 0, "it has no recipient")
        must(channel.max_chars >= _SHORTEST, f"max_chars is below {_SHORTEST}")


@CHANNEL.at("experimental")
async def the_words_arrive_whole(case: ChannelCase) -> None:
    """What was rendered is what is read.

    Pass `message.text` on as it is; add and cut nothing.
    """
    async with case.open() as (channel, provider):
        outcome = await case.send(channel)
        must(isinstance(outcome, Delivered), f"a message is {type(outcome).__name__}, not Delivered")
        if case.leaves_the_hub:
            must(provider.received, "nothing reached the provider")
            must(
                provider.received[-1].text.strip() == case.message.text,
                "the provider got other words than were sent",
            )


@CHANNEL.at("good")
async def every_answer_has_its_outcome(case: ChannelCase) -> None:
    """Each answer of the provider means what the table says.

    Fill `answers` from the provider's documents; `from_status` reads an HTTP answer.
    """
    case.needs_provider()
    must(case.answers, "the case says of no answer what it means")
    async with case.open() as (channel, provider):
        for answer in case.answers:
            provider.will(answer)
            outcome = await case.send(channel)
            told = f"the answer {answer.status} became {type(outcome).__name__}"
            must(type(outcome) is type(answer.means), f"{told}, not {type(answer.means).__name__}")
            must(
                not answer.exact or outcome == answer.means,
                f"{told} with another reason or pause than expected",
            )


@CHANNEL.at("good")
async def nobody_listening_is_tried_again(case: ChannelCase) -> None:
    """Where nobody listens, the message surely did not arrive, and is tried again.

    Catch `OSError` and the client's errors around the call, and return `from_error(error)`.
    """
    case.needs_provider()
    async with case.open() as (channel, provider):
        await provider.stop()
        _must_be(RetryLater, await case.send(channel))


@CHANNEL.at("good")
async def a_broken_connection_is_unknown(case: ChannelCase) -> None:
    """Where the connection breaks after the request, it may have arrived: that is a possible copy.

    Return `Unknown("…")`; `from_error` tells the two apart.
    """
    case.needs_provider()
    async with case.open() as (channel, provider):
        provider.will_reset()
        _must_be(RetryLater if case.knows_copies else Unknown, await case.send(channel))


@CHANNEL.at("good")
async def it_can_be_cancelled_and_used_again(case: ChannelCase) -> None:
    """A provider that hangs costs its own deadline and nothing else.

    Never catch `CancelledError` or `BaseException`; keep no lock or connection across a cancelled call.
    """
    case.needs_provider()
    async with case.open() as (channel, provider):
        provider.will_hang()
        hanging = asyncio.create_task(case.send(channel))
        await _until(lambda: bool(provider.received))
        hanging.cancel()
        done, _ = await asyncio.wait({hanging}, timeout=_STOPS_S)
        must(done, "it goes on although it was cancelled")
        provider.will(Answer(200, Delivered(), body=case.good_body))
        _must_be(Delivered, await case.send(channel))


@CHANNEL.at("good")
async def hostile_words_stay_words(case: ChannelCase) -> None:
    """Whatever stands in a text, it becomes no header and no second message.

    Give words to a library as a body or a JSON value; put none into a header or an address unencoded.
    """
    async with case.open() as (channel, provider):
        outcome = await case.send(channel, words=HOSTILE)
        must(isinstance(outcome, Delivered | Rejected), f"hostile words are {type(outcome).__name__}")
        if case.leaves_the_hub and isinstance(outcome, Delivered):
            must(len(provider.received) == 1, "one message became several")
            must("x-evil" not in provider.received[0].headers, "words became a header")


@CHANNEL.at("good")
async def it_shows_no_secret(case: ChannelCase) -> None:
    """No secret stands in outcomes, logs or what is printed of it, whatever the provider answers.

    Keep secrets in fields of a plain class, log constants, and put no address into a reason.
    """
    with Overheard() as overheard:
        async with case.open() as (channel, provider):
            secrets = case.secrets_of(provider).values()
            overheard.add(repr(channel), str(channel))
            for answer in case.answers:
                provider.will(answer)
                overheard.add(repr(await case.send(channel)))
            await provider.stop()
            overheard.add(repr(await case.send(channel)))
    must(not overheard.any_of(secrets), "a secret is shown")


@CHANNEL.at("good")
async def a_missing_secret_is_named_by_its_reference(case: ChannelCase) -> None:
    """A secret that is not set is a settings error that names it, before anything is sent.

    Resolve secrets in `__init__` with `host.secrets`, and let `SettingsError` pass.
    """
    provider = await case.provider()
    try:
        if not case.secrets_of(provider):
            raise NotTried("this channel has no secrets")
        async with a_host({}) as host:
            case.channel(case.channel.Settings.model_validate(case.settings(provider)), host)
    except SettingsError as error:
        must("env:" in str(error), "the error does not name the reference")
        return
    finally:
        await provider.stop()
    raise Broken("it starts without its secret")


@CHANNEL.at("excellent")
def it_knows_what_arrived(case: ChannelCase) -> None:
    """It understands what its provider says later of a message: it arrived, or it never will.

    Give the class `receipts` (`GivesReceipts`), if the provider calls back.
    """
    case.needs_provider()
    must(issubclass(case.channel, GivesReceipts), "it has no receipts")


def _must_be(wanted: type[Any], outcome: Outcome) -> None:
    must(isinstance(outcome, wanted), f"it is {type(outcome).__name__}, not {wanted.__name__}")


async def _until(true: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while not true():  # noqa: ASYNC110 - the provider may be any object
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise Broken("nothing reached the provider") from None

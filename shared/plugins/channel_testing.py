"""The conformance suite of channels as tests: one class to derive from. Needs pytest and pytest-asyncio.

Subclass `ChannelConformance` in a test file as `class TestMine(ChannelConformance)`, say which
plug-in, how its settings point at a stand-in provider, and which answer of the provider means
which outcome.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar

import pytest

from shared.plugins.conformance.channel import CHANNEL, ChannelCase, http_provider
from shared.plugins.conformance.common import KnownSecrets
from shared.plugins.conformance.criteria import Criterion, NotTried, rank
from shared.plugins.conformance.provider import (
    HOSTILE,
    MESSAGE,
    Answer,
    HttpProvider,
    Provider,
    Received,
    a_host,
)
from shared.plugins.spec import BadCredentials, Channel, RenderedMessage, Stability


class ChannelConformance:
    """What every channel keeps. Override the first four members."""

    plugin: ClassVar[type[Any]]
    secrets: ClassVar[Mapping[str, str]] = {}
    answers: ClassVar[Sequence[Answer]] = ()
    leaves_the_hub: ClassVar[bool] = True
    message: ClassVar[RenderedMessage] = MESSAGE
    knows_copies: ClassVar[bool] = False
    grade: ClassVar[Stability] = "good"
    """Every channel keeps what a good one keeps; say `excellent` for more."""

    def settings(self, provider: Provider) -> dict[str, Any]:
        """Settings that point at the provider."""
        raise NotImplementedError

    def secrets_at(self, provider: Provider) -> Mapping[str, str]:  # noqa: ARG002 - for secrets that hold its address
        """The secrets, as this provider needs them."""
        return self.secrets

    async def start_provider(self) -> Provider:
        """A stand-in that listens; HTTP unless overridden."""
        return await http_provider()

    @property
    def case(self) -> ChannelCase:
        """The same for the suite."""
        return ChannelCase(
            channel=self.plugin,
            settings=self.settings,
            secrets=self.secrets,
            answers=self.answers,
            provider=self.start_provider,
            leaves_the_hub=self.leaves_the_hub,
            secrets_at=self.secrets_at,
            message=self.message,
            knows_copies=self.knows_copies,
        )

    @pytest.fixture
    async def provider(self) -> AsyncIterator[Provider]:
        """The stand-in, stopped in the end."""
        provider = await self.start_provider()
        yield provider
        await provider.stop()

    @pytest.fixture
    async def channel(self, provider: Provider) -> AsyncIterator[Channel]:
        """The channel, pointed at the stand-in."""
        async with a_host(self.secrets_at(provider)) as host:
            settings = self.plugin.Settings.model_validate(self.settings(provider))
            yield self.plugin(settings, host)

    @pytest.mark.parametrize("criterion", CHANNEL.criteria, ids=lambda criterion: criterion.name)
    async def test_it_keeps(self, criterion: Criterion) -> None:
        """Each criterion up to its grade."""
        if rank(criterion.grade) > rank(self.grade):
            pytest.skip(f"only what is {criterion.grade} needs it")
        try:
            await criterion.hold(self.case)
        except NotTried as reason:
            pytest.skip(str(reason))


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

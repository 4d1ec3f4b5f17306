"""My source takes messages by an HTTP API, as JSON with a token."""

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from alert_relay.plugins import (
    ChannelHost,
    Delivered,
    Outcome,
    PluginSettings,
    RenderedMessage,
    Spec,
    from_status,
    http_base,
    post,
)


class MySourceSettings(PluginSettings):
    """Where to send, and as whom."""

    url: str = Field(min_length=1)
    """The provider's address, or a reference to it."""
    token: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the account's token."""
    to: tuple[str, ...] = Field(min_length=1)
    """The rooms or people that are told, in a fixed order."""


class MySource:
    """One account at the provider."""

    spec: ClassVar[Spec] = Spec(
        kind="my-source",
        title="My source",
        summary="Sends alerts to rooms at my source.",
        who_else_reads="Whoever runs my source can read every alert.",
        stability="good",
        tested="fake",
        example={"url": "https://my-source.example", "token": "env:HACKNEY__MY_SOURCE_TOKEN", "to": ["rota"]},
        set_up="""
1. Make an account and a token at the provider; put the token into the notifier's environment.
2. Put the entry below into the group's file, and try it: `relay channel test GROUP CHANNEL`.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = MySourceSettings
    max_chars: ClassVar[int] = 1000

    def __init__(self, settings: MySourceSettings, host: ChannelHost) -> None:
        """Resolve what is a reference; open nothing."""
        self._http = host.http
        self._url = http_base(settings.url, host.secrets)
        self._token = host.secrets.resolve(settings.token)
        self._to = settings.to

    def recipients(self) -> Sequence[str]:
        """Who is told, in the settings' order: the ledger knows them by position."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Send it once; the key is the same at every attempt, for providers that know such keys."""
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": key}
        words = {"to": address, "text": message.text, "urgent": message.urgent}
        return await post(self._http, f"{self._url}/messages", outcome_of, json=words, headers=headers)


def outcome_of(status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
    """What the provider's answer means, with its own id of the message."""
    outcome = from_status(status, headers, answer)
    return Delivered(id_in(answer)) if isinstance(outcome, Delivered) else outcome


def id_in(answer: bytes) -> str | None:
    """The provider's id, if its answer is what it should be."""
    try:
        found = json.loads(answer)["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None

"""My source has an HTTP API: we ask for its newest messages every few seconds."""

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

import aiohttp
from pydantic import Field

from alert_relay.plugins import (
    BadCredentials,
    Ignored,
    IncomingReport,
    PluginSettings,
    ReadingHost,
    RetryLater,
    Secrets,
    Spec,
    http_base,
    moment_in,
    text_in,
)

MOST_BYTES = 1_000_000
MOST_KNOWN = 10_000


class MySourceSettings(PluginSettings):
    """What the bridge must be told."""

    url: str = Field(min_length=1)
    """The source's address, or a reference to it."""
    token: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the account's token."""


class MySource:
    """One account at the source. What it has read it may forget: the same id is the same report."""

    spec: ClassVar[Spec] = Spec(
        kind="my-source",
        title="My source",
        summary="People write to the account; each message is a report.",
        who_else_reads="Whoever runs my source can read every message.",
        stability="good",
        tested="fake",
        example={"url": "https://my-source.example", "token": "env:MY_SOURCE_TOKEN"},
        read_by="My Source",
        set_up="""
1. Make an account and a token at the source; put the token into ingest's environment as `MY_SOURCE_TOKEN`.
2. Write a message to the account; `relay status` shows the bridge as CONNECTED, and the report at the desk.
""",
        while_away="Messages wait at the source; after a start the relay asks for all that are still there.",
    )
    Settings: ClassVar[type[PluginSettings]] = MySourceSettings
    every_s: float = 5.0

    def __init__(self, settings: MySourceSettings, secrets: Secrets) -> None:
        """Resolve what is a reference; open nothing yet."""
        self._url = http_base(settings.url, secrets)
        self._token = secrets.resolve(settings.token)
        self._known: dict[str, None] = {}

    async def read(self, host: ReadingHost) -> RetryLater | BadCredentials:
        """Ask until the source does not answer; the host calls again, with pauses that grow."""
        while True:
            said = await self._ask(host)
            if isinstance(said, RetryLater | BadCredentials):
                return said
            host.connected()
            for message in said:
                await self._take(host, message)
            await asyncio.sleep(self.every_s)

    async def _ask(self, host: ReadingHost) -> list[Any] | RetryLater | BadCredentials:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            url = f"{self._url}/messages"
            async with host.http.get(url, headers=headers, allow_redirects=False) as answer:
                if answer.status in {401, 403}:
                    return BadCredentials()
                if answer.status != 200:
                    return RetryLater(f"http_{answer.status}")
                if (answer.content_length or 0) > MOST_BYTES:
                    return RetryLater("too_large")
                said = await answer.json(content_type=None)
        except (aiohttp.ClientError, OSError, ValueError, RecursionError):
            return RetryLater("unreachable")
        return said if isinstance(said, list) else RetryLater("not_understood")

    async def _take(self, host: ReadingHost, message: Any) -> None:
        report = report_of(message if isinstance(message, dict) else {})
        if isinstance(report, Ignored):
            host.ignored(report)
        elif report.source_id not in self._known:
            await host.take(report)  # returns once it is stored: only then is it known
            self._known[report.source_id] = None
            if len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]


def report_of(said: Mapping[str, Any]) -> IncomingReport | Ignored:
    """The report in a message: every value is asked for its type, because strangers had a hand in it."""
    source_id, text = text_in(said, "id"), text_in(said, "text").strip()
    if not source_id or not text:
        return Ignored("no_message")
    sender = text_in(said, "from") or None
    return IncomingReport(source_id, text=text, sender=sender, observed_at=moment_in(said, "at"))

"""A bridge for a made-up feed: one message a line over TCP, `time|sender|words`, after a login by a token."""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import ClassVar

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
)

LONGEST = 16_000


class FeedSettings(PluginSettings):
    host: str = Field(min_length=1)
    """The feed's host."""
    port: int = Field(ge=1, le=65_535)
    """The feed's port."""
    token: str
    """A reference to the token."""


class Feed:
    spec: ClassVar[Spec] = Spec(
        kind="feed-of-the-test",
        title="A feed",
        summary="Each line of a feed is a report.",
        who_else_reads="Whoever runs the feed can read every message.",
        stability="good",
        tested="fake",
        example={"host": "feed.example", "port": 4000, "token": "env:FEED_TOKEN"},
        while_away="The feed keeps nothing: what is said while nobody reads is lost.",
    )
    Settings: ClassVar[type[PluginSettings]] = FeedSettings

    def __init__(self, settings: FeedSettings, secrets: Secrets) -> None:
        self._host, self._port = settings.host, settings.port
        self._token = secrets.resolve(settings.token)

    async def read(self, host: ReadingHost) -> RetryLater | BadCredentials:
        try:
            reader, writer = await asyncio.open_connection(self._host, self._port, limit=LONGEST)
        except OSError:
            return RetryLater("unreachable")
        try:
            writer.write(f"{self._token}\n".encode())
            if await reader.readline() != b"welcome\n":
                return BadCredentials()
            host.connected()
            return await self._lines(reader, host)
        except OSError:
            return RetryLater("broke_off")
        finally:
            writer.close()

    async def _lines(self, reader: asyncio.StreamReader, host: ReadingHost) -> RetryLater:
        while True:
            try:
                line = await reader.readline()
            except ValueError:
                host.ignored(Ignored("too_long"))
                continue
            if not line:
                return RetryLater("closed")
            report = report_of(line.rstrip(b"\r\n"))
            if isinstance(report, Ignored):
                host.ignored(report)
            else:
                await host.take(report)


def report_of(line: bytes) -> IncomingReport | Ignored:
    at, _, rest = line.decode("utf-8", "replace").partition("|")
    sender, _, text = rest.partition("|")
    if not text.strip():
        return Ignored("no_text")
    name = hashlib.sha256(line).hexdigest()[:32]
    return IncomingReport(name, text=text.strip(), sender=sender or None, observed_at=moment_of(at))


def moment_of(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None

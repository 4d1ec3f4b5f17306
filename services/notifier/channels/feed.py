"""The public feed: the console shows what the ledger says was delivered here. Nothing leaves the hub."""

from collections.abc import Sequence
from typing import ClassVar

from shared.plugins.spec import ChannelHost, Delivered, Outcome, PluginSettings, RenderedMessage, Spec


class FeedSettings(PluginSettings):
    """There is nothing to set."""

    @property
    def public(self) -> bool:
        """It is."""
        return True


class FeedChannel:
    """Always delivers: the ledger's record is what makes the alert public (live page, Atom, GeoJSON, CAP)."""

    spec: ClassVar[Spec] = Spec(
        kind="feed",
        title="Public feed",
        summary="Shows the group's community alerts on the hub's live page, Atom feed, GeoJSON and CAP.",
        who_else_reads="Everybody: it is public.",
        stability="good",
        tested="real",
        example={},
        notes="Programs read `/feed.atom` (RFC 4287), `/feed.geojson` (RFC 7946) and, of each incident, "
        "`/i/CODE/cap` (CAP 1.2, valid by its schema; the feed links to it). A CAP alert never says that all "
        "is clear, and names the earlier ones that it replaces. `?lang=` chooses the language.",
    )
    Settings: ClassVar[type[PluginSettings]] = FeedSettings
    max_chars: ClassVar[int] = 4000

    def __init__(self, settings: FeedSettings, host: ChannelHost) -> None:
        """Take what every channel takes; keep nothing."""

    def recipients(self) -> Sequence[str]:
        """The public."""
        return ("public",)

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:  # noqa: ARG002 - the interface's
        """Say that it may be shown."""
        return Delivered(message.alert_id)

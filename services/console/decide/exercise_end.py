"""What verifiers are told when an exercise ends: the very words, shown before anybody ends it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.alerts import AlertRaised
from shared.contracts.base import AlertId
from shared.contracts.groups import ChannelDefinition, GroupDefinition
from shared.words import drill_told_message


@dataclass(frozen=True, slots=True)
class Told:
    """A message, with the channel that carries it."""

    channel: ChannelDefinition
    language: str
    text: str


def end_told(group: GroupDefinition, channels: Iterable[ChannelDefinition], now: datetime) -> list[Told]:
    """What goes out over which channels, in their order; empty: nobody is told."""
    alert = AlertRaised(
        id="preview",
        at=now,
        alert_id=AlertId("preview"),
        group=group.id,
        group_version=1,
        audience="verifiers",
        kind="DRILL_ENDED",
        urgency="normal",
        not_after=now,
        drill=True,
    )
    carrying = [channel for channel in channels if channel.carries("verifiers", drill=True)]
    messages = [(channel, drill_told_message(alert, group, channel.language)) for channel in carrying]
    return [Told(channel, message.language, message.text) for channel, message in messages]

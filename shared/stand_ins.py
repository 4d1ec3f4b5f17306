"""What is wrong with the channels of a group that stand in for others: the one rule of file, page and API."""

from collections.abc import Iterator, Sequence

from shared.contracts.groups import ChannelDefinition


def stand_in_flaws(channels: Sequence[ChannelDefinition]) -> Iterator[tuple[int, str]]:
    """Where it is, and a sentence with the remedy."""
    known = {channel.id: channel for channel in channels}
    for n, channel in enumerate(channels):
        if channel.instead_of is not None and (flaw := _flaw(channel, known.get(channel.instead_of.channel))):
            yield n, flaw


def _flaw(channel: ChannelDefinition, other: ChannelDefinition | None) -> str | None:
    if other is None:
        return "there is no such channel to stand in for; name the id of another of this group."
    if other.id == channel.id:
        return "a channel can't stand in for itself; name another."
    if other.instead_of is not None:
        return f"{other.id!r} stands in for another itself; name one that carries alerts by itself."
    if other.audience != channel.audience:
        return f"{other.id!r} is for another audience ({other.audience}); both must be for the same."
    return None

"""Who is to be told: an alert's recipients from the group's channels, frozen into chunks. Pure.

A chunk never mixes channels, so that one hung provider keeps nobody waiting but its own.
"""

from collections.abc import Mapping, Sequence

from shared.contracts.groups import Audience, ChannelDefinition
from shared.contracts.ledger import MAX_CHUNK


def expand(
    channels: Sequence[ChannelDefinition],
    audience: Audience,
    *,
    addresses: Mapping[str, int],
    widths: Mapping[str, int],
) -> tuple[tuple[str, ...], ...]:
    """Chunks of `channel-id:n` for the audience, in the channels' order.

    `addresses` says how many recipients each channel id has, `widths` how many of a kind may
    be sent to at once (where missing, a chunk is as large as the contract allows).
    """
    chunks: list[tuple[str, ...]] = []
    for channel in channels:
        if channel.audience == audience:
            names = [f"{channel.id}:{n}" for n in range(addresses[channel.id])]
            size = max(1, min(MAX_CHUNK, widths.get(channel.kind, MAX_CHUNK)))
            chunks += [tuple(names[i : i + size]) for i in range(0, len(names), size)]
    return tuple(chunks)


def channel_of(recipient: str) -> str:
    """The channel id in `channel-id:n`."""
    return recipient.rpartition(":")[0]


def position_of(recipient: str) -> int:
    """The n in `channel-id:n`."""
    return int(recipient.rpartition(":")[2])

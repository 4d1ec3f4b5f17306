"""Who is to be told: an alert's recipients from the group's channels, frozen into chunks. Pure.

A chunk never mixes channels, nor providers behind one, so that one that hangs keeps only its own waiting.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from shared.contracts.groups import Audience, ChannelDefinition
from shared.contracts.ledger import MAX_CHUNK, StandIn


def expand(  # noqa: PLR0913 - each says where chunks are cut
    channels: Sequence[ChannelDefinition],
    audience: Audience,
    *,
    addresses: Mapping[str, int],
    widths: Mapping[str, int],
    stand_ins: Mapping[str, StandIn] | None = None,
    providers: Mapping[str, str] | None = None,
) -> tuple[tuple[str, ...], ...]:
    """Chunks of `channel-id:n` for the audience, in the channels' order.

    `addresses` says how many recipients each channel id has, `widths` how many of a kind may
    be sent to at once (where missing, a chunk is as large as the contract allows). `stand_ins`
    wait for others, so their chunks hold nobody else; nor do those of whoever is stood in for. `providers`
    say by whom recipients are reached, where that differs within a channel.
    """
    waiting, by = stand_ins or {}, providers or {}
    others = stood_in_for(waiting)
    chunks: list[tuple[str, ...]] = []
    for channel in channels:
        if channel.audience == audience:
            names = [f"{channel.id}:{n}" for n in range(addresses[channel.id])]
            size = max(1, min(MAX_CHUNK, widths.get(channel.kind, MAX_CHUNK)))
            parts = defaultdict(list)
            for name in names:
                parts[name in waiting, is_among(name, others), by.get(name, "")].append(name)
            for part in (parts[key] for key in sorted(parts)):
                chunks += [tuple(part[i : i + size]) for i in range(0, len(part), size)]
    return tuple(chunks)


def stand_ins(
    channels: Sequence[ChannelDefinition], *, addresses: Mapping[str, int], told: Collection[str]
) -> dict[str, StandIn]:
    """Who is told only where others are not reached, and for whom they stand in.

    A channel with as many recipients as the one that it stands in for has the same people in the same order;
    any other stands in for all of that one together. Whoever was `told` of the incident by such a channel
    before is told of what follows by it, too, whatever becomes of the other.
    """
    found = {}
    for channel in channels:
        if (rule := channel.instead_of) is not None:
            paired = addresses[channel.id] == addresses.get(rule.channel)
            for n in range(addresses[channel.id]):
                if (name := f"{channel.id}:{n}") not in told:
                    of = f"{rule.channel}:{n}" if paired else rule.channel
                    found[name] = StandIn(of=of, over_budget=n >= rule.most)
    return found


def stood_in_for(stand_ins: Mapping[str, StandIn]) -> frozenset[str]:
    """The recipients, and whole channels, for whom somebody would be told."""
    return frozenset(stands.of for stands in stand_ins.values() if not stands.over_budget)


def is_among(recipient: str, named: Collection[str]) -> bool:
    """Whether they, or all of their channel, are named."""
    return recipient in named or channel_of(recipient) in named


def channel_of(recipient: str) -> str:
    """The channel id in `channel-id:n`."""
    return recipient.rpartition(":")[0]


def position_of(recipient: str) -> int:
    """The n in `channel-id:n`."""
    return int(recipient.rpartition(":")[2])

"""What text messages cost a group, and which its monthly cap may hold back: desk and notifier agree. Pure.

A cost is an estimate: the price that the group gave for a segment, times the segments, for each recipient who
was frozen into an alert and not refused. What was refused (by the provider, or because it came too late) cost
nothing. Whoever stands in for others costs when they are told.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import Any, Final
from zoneinfo import ZoneInfo

from shared.contracts.alerts import AlertKind, Urgency
from shared.contracts.groups import Audience
from shared.contracts.ledger import AlertExpanded, ChunkSettled

MOST_PENCE: Final = 200.0
"""What a segment costs at most, whatever a plug-in's settings say."""
NEAR: Final = 80
FULL: Final = 100
"""The parts of the cap, in percent, at which a group is warned."""
_HERE: Final = ZoneInfo("Europe/London")
ENDS: Final[frozenset[AlertKind]] = frozenset({"OVER", "CLOSED", "WRONG", "NOT_CONFIRMED", "NO_NEWS"})
"""Without these people believe what is not so."""
_ASKED_FOR: Final[frozenset[AlertKind]] = frozenset({"TEST", "QUESTION", "REPLY"})
"""What goes to one person, or over one channel, because somebody wanted just that."""


def month_of(moment: datetime) -> str:
    """The month that a cost counts for, as `2026-11`."""
    return moment.astimezone(_HERE).strftime("%Y-%m")


def may_be_held_back(kind: AlertKind, audience: Audience, urgency: Urgency) -> bool:
    """Whether the cap may keep it from going out as a text: a community's first word, and what is not urgent.

    Never what is urgent for verifiers, and never what ends or takes back what people were told.
    """
    if kind in ENDS | _ASKED_FOR:
        return False
    return urgency == "normal" or (kind == "CONFIRMED" and audience != "verifiers")


def pence_a_segment(settings: Mapping[str, Any]) -> float:
    """What a channel's settings say that a segment costs, bounded: a plug-in may not have checked it."""
    price = settings.get("price_pence")
    try:
        pence = float(price) if price is not None else 0.0
    except (TypeError, ValueError):
        return 0.0
    return min(max(0.0, pence), MOST_PENCE) if isfinite(pence) else 0.0


def people_in(chunks: Iterable[Sequence[str]]) -> Counter[str]:
    """How many recipients each channel has; a chunk never mixes channels."""
    found: Counter[str] = Counter()
    for chunk in chunks:
        if chunk:
            found[channel_in(chunk[0])] += len(chunk)
    return found


def stand_in_chunks(event: AlertExpanded) -> tuple[int, ...]:
    """The chunks of those who are told only where others are not reached; they hold nobody else."""
    waiting = event.stand_ins or {}
    return tuple(n for n, chunk in enumerate(event.chunks) if chunk and chunk[0] in waiting)


def cost_of(event: AlertExpanded) -> float:
    """What it costs in pence if everybody who is frozen gets it, and nobody has to stand in."""
    prices, waiting = event.prices or {}, set(stand_in_chunks(event))
    people = people_in(chunk for n, chunk in enumerate(event.chunks) if n not in waiting)
    return sum(prices.get(channel, 0.0) * n for channel, n in people.items())


def spent_since(event: ChunkSettled, prices: Mapping[str, float], standing: Collection[int]) -> float:
    """By how much what was spent changed as this attempt ended, in pence.

    Whoever was refused cost nothing after all; who stood in (`standing` are their chunks) costs now.
    """
    counted, sign = ({"delivered", "unknown"}, 1) if event.chunk in standing else ({"rejected"}, -1)
    return sign * sum(prices.get(channel_in(o.recipient), 0.0) for o in event.outcomes if o.result in counted)


def warned_at(spent: float, cap: float | None) -> int | None:
    """The part of the cap that is reached and that a group is warned of, in percent."""
    if cap is None or not spent:
        return None
    return next((step for step in (FULL, NEAR) if spent * 100 >= step * cap), None)


def channel_in(recipient: str) -> str:
    """The channel of `channel:n`."""
    return recipient.rpartition(":")[0]

"""What became of an alert in figures, channel by channel: as small for 100,000 recipients as for two. Pure.

Taken by the provider, said to have arrived, and failed are three figures, never one. While it is sent they
grow attempt by attempt; the last record of an alert, where it names everybody, puts them right for good.
Who stands in for others counts once they are told, and whom another channel took over is its own no more.
"""

from typing import Any, Final

from services.console.decide.counts import add
from services.console.decide.draft import Document
from shared.contracts.ledger import AlertExpanded, AlertSettled, ChunkSettled, DeliveryReceipted

_HANDED_OVER: Final = "fell_back"
_BEYOND: Final = "over_fallback_budget"
"""Why one who stands in was not even tried."""


def frozen(alert: Document, event: AlertExpanded) -> None:
    """So many are to be told over each channel, and so many are not, and why."""
    stand_ins = event.stand_ins or {}
    for recipient in (r for chunk in event.chunks for r in chunk):
        channel = _channel(alert, recipient)
        if recipient in stand_ins:
            channel["stands_in"] = True
        else:
            channel["to"] = channel.get("to", 0) + 1
    for why, n in (event.not_told or {}).items():
        add(alert, "not_told", why, n)


def attempted(alert: Document, event: ChunkSettled) -> None:
    """Whom the provider took, and whom it never will; of all others the next attempt says more."""
    for outcome in event.outcomes:
        channel = _channel(alert, outcome.recipient)
        channel["kind"] = outcome.channel_kind
        if outcome.result == "delivered":
            channel["accepted"] = channel.get("accepted", 0) + 1
        elif outcome.reason == _HANDED_OVER:
            channel["to"] = channel.get("to", 0) - 1
        elif outcome.result == "rejected":
            add(channel, "refused", outcome.reason)


def ended(alert: Document, event: AlertSettled) -> None:
    """Who got nothing, or perhaps nothing, is named: all others were taken by their provider."""
    channels = alert.get("channels", {})
    alone = not any(c.get("stands_in") for c in channels.values())
    named = event.delivered + len(event.unsent)
    whole = alone and sum(c.get("to", 0) for c in channels.values()) == named
    if whole:
        for channel in channels.values():
            channel.update(accepted=channel.get("to", 0), refused={})
    for outcome in event.unsent:
        channel = _channel(alert, outcome.recipient)
        if outcome.result == "unknown":
            channel["perhaps"] = channel.get("perhaps", 0) + 1
        elif whole or outcome.reason == _BEYOND:
            add(channel, "refused", outcome.reason)
        if whole:
            channel["accepted"] -= 1


def arrived(alert: Document, event: DeliveryReceipted, *, before: str | None) -> None:
    """The provider says what became of one that it took; `before` is what it said of the same one."""
    channel = _channel(alert, event.recipient)
    if before == "delivered":
        channel["arrived"] -= 1
    if event.arrived == "delivered":
        channel["arrived"] = channel.get("arrived", 0) + 1
    else:
        add(channel, "failed", event.reason)


def _channel(alert: Document, recipient: str) -> dict[str, Any]:
    name = recipient.rpartition(":")[0]
    found: dict[str, Any] = alert.setdefault("channels", {}).setdefault(name, {})
    return found

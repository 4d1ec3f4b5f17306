"""The ledger of an incident as people and programs read it: message by message, and all together. Pure.

Large or small, it has a line a channel and a line a reason. What was accepted by a provider, what is said to
have arrived and what failed stand apart.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.console.decide.draft import Document
from services.console.decide.why_not import SENTENCES, why_lost, why_not
from services.console.ledger_models import LedgerAlert, LedgerFigures, LedgerWhy

_NO_KIND: Final = "untried"
"""Of a channel by which nobody was tried yet: the ledger names its kind with the first attempt."""


def message(alert: Document) -> LedgerAlert:
    """One message to one audience of a group."""
    over = alert.get("settled")
    channels = alert.get("channels", {})
    kinds = _by_kind(channels, settled=over is not None)
    return LedgerAlert(
        alert_id=alert["alert_id"],
        at=alert["at"],
        kind=alert["kind"],
        group=alert["group"],
        audience=alert["audience"],
        state=over["reason"] if over else "under_way",
        all=total(kinds.values()),
        channels=kinds,
        why_not=whys(channels, alert.get("not_told", {}), perhaps=sum(f.perhaps for f in kinds.values())),
    )


def latecomers(group: str, alerts: Document) -> LedgerAlert:
    """All whom a group told because they joined later: a message to each."""
    channels = alerts.get("channels", {})
    kinds = _by_kind(channels, settled=False)
    return LedgerAlert(
        group=group,
        audience="community",
        state="done" if not any(f.under_way for f in kinds.values()) else "under_way",
        all=total(kinds.values()),
        channels=kinds,
        why_not=whys(channels, {}, perhaps=sum(f.perhaps for f in kinds.values())),
    )


def total(figures: Iterable[LedgerFigures]) -> LedgerFigures:
    """All of them together."""
    found = list(figures)
    return LedgerFigures(
        **{name: sum(getattr(f, name) for f in found) for name in LedgerFigures.model_fields}
    )


def whys(channels: Mapping[str, Any], not_told: Mapping[str, int], *, perhaps: int) -> list[LedgerWhy]:
    """Why how many were not told, most first."""
    counted: Counter[tuple[str, str]] = Counter()
    for channel in channels.values():
        for reason, n in channel.get("refused", {}).items():
            counted[why_not(reason), reason] += n
        for reason, n in channel.get("failed", {}).items():
            counted[why_lost(reason), reason] += n
    for reason, n in not_told.items():
        counted[why_not(reason), reason] += n
    if perhaps:
        counted["perhaps", "ambiguous_twice"] += perhaps
    ranked = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return [
        LedgerWhy(why=why, reason=reason, people=n, words=SENTENCES[why]) for (why, reason), n in ranked if n
    ]


def _by_kind(channels: Mapping[str, Any], *, settled: bool) -> dict[str, LedgerFigures]:
    kinds: dict[str, list[LedgerFigures]] = {}
    for channel in channels.values():
        kinds.setdefault(channel.get("kind", _NO_KIND), []).append(_figures(channel, settled=settled))
    return {kind: total(figures) for kind, figures in sorted(kinds.items())}


def _figures(channel: Mapping[str, Any], *, settled: bool) -> LedgerFigures:
    """Of one channel. Once nothing more is sent, whoever is in none of the figures may have got it or not."""
    refused, perhaps = sum(channel.get("refused", {}).values()), channel.get("perhaps", 0)
    tried = channel.get("accepted", 0) + refused + perhaps
    to = tried if channel.get("stands_in") else channel.get("to", 0)
    accepted = min(to, channel.get("accepted", 0))
    open_ = max(0, to - accepted - refused - perhaps)
    failed = sum(channel.get("failed", {}).values())
    arrived = channel.get("arrived", 0)
    return LedgerFigures(
        to=to,
        accepted=accepted,
        arrived=arrived,
        failed=failed,
        unheard=max(0, accepted - arrived - failed),
        refused=refused,
        perhaps=perhaps + open_ if settled else perhaps,
        under_way=0 if settled else open_,
    )

"""What groups spent on text messages, folded from the ledger, and who is left out at the cap. Pure.

Whoever folds the same records, however often, reaches the same sums. The ledger is kept for longer than a
month (35 days), so nothing else need remember what was spent.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.contracts.base import GroupId
from shared.contracts.desk import SmsTo
from shared.contracts.ledger import AlertExpanded, ChunkSettled, LedgerRecord
from shared.spending import cost_of, month_of, spent_since, stand_in_chunks

_MOST_ALERTS: Final = 20_000
"""Paid alerts remembered at the most; a month has some hundreds."""


@dataclass(frozen=True, slots=True)
class _Paid:
    """What is remembered of one alert that cost, or was held back."""

    group: GroupId
    month: str
    incident: str | None
    prices: Mapping[str, float]
    over_cap: tuple[str, ...]
    pence: float
    """If everybody got it, and nobody stood in."""
    standing: tuple[int, ...]
    """The chunks of those who stand in for others."""
    since: dict[tuple[int, int], float] = field(default_factory=dict)
    """What came to it, or was not spent after all, by chunk and attempt."""


@dataclass(slots=True)
class Spending:
    """The fold."""

    _alerts: OrderedDict[str, _Paid] = field(default_factory=OrderedDict)

    def learn(self, record: LedgerRecord) -> None:
        """Take in a record; the last that is said of an alert's recipients counts."""
        if isinstance(record, AlertExpanded):
            self._freeze(record)
        elif isinstance(record, ChunkSettled) and (paid := self._alerts.get(record.alert_id)):
            paid.since[record.chunk, record.attempt] = spent_since(record, paid.prices, paid.standing)

    def spent(self, group: GroupId, month: str) -> float:
        """What the group spent in that month, in pence."""
        mine = (paid for paid in self._alerts.values() if (paid.group, paid.month) == (group, month))
        return sum(max(0.0, paid.pence + sum(paid.since.values())) for paid in mine)

    def never_told(self, group: GroupId, incidents: Collection[str], channel: str) -> bool:
        """Whether the cap left this channel out of all that was told of these incidents, which are one."""
        about = [p for p in self._alerts.values() if p.group == group and p.incident in incidents]
        held_back = any(channel in paid.over_cap for paid in about)
        return held_back and not any(channel in paid.prices for paid in about)

    def _freeze(self, record: AlertExpanded) -> None:
        since = self._alerts[record.alert_id].since if record.alert_id in self._alerts else {}
        if not (record.prices or record.over_cap):
            self._alerts.pop(record.alert_id, None)
            return
        self._alerts[record.alert_id] = _Paid(
            group=record.group,
            month=month_of(record.at),
            incident=record.incident_id,
            prices=record.prices or {},
            over_cap=record.over_cap or (),
            pence=cost_of(record),
            standing=stand_in_chunks(record),
            since=since,
        )
        while len(self._alerts) > _MOST_ALERTS:
            self._alerts.popitem(last=False)


def left_out(
    costs: Mapping[str, float],
    left: float | None,
    to: SmsTo | None,
    witnesses: Collection[str],
    *,
    standing: Collection[str] = (),
) -> frozenset[str]:
    """Which channels are left out of an alert that the cap may hold back: those that cost, if it is passed.

    `costs` is what each channel will cost in pence, `left` what is left of the cap (None: there is none),
    `to` whom the person who sends it chose, `witnesses` the channels of subscribers who can come. Those
    `standing` in cost something only if needed: they are left out with the others, and where nothing is left.
    """
    paid = {channel for channel, pence in costs.items() if pence > 0} | set(standing)
    if left is None or to == "everyone" or (sum(costs.values()) <= left and (left > 0 or not standing)):
        return frozenset()
    return frozenset(paid - set(witnesses) if to == "witnesses" else paid)

"""What groups spent on text messages, folded from the ledger, and who is left out at the cap. Pure.

Whoever folds the same records, however often, reaches the same sums. The ledger is kept for longer than a
month (35 days), so nothing else need remember what was spent.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.contracts.base import GroupId
from shared.contracts.desk import SmsTo
from shared.contracts.ledger import AlertExpanded, ChunkSettled, LedgerRecord
from shared.spending import cost_of, month_of, spent_since, stand_in_chunks

_MOST_ALERTS: Final = 20_000
"""Paid alerts remembered at the most; a month has some hundreds."""
KEPT: Final = timedelta(days=35)
"""What is older counts for no month any more that anybody asks of; the ledger itself keeps no more."""
_Month = tuple[GroupId, str]


@dataclass(frozen=True, slots=True)
class _Paid:
    """What is remembered of one alert that cost, or was held back."""

    month: _Month
    at: datetime
    incident: str | None
    prices: Mapping[str, float]
    over_cap: tuple[str, ...]
    pence: float
    """If everybody got it, and nobody stood in."""
    standing: tuple[int, ...]
    """The chunks of those who stand in for others."""
    since: dict[tuple[int, int], float] = field(default_factory=dict)
    """What came to it, or was not spent after all, by chunk and attempt."""

    @property
    def group(self) -> GroupId:
        return self.month[0]

    def sum(self) -> float:
        return max(0.0, self.pence + sum(self.since.values()))


@dataclass(slots=True)
class Spending:
    """The fold."""

    _alerts: OrderedDict[str, _Paid] = field(default_factory=OrderedDict)
    _months: defaultdict[_Month, dict[str, _Paid]] = field(default_factory=lambda: defaultdict(dict))
    """The same by whom and when."""
    _sums: dict[_Month, float] = field(default_factory=dict)
    """What was reckoned of a month and hasn't changed since."""

    def __len__(self) -> int:
        """How many alerts are remembered."""
        return len(self._alerts)

    def learn(self, record: LedgerRecord) -> None:
        """Take in a record; the last that is said of an alert's recipients counts."""
        if isinstance(record, AlertExpanded):
            self._freeze(record)
        elif isinstance(record, ChunkSettled) and (paid := self._alerts.get(record.alert_id)):
            paid.since[record.chunk, record.attempt] = spent_since(record, paid.prices, paid.standing)
            self._sums.pop(paid.month, None)

    def spent(self, group: GroupId, month: str) -> float:
        """What the group spent in that month, in pence."""
        key = group, month
        if key not in self._sums:
            self._sums[key] = sum((paid.sum() for paid in self._months.get(key, {}).values()), 0.0)
        return self._sums[key]

    def never_told(self, group: GroupId, incidents: Collection[str], channel: str) -> bool:
        """Whether the cap left this channel out of all that was told of these incidents, which are one."""
        about = [p for p in self._alerts.values() if p.group == group and p.incident in incidents]
        held_back = any(channel in paid.over_cap for paid in about)
        return held_back and not any(channel in paid.prices for paid in about)

    def _freeze(self, record: AlertExpanded) -> None:
        before = self._drop(record.alert_id)
        if not (record.prices or record.over_cap):
            return
        paid = _Paid(
            month=(record.group, month_of(record.at)),
            at=record.at,
            incident=record.incident_id,
            prices=record.prices or {},
            over_cap=record.over_cap or (),
            pence=cost_of(record),
            standing=stand_in_chunks(record),
            since=before.since if before else {},
        )
        self._alerts[record.alert_id] = self._months[paid.month][record.alert_id] = paid
        self._sums.pop(paid.month, None)
        while len(self._alerts) > _MOST_ALERTS or self._oldest().at < record.at - KEPT:
            self._drop(next(iter(self._alerts)))

    def _oldest(self) -> _Paid:
        return next(iter(self._alerts.values()))

    def _drop(self, alert_id: str) -> _Paid | None:
        paid = self._alerts.pop(alert_id, None)
        if paid is not None:
            self._sums.pop(paid.month, None)
            del self._months[paid.month][alert_id]
            if not self._months[paid.month]:
                del self._months[paid.month]
        return paid


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

"""Whom a channel told of an incident in another's place: what follows reaches them the same way. Pure.

The ledger is the only memory. It knows recipients by their position in a channel, as `threads` does.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from shared.contracts.ledger import AlertExpanded, ChunkClaimed, ChunkSettled, LedgerRecord

MOST: Final = 10_000
"""Incidents known at a time; of more, those that were first heard of are forgotten."""
_Incident = tuple[str, str]
"""A group, and an incident."""


@dataclass(slots=True)
class _Open:
    """An alert that may still go to whoever stands in."""

    incident: _Incident
    names: AbstractSet[str]
    told: dict[tuple[int, int], AbstractSet[str]] = field(default_factory=dict)
    """By chunk and attempt: what is claimed may be under way, and counts until its outcome is known."""


class StoodIn:
    """`learn` from every ledger record, in its order; `ended` once nothing more goes of an alert."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._told: OrderedDict[_Incident, set[str]] = OrderedDict()

    def __len__(self) -> int:
        """How many alerts are followed."""
        return len(self._open)

    def learn(self, record: LedgerRecord) -> None:
        """Take in what the ledger says."""
        if isinstance(record, AlertExpanded):
            if record.stand_ins and record.incident_id is not None:
                known = _Open((record.group, record.incident_id), frozenset(record.stand_ins))
                self._open.setdefault(record.alert_id, known)
        elif isinstance(record, ChunkClaimed | ChunkSettled) and (alert := self._open.get(record.alert_id)):
            attempt = record.chunk, record.attempt
            if isinstance(record, ChunkSettled):
                may_have = {o.recipient for o in record.outcomes if o.result in {"delivered", "unknown"}}
                alert.told[attempt] = may_have & alert.names
            else:
                alert.told.setdefault(attempt, alert.names & set(record.recipients))

    def ended(self, alert_id: str) -> None:
        """Nothing more goes of it: only who was told is remembered."""
        alert = self._open.pop(alert_id, None)
        if alert is not None and (found := set().union(*alert.told.values())):
            self._told.setdefault(alert.incident, set()).update(found)
            while len(self._told) > MOST:
                self._told.popitem(last=False)

    def told(self, group: str, incidents: Collection[str]) -> AbstractSet[str]:
        """Who was, or may have been, told of any of these, which are one."""
        about = {(group, incident) for incident in incidents}
        found: Iterable[AbstractSet[str]] = (self._told.get(one, set()) for one in about)
        under_way = (who for a in self._open.values() if a.incident in about for who in a.told.values())
        return frozenset().union(*found, *under_way)

"""Whom a channel told of an incident in another's place: what follows reaches them the same way. Pure.

The ledger is the only memory. It knows recipients by their position in a channel, as `threads` does.
"""

from collections.abc import Set as AbstractSet

from shared.contracts.ledger import AlertExpanded, ChunkSettled, LedgerRecord

_Incident = tuple[str, str]
"""A group, and an incident."""


class StoodIn:
    """`learn` from every ledger record, in its order."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[_Incident, AbstractSet[str]]] = {}
        self._told: dict[_Incident, set[str]] = {}

    def learn(self, record: LedgerRecord) -> None:
        """Take in what the ledger says."""
        if isinstance(record, AlertExpanded) and record.stand_ins and record.incident_id is not None:
            self._waiting[record.alert_id] = ((record.group, record.incident_id), frozenset(record.stand_ins))
        elif isinstance(record, ChunkSettled) and record.alert_id in self._waiting:
            incident, names = self._waiting[record.alert_id]
            may_have = {o.recipient for o in record.outcomes if o.result in {"delivered", "unknown"}}
            if found := may_have & names:
                self._told.setdefault(incident, set()).update(found)

    def told(self, group: str, incident: str | None) -> AbstractSet[str]:
        """Who was, or may have been."""
        return self._told.get((group, incident or ""), frozenset())

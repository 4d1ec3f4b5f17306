"""Threads: which message about an incident came first to whom, so that what follows can answer it.

The ledger is the only memory: after a restart it is known again from there. It knows recipients by their
position in a channel, so where addresses are exchanged while an incident goes on, a channel may be given
another's message: what it cannot answer it sends without.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from services.notifier.directory import Directory
from shared.contracts.base import AlertId, GroupId, IncidentId
from shared.contracts.ledger import AlertExpanded, ChunkSettled, LedgerRecord

MOST: Final = 50_000
"""First messages, and alerts, known at a time; what follows a forgotten one stands by itself."""


class _Key(NamedTuple):
    group: GroupId
    incident: IncidentId
    recipient: str


class Threads:
    """`learn` from every ledger record; `firsts` before a send."""

    def __init__(self, directory: Directory, *, most: int = MOST) -> None:
        self._directory, self._most = directory, most
        self._incidents: OrderedDict[AlertId, IncidentId] = OrderedDict()
        self._firsts: OrderedDict[_Key, str] = OrderedDict()

    def learn(self, record: LedgerRecord) -> None:
        """Take in what the ledger says."""
        if isinstance(record, AlertExpanded) and record.incident_id is not None:
            self.began(record.alert_id, record.incident_id)
        elif isinstance(record, ChunkSettled):
            self._sent(record)

    def began(self, alert_id: AlertId, incident: IncidentId | None) -> None:
        """An alert is about this incident."""
        if incident is not None:
            self._incidents[alert_id] = incident
            _keep_few(self._incidents, self._most)

    def firsts(
        self, group: GroupId, incident: IncidentId | None, recipients: Sequence[str]
    ) -> Mapping[str, str]:
        """The provider's id of the first message about the incident, for those who had one."""
        if incident is None:
            return {}
        found = {r: self._firsts.get(_Key(group, incident, r)) for r in recipients}
        return {r: first for r, first in found.items() if first}

    def _sent(self, record: ChunkSettled) -> None:
        incident = self._incidents.get(record.alert_id)
        if incident is None:
            return
        for outcome in record.outcomes:
            threads = self._directory.threads(outcome.channel_kind)
            if threads and outcome.provider_id and outcome.result == "delivered":
                key = _Key(record.group, incident, outcome.recipient)
                self._firsts.setdefault(key, outcome.provider_id)
        _keep_few(self._firsts, self._most)


def _keep_few(known: "OrderedDict[_Key, str] | OrderedDict[AlertId, IncidentId]", most: int) -> None:
    while len(known) > most:
        known.popitem(last=False)

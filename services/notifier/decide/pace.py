"""How many messages a group sends in an hour, folded from the ledger, and what of an alert has to wait. Pure.

A message counts from its claim on, so that what is under way counts; what surely didn't go out counts no more
once that is recorded. Whoever folds the same records, however often, reaches the same sums.
"""

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from services.notifier.decide.merged import Merged
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import GroupId, IncidentId
from shared.contracts.ledger import ChunkClaimed, ChunkSettled, LedgerRecord
from shared.spending import may_be_held_back

HOUR: Final = timedelta(hours=1)
Verdict = Literal["go", "wait"]


class _Attempt(NamedTuple):
    alert: str
    chunk: int
    attempt: int


@dataclass(slots=True)
class _Group:
    """Its attempts of the last hour, the oldest first, with how many messages each may have sent."""

    attempts: "OrderedDict[_Attempt, tuple[datetime, int]]" = field(default_factory=OrderedDict)
    sent: int = 0

    def put(self, attempt: _Attempt, at: datetime, messages: int) -> None:
        began, before = self.attempts.get(attempt, (at, 0))
        self.attempts[attempt] = (began, messages)
        self.sent += messages - before

    def forget(self, before: datetime) -> None:
        while self.attempts and (oldest := next(iter(self.attempts.items())))[1][0] <= before:
            del self.attempts[oldest[0]]
            self.sent -= oldest[1][1]


class Pace:
    """`learn` from every ledger record."""

    def __init__(self) -> None:
        self._groups: dict[GroupId, _Group] = defaultdict(_Group)

    def learn(self, record: LedgerRecord) -> None:
        """Take in a record; one that is older than an hour beside the latest says nothing any more."""
        if not isinstance(record, ChunkClaimed | ChunkSettled):
            return
        attempt, group = _Attempt(record.alert_id, record.chunk, record.attempt), self._groups[record.group]
        if isinstance(record, ChunkSettled):
            if attempt in group.attempts:
                group.put(attempt, record.at, sum(o.result in _MAY_HAVE_GONE for o in record.outcomes))
        elif attempt not in group.attempts:
            group.put(attempt, record.at, len(record.recipients))
            group.forget(record.at - HOUR)

    def sent(self, group: GroupId, now: datetime) -> int:
        """Messages that the group sent in the hour before."""
        known = self._groups[group]
        known.forget(now - HOUR)
        return known.sent


_MAY_HAVE_GONE: Final = frozenset({"delivered", "unknown"})


@dataclass(slots=True)
class WaitsFor:
    """What lets alerts pass: by group and incident, those raised until when."""

    merged: Merged = field(default_factory=Merged)
    _sent_on: dict[tuple[GroupId, IncidentId], datetime] = field(default_factory=dict)

    def sent_on(self, group: GroupId, incident: IncidentId, at: datetime) -> None:
        """Somebody let go what waited by then."""
        self._sent_on[group, incident] = max(at, self._sent_on.get((group, incident), at))

    def verdict(self, alert: AlertRaised, messages: int, room: int) -> Verdict:
        """Whether so many of its messages go, where the group may send `room` more in this hour."""
        return "go" if messages <= room or not may_wait(alert) or self._let_go(alert) else "wait"

    def _let_go(self, alert: AlertRaised) -> bool:
        about = ((alert.group, incident) for incident in self.merged.names(alert.incident_id))
        return any(alert.at <= self._sent_on[key] for key in about if key in self._sent_on)


def may_wait(alert: AlertRaised) -> bool:
    """Whether it may: news of an incident to the community or partners, that ends and corrects nothing.

    A correction is raised for everyone, as is what a person would have everyone told whatever it costs.
    """
    held_back = may_be_held_back(alert.kind, alert.audience, alert.urgency) and alert.sms_to != "everyone"
    return held_back and alert.audience != "verifiers" and alert.incident_id is not None

"""Who was told of an incident through which group, folded from the ledger. Pure.

The ledger knows subscribers by a pseudonym of the day, so that nobody can follow a person through it; who has
the master key and the book can say of one person whether they were told.
"""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from services.notifier.decide.expand import channel_of, position_of
from services.notifier.decide.pseudo import is_pseudo
from shared.contracts.base import GroupId

_MOST: Final = 2_000_000
"""Names kept at the most (8 bytes each); of more, the incidents that were first heard of are forgotten."""


@dataclass(slots=True)
class Told:
    """What was told, by incident."""

    _by: OrderedDict[str, dict[tuple[GroupId, date], dict[str, "array[int]"]]] = field(
        default_factory=OrderedDict
    )
    _names: int = 0

    def learn(
        self, incident: str, group: GroupId, day: date, alert: str, recipients: Sequence[Sequence[str]]
    ) -> None:
        """An alert's recipients are frozen; what is said last of an alert counts."""
        numbers = (position_of(r) for chunk in recipients for r in chunk if is_pseudo(channel_of(r)))
        found = array("Q", sorted(numbers))
        self._unlearn(incident, alert)
        if not found:
            return
        self._by.setdefault(incident, {}).setdefault((group, day), {})[alert] = found
        self._names += len(found)
        while self._names > _MOST and len(self._by) > 1:
            _, oldest = self._by.popitem(last=False)
            self._names -= sum(len(names) for alerts in oldest.values() for names in alerts.values())

    def _unlearn(self, incident: str, alert: str) -> None:
        for alerts in self._by.get(incident, {}).values():
            self._names -= len(alerts.pop(alert, ()))

    def of(self, incidents: Collection[str]) -> "Heard":
        """What is known of incidents that are one, ready to be asked of many people."""
        found: dict[tuple[GroupId, date], set[int]] = {}
        for incident in incidents:
            for key, alerts in self._by.get(incident, {}).items():
                found.setdefault(key, set()).update(*alerts.values())
        return Heard(found)


@dataclass(frozen=True, slots=True)
class Heard:
    """Who heard of one incident."""

    _by: Mapping[tuple[GroupId, date], AbstractSet[int]]

    def through(self, pseudonym: Callable[[date], int]) -> frozenset[GroupId]:
        """The groups through which the person was told whose pseudonym of a day this gives."""
        if not self._by:
            return frozenset()
        mine = {day: pseudonym(day) for _, day in self._by}
        return frozenset(group for (group, day), names in self._by.items() if mine[day] in names)

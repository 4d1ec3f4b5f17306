"""Which incidents are one by now: whoever was told of one of them was told of what they became. Pure."""

from dataclasses import dataclass, field

from shared.contracts.base import IncidentId
from shared.contracts.incidents import IncidentMerged


@dataclass(slots=True)
class Merged:
    """`learn` from every merge, in the log's order. What a split gives back bears a new name."""

    _into: dict[IncidentId, IncidentId] = field(default_factory=dict)

    def learn(self, event: IncidentMerged) -> None:
        """One was taken into another."""
        if self.now(event.incident_id) != event.absorbed:
            self._into[event.absorbed] = event.incident_id

    def now(self, incident: IncidentId) -> IncidentId:
        """The one that goes on."""
        while incident in self._into:
            incident = self._into[incident]
        return incident

    def names(self, incident: IncidentId | None) -> frozenset[IncidentId]:
        """All that are one with it, and itself; of none, none."""
        if incident is None:
            return frozenset()
        one = self.now(incident)
        return frozenset({one, incident, *(name for name in self._into if self.now(name) == one)})

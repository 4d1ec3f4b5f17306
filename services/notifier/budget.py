"""Which groups are to be told that their money for text messages goes: once near the cap, and once at it.

Both once a month. The alert is the notifier's own, made of nothing but the ledger and the group's definition:
whoever makes it gives it the same id, so that the ledger's fence keeps it to one, whatever crashes and
however many notifiers run.
"""

from collections.abc import Iterator
from datetime import timedelta

from services.notifier.costs import Costs, cap_of
from services.notifier.directory import Directory
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import AlertId
from shared.ports import Clock
from shared.spending import month_of, warned_at


class Budget:
    """Says what is due."""

    def __init__(self, directory: Directory, costs: Costs, clock: Clock) -> None:
        self._directory, self._costs, self._clock = directory, costs, clock

    def due(self) -> Iterator[AlertRaised]:
        """What groups' verifiers have to be told this month, told already or not."""
        now = self._clock.now()
        for group in self._directory.definitions():
            version = self._directory.latest(group)
            step = warned_at(self._costs.spent(group), cap_of(self._directory.version(group, version)))
            if step is not None:
                name = f"spending-{group}-{month_of(now)}-{step}"
                yield AlertRaised(
                    id=name,
                    at=now,
                    alert_id=AlertId(name),
                    group=group,
                    group_version=version,
                    audience="verifiers",
                    kind="SPENDING",
                    urgency="normal",
                    not_after=now + timedelta(days=1),
                )

    def figures(self) -> dict[str, dict[str, float]]:
        """For whoever watches the hub: what each group spent of what this month, in pounds."""
        found = {}
        for group in self._directory.definitions():
            cap = cap_of(self._directory.version(group, self._directory.latest(group)))
            spent = self._costs.spent(group)
            if spent or cap is not None:
                found[str(group)] = {
                    "spent": round(spent / 100, 2),
                    **({} if cap is None else {"cap": cap / 100}),
                }
        return found

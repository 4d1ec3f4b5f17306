"""What the logs say beyond one alert, folded once for whoever asks. Pure.

Records are learned wherever they come from: read from the stream, or stored by this notifier just now.
"""

from dataclasses import dataclass, field

from services.notifier.decide.merged import Merged
from services.notifier.decide.pace import Pace
from services.notifier.decide.spending import Spending
from services.notifier.decide.stood_in import StoodIn
from shared.contracts.ledger import LedgerRecord


@dataclass(slots=True)
class Remembered:
    """All such folds; each may see a record any number of times."""

    spending: Spending = field(default_factory=Spending)
    stood_in: StoodIn = field(default_factory=StoodIn)
    pace: Pace = field(default_factory=Pace)
    merged: Merged = field(default_factory=Merged)
    """The only one that comes from DECISIONS."""

    def learn(self, record: LedgerRecord) -> None:
        """Take in a record of the ledger."""
        self.spending.learn(record)
        self.stood_in.learn(record)
        self.pace.learn(record)

"""Which alerts an end makes pointless: what has not gone out of them by then never does. Pure.

People who heard that it is over, or was a mistake, must not hear after it that it goes on. What counts is the
order in which the log has them, so that every notifier says the same, whenever it reads them.
"""

from typing import Final

from services.notifier.decide.merged import Merged
from shared.contracts.alerts import AlertKind, AlertRaised
from shared.spending import ENDS

_GOES_ON: Final[frozenset[AlertKind]] = frozenset({"UNCONFIRMED", "LIKELY", "CONFIRMED", "UPDATE"})


def overtakes(later: AlertRaised, earlier: AlertRaised, merged: Merged) -> bool:
    """Whether the later one ends, for the same people, what the earlier one tells of."""
    if later.kind not in ENDS or earlier.kind not in _GOES_ON or earlier.incident_id is None:
        return False
    same_people = (later.group, later.audience) == (earlier.group, earlier.audience)
    return same_people and earlier.incident_id in merged.names(later.incident_id)

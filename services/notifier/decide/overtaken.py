"""Which alerts an end makes pointless: what has not gone out of them by then never does. Pure.

People who heard that it is over, or was a mistake, must not hear after it that it goes on. What counts is the
order in which the log has them, so that every notifier says the same, whenever it reads them.
"""

from typing import Final

from services.notifier.decide.merged import Merged
from services.notifier.decide.pace import may_wait
from shared.contracts.alerts import AlertKind, AlertRaised
from shared.spending import ENDS

_GOES_ON: Final[frozenset[AlertKind]] = frozenset({"UNCONFIRMED", "LIKELY", "CONFIRMED", "UPDATE"})


def overtakes(later: AlertRaised, earlier: AlertRaised, merged: Merged) -> bool:
    """Whether the later one ends, for the same people, what the earlier one tells of."""
    if later.kind not in ENDS or earlier.kind not in _GOES_ON or earlier.incident_id is None:
        return False
    return _same(later, earlier, merged)


def corrects(later: AlertRaised, earlier: AlertRaised, merged: Merged) -> bool:
    """Whether the later one goes to everyone at once, where the earlier one may have to wait for its hour.

    Whoever hears the new place must not hear the old one an hour after it.
    """
    at_once = later.kind in _GOES_ON and not may_wait(later)
    return at_once and may_wait(earlier) and _same(later, earlier, merged)


def _same(later: AlertRaised, earlier: AlertRaised, merged: Merged) -> bool:
    """Whether the same people are told of the same incident."""
    same_people = (later.group, later.audience) == (earlier.group, earlier.audience)
    return same_people and earlier.incident_id in merged.names(later.incident_id)

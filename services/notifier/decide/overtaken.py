"""Which alerts a later one makes pointless: what has not gone out of them by then never does. Pure.

Who heard that it is over, or was a mistake, must not hear after it that it goes on; nor, after they heard
that it is not over, that it is. What counts is the order in which the log has them, so that every notifier
says the same, whenever it reads them.
"""

from typing import Final, Literal

from services.notifier.decide.merged import Merged
from services.notifier.decide.pace import may_wait
from shared.contracts.alerts import AlertKind, AlertRaised
from shared.contracts.incidents import Status
from shared.spending import ENDS

Overtaken = Literal["superseded", "corrected"]
"""By an end, or by a correction: as the ledger says why somebody was not told."""
_GOES_ON: Final[frozenset[AlertKind]] = frozenset({"UNCONFIRMED", "LIKELY", "CONFIRMED", "UPDATE"})
_LIVE: Final[frozenset[Status]] = frozenset({"unconfirmed", "likely", "confirmed"})


def may_overtake(alert: AlertRaised) -> bool:
    """Whether it is of a kind that makes anything pointless."""
    return alert.kind in ENDS | _GOES_ON


def overtakes(later: AlertRaised, earlier: AlertRaised, merged: Merged) -> Overtaken | None:
    """Whether the later one says, to the same people, that the earlier one is no longer so."""
    if not _same(later, earlier, merged):
        return None
    if later.kind in ENDS and earlier.kind in _GOES_ON:
        return "superseded"
    not_over = later.kind in _GOES_ON and later.status in _LIVE
    return "corrected" if not_over and earlier.kind in ENDS else None


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

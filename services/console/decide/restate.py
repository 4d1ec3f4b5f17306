"""When a kill switch that is on is said again, so that it never lifts itself by being forgotten. Pure.

DESK forgets after 35 days, and the notifier obeys the last command it finds there. Said again after
14, a stop outlives three weeks without any console.
"""

from datetime import datetime, timedelta
from typing import Final

from shared.contracts.catalog import decode
from shared.contracts.desk import KillSwitch
from shared.ports import Entry

_AFTER: Final = timedelta(days=14)


def restated(entry: Entry, *, now: datetime) -> KillSwitch | None:
    """The same stop anew, if this last command of a switch is one and is old; else None.

    The id comes from what is said again, so consoles that do it at once store one command.
    Raises `MalformedMessageError` if the entry cannot be read.
    """
    command = decode(entry)
    if not (isinstance(command, KillSwitch) and command.stopped and now - entry.stored_at > _AFTER):
        return None
    again = {"id": f"kill_switch.restated.{entry.seq}", "at": now, "since": command.since or command.at}
    # Not from the command's id, which has no room for a suffix with each time.
    return command.model_copy(update=again)

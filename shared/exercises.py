"""An exercise as door and desk know it: until when it goes on, what of it is due, and the link to its form.

Guarantees: nobody can guess the link; it opens nothing once the exercise is over.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.contracts.base import BridgeId, ReportId
from shared.contracts.drills import DrillMessage
from shared.report_ids import report_id
from shared.sealing import MasterKey

RUNNING: Final = "exercises"
"""The read model's index of those that nobody has ended, by when they will be over."""
BRIDGE: Final = BridgeId("api")
CLIENT: Final = "exercise"
"""By whom what is played comes in."""
_KEY_SIGNS: Final = 32


@dataclass(frozen=True, slots=True)
class Exercise:
    """A group's exercise: begun then, over at `until` at the latest, or ended by somebody before."""

    id: str
    group: str
    begun_at: datetime
    until: datetime
    ended: bool = False
    speed: float = 1.0
    messages: tuple[DrillMessage, ...] = ()

    def goes_on(self, now: datetime) -> bool:
        """Whether it is not over yet."""
        return not self.ended and now < self.until

    def due(self, now: datetime) -> list[tuple[int, DrillMessage]]:
        """The messages whose time has come, each with its number: all that came before included."""
        passed = (now - self.begun_at) / timedelta(seconds=1) * self.speed
        return [(n, message) for n, message in enumerate(self.messages) if message.t <= passed]


def source_of(exercise: str, number: int) -> str:
    """What a played message is called by whoever plays it."""
    return f"{exercise}.{number}"


def played_id(master: MasterKey, exercise: str, number: int) -> ReportId:
    """The id of the report that a played message becomes."""
    return report_id(master, BRIDGE, CLIENT, source_of(exercise, number))


def path_of(master: MasterKey, exercise: str) -> str:
    """The path of the exercise's own report form."""
    return f"/exercise/{exercise}/{_key(master, exercise)}"


def opens(master: MasterKey, exercise: str, key: str) -> bool:
    """Whether this is the key of that exercise's link, compared in constant time."""
    return hmac.compare_digest(_key(master, exercise).encode(), key.encode("utf-8", "replace"))


def _key(master: MasterKey, exercise: str) -> str:
    return master.tag("exercise-link", exercise).hex()[:_KEY_SIGNS]

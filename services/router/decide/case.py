"""What the rules look at: one report with everything that was found about it."""

from dataclasses import dataclass
from datetime import datetime

from services.router.decide.correlate import Correlated
from services.router.decide.kinds import Context, Reckoned
from services.router.decide.locate import Located
from services.router.decide.state import State
from services.router.decide.understand import Understood
from shared.contracts.base import Place
from shared.contracts.incidents import Gist, GroupShare
from shared.contracts.reports import ReportContent
from shared.gazetteer.port import Gazetteer


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at."""

    state: State
    content: ReportContent
    understood: Understood
    context: Context
    reckoned: Reckoned
    gist: Gist
    located: Located
    found: Correlated
    groups: tuple[GroupShare, ...]
    first_hand: bool | None
    drill: bool
    now: datetime
    gazetteer: Gazetteer
    outside: bool = False
    """Whether it is of a place that is surely outside the country."""

    @property
    def place(self) -> Place | None:
        """Where the report is."""
        return self.located.place

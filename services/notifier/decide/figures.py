"""How many subscribers a group has, in figures that name nobody. Pure.

Each is rounded up to the next five, so that a small one gives nobody away and whoever reckons costs by them
reckons no less than will be.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.notifier.decide.pseudo import Kin
from shared.contracts.base import GroupId
from shared.contracts.ledger import Following, SubscribersCounted
from shared.contracts.subscribers import Choice, Subscriber

_FIVE: Final = 5


@dataclass(slots=True)
class Figures:
    """Counts one group's subscribers; a person who follows several of its areas is one."""

    group: GroupId
    is_sms: Callable[[str], bool]
    total: int = 0
    texts: int = 0
    ways: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    choices: Counter[str] = field(default_factory=Counter)
    kin: Counter[Kin] = field(default_factory=Counter)

    def add(self, person: Subscriber) -> None:
        """Count them, if they follow the group."""
        mine = [follow.choice for follow in person.follows if follow.group == self.group]
        if not mine:
            return
        self.total += 1
        self.texts += self.is_sms(person.way)
        self.ways[person.way] += 1
        self.languages[person.language] += 1
        choice: Choice = "witness" if "witness" in mine else "information"
        self.choices[choice] += 1
        self.kin[Kin(person.way, person.language, choice)] += 1

    def record(self, name: str, at: datetime, following: tuple[Following, ...] = ()) -> SubscribersCounted:
        """The figures as they may be known; `following` are those of `kin`."""
        return SubscribersCounted(
            id=name,
            at=at,
            group=self.group,
            total=in_fives(self.total),
            texts=in_fives(self.texts),
            ways=_in_fives(self.ways),
            languages=_in_fives(self.languages),
            choices=_in_fives(self.choices),
            following=following,
        )


def in_fives(count: int) -> int:
    """Rounded up to the next five."""
    return -(-count // _FIVE) * _FIVE


def _in_fives(counts: Counter[str]) -> dict[str, int]:
    return {name: in_fives(n) for name, n in sorted(counts.items())}

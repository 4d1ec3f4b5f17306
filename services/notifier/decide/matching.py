"""Which subscribers an alert to a community is for, and in which form. Pure.

Guarantees: nobody is told of one incident by two groups at a time; an end and a correction reach exactly
those who were told, wherever their areas lie by now, also in quiet hours; who wants information only is
never asked anything.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.contracts.alerts import AlertBody, AlertRaised, PublicPlace
from shared.contracts.base import GroupId
from shared.contracts.subscribers import Choice, Follow, Subscriber
from shared.geo import distance_m
from shared.quiet_hours import is_quiet

ENDS: Final = frozenset({"OVER", "CLOSED", "WRONG", "NO_NEWS"})
"""What says something only to whoever heard of the thing before."""
_UNPROVEN: Final = frozenset({"unconfirmed", "likely"})
NotTold = Literal["elsewhere", "quiet", "another_group", "never_told"]


@dataclass(frozen=True, slots=True)
class News:
    """What of an alert decides whom it is for."""

    group: GroupId
    at: datetime
    where: PublicPlace
    urgent: bool
    ends: bool

    @classmethod
    def of(cls, alert: AlertRaised) -> "News | None":
        """None for what subscribers are never told: exercises, what is not confirmed, what has no place."""
        if alert.audience != "community" or alert.drill or alert.status in _UNPROVEN:
            return None
        if not isinstance(alert.body, AlertBody):
            return None
        urgent, ends = alert.urgency == "urgent", alert.kind in ENDS
        return cls(alert.group, alert.at, alert.body.public, urgent, ends)


def told_how(
    person: Subscriber, news: News, *, through: Collection[GroupId], others: Collection[News] = ()
) -> Choice | NotTold:
    """How this person is told by the news' group, or why not.

    `through` are the groups through which they heard of the incident before; `others` the news that other
    groups tell of it at the same time.
    """
    how = {n.group: _by_one(person, n, told=n.group in through) for n in (news, *others)}
    if (mine := how[news.group]) not in _TOLD:
        return mine
    would = [group for group, said in how.items() if said in _TOLD]
    heard = [group for group in would if group in through]
    return mine if min(heard or would) == news.group else "another_group"


_TOLD: Final = frozenset({"witness", "information"})


def _by_one(person: Subscriber, news: News, *, told: bool) -> Choice | NotTold:
    """As if there were no other group."""
    mine = [follow for follow in person.follows if follow.group == news.group]
    near = mine if told else [follow for follow in mine if reaches(follow, news.where)]
    if not near:
        return "elsewhere"
    if news.ends:
        return _choice(near) if told else "never_told"
    awake = [follow for follow in near if not _rests(follow, news)]
    return _choice(awake) if awake else "quiet"


def _choice(follows: Collection[Follow]) -> Choice:
    return "witness" if any(follow.choice == "witness" for follow in follows) else "information"


def _rests(follow: Follow, news: News) -> bool:
    return is_quiet(news.at, follow.quiet) and not (news.urgent and follow.urgent_breaks)


def reaches(follow: Follow, where: PublicPlace) -> bool:
    """Whether the area that is followed meets the disc in which the incident is, as strangers know it."""
    area = follow.area
    if area is None:
        return True
    return distance_m(area.lat, area.lon, where.lat, where.lon) <= area.radius_m + where.radius_m


def counted(reasons: Mapping[str, int]) -> dict[str, int]:
    """Why how many were not told, for the ledger; that an end is nothing to who never heard needs no word."""
    return {why: n for why, n in sorted(reasons.items()) if n and why != "never_told"}

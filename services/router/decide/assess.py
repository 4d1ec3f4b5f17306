"""How well is an incident supported? Copies, the same sender, chat and hub count once.

Reports alone never confirm: enough independent ones, or a single one by a trusted account, raise an
incident to likely, which only verifiers see.
"""

from typing import Final

from rpds import HashTrieMap

from services.router.decide.state import Evidence, Group, Incident
from services.router.decide.text import alike
from shared.contracts.base import GroupId
from shared.saying_most import Worth, worth

MOST_COUNTED: Final = 20
"""No policy asks for more independent reports than this."""


_AGAINST: Final = frozenset({"over", "wrong"})
"""Kinds of messages that say that it is over, or that it never was."""


def independent(report: Evidence, counted: tuple[Evidence, ...]) -> bool:
    """Whether a report adds support of its own: it goes on, not by hearsay, and by nobody counted."""
    goes_on = report.gist.kind not in _AGAINST and report.first_hand is not False
    return goes_on and not any(_same_origin(report, other) for other in counted)


def _same_origin(one: Evidence, other: Evidence) -> bool:
    same_sender = one.sender is not None and one.sender == other.sender
    same_chat = one.source is not None and one.source == other.source
    return same_sender or same_chat or bool(_hubs(one) & _hubs(other)) or alike(one.sketch, other.sketch)


def _hubs(report: Evidence) -> frozenset[str]:
    """The other hubs by which it came: whatever one of them says, it is one voice."""
    word = report.passed_on
    return frozenset() if word is None else frozenset({word.hub, *word.via})


def vouches(report: Evidence) -> bool:
    """Whether a trusted account says that it is so: not by hearsay, and not that it is over or wrong."""
    return report.trusted and report.first_hand is not False and report.gist.kind in {"report", "update"}


def supported_by(counted: tuple[Evidence, ...], report: Evidence) -> tuple[Evidence, ...]:
    """The independent reports, with this one if it is one of them."""
    if len(counted) < MOST_COUNTED and independent(report, counted):
        return (*counted, report)
    return counted


def better(one: Evidence | None, other: Evidence) -> Evidence:
    """The report whose words say more: first-hand, then precisely placed, then the earlier."""
    if one is None:
        return other
    return max((one, other), key=_worth)


def _worth(report: Evidence) -> Worth:
    placed = report.place is not None and bool(report.text)
    return worth(first_hand=report.first_hand, placed=placed, at=report.at, report=report.report)


def likely(incident: Incident, groups: "HashTrieMap[GroupId, Group]") -> bool:
    """Whether it is to be raised to likely."""
    return incident.status == "unconfirmed" and enough(incident, groups)


def enough(incident: Incident, groups: "HashTrieMap[GroupId, Group]") -> bool:
    """Whether it is supported, or a trusted account vouches for it, or a member saw it."""
    return incident.vouched > 0 or incident.seen > 0 or supported(incident, groups)


def supported(incident: Incident, groups: "HashTrieMap[GroupId, Group]") -> bool:
    """Whether independent reports suffice for the least demanding of the groups concerned."""
    concerned = [groups[share.group] for share in incident.groups if share.group in groups]
    needed = min((g.definition.policy.likely_after for g in concerned), default=MOST_COUNTED)
    return len(incident.support) >= needed

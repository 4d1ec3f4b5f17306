"""Other hubs in the fold: whose word an incident holds, and that a hub which told of it is told of it."""

from collections.abc import Iterator
from typing import Final

from rpds import HashTrieMap

from services.router.decide.changed import changed
from services.router.decide.state import Evidence, Group, Incident
from shared.contracts.base import GroupId
from shared.contracts.peers import PassedOn

_MOST: Final = 8
"""Words of other hubs that an incident keeps."""


def standing_for(hub: str, groups: "HashTrieMap[GroupId, Group]") -> Iterator[GroupId]:
    """The groups here that stand for that hub."""
    return (group for group, known in sorted(groups.items()) if known.definition.peer == hub)


def is_hub(group: GroupId, groups: "HashTrieMap[GroupId, Group]") -> bool:
    """Whether the group stands for another hub: nobody of it is here to be asked, tired or reminded."""
    known = groups.get(group)
    return known is not None and known.definition.peer is not None


def heard_from(known: tuple[PassedOn, ...], report: Evidence) -> tuple[PassedOn, ...]:
    """The latest word of each hub about each of its incidents, with this report's."""
    word = report.passed_on
    if word is None:
        return known
    others = tuple(k for k in known if (k.hub, k.about) != (word.hub, word.about))
    return (*others, word)[-_MOST:]


def told_by(incident: Incident, report: Evidence, groups: "HashTrieMap[GroupId, Group]") -> Incident:
    """A hub that told us of it has heard of it, and so is told what becomes of it, as all are who heard."""
    if report.passed_on is None:
        return incident
    ears = ((group, "verifiers") for group in standing_for(report.passed_on.hub, groups))
    return changed(incident, told=tuple(dict.fromkeys((*incident.told, *ears))))

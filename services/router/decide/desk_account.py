"""Commands about people taken: how many, what became of them, who follows it up.

An incident is closed only when it is known what became of everybody who was taken. Whoever is unknown has
an owner and a next check. Counts and tags alone: no name is asked for, and none is kept.
"""

from datetime import datetime
from typing import Final

from services.router.decide import reasons
from services.router.decide.custody import Person, becoming, fates, joined, numbering
from services.router.decide.draft import Draft
from services.router.decide.limits import CHECK_AFTER, CHECK_AHEAD
from services.router.decide.permissions import concerns
from services.router.decide.state import Incident
from shared.contracts import aftercare, desk
from shared.contracts.base import HUB, GroupId, IncidentId, MemberId
from shared.contracts.desk import Tally
from shared.contracts.incidents import Status
from shared.tallies import held, tally_of_people, together, without

PEOPLE_MAY_BE_HELD: Final[frozenset[Status]] = frozenset({"confirmed", "officers_left", "aftercare"})
"""A person has said that it is so, and it is not closed."""

_People = tuple[Person, ...]


def people_after(incident: Incident, tally: Tally) -> _People:
    """Everybody who was taken, or may have been, once those numbers are told; none told change nothing."""
    known = incident.aftercare.people
    return known if tally == Tally() else numbering(known, tally.taken + tally.unknown, incident.id)


def unaccounted(incident: Incident, tally: Tally) -> bool:
    """Whether there is anybody of whom nobody knows what became."""
    return any(person.fate == "unknown" for person in people_after(incident, tally))


def tally_after(incident: Incident, tally: Tally) -> Tally:
    """The numbers that those who were told hear once these are told: as far as it is known by then."""
    said = tally if tally != Tally() else incident.tally
    return tally_of_people(said, _fates(people_after(incident, tally)))


def taken_down(draft: Draft, command: desk.End, incident: Incident) -> None:
    """Whoever was taken when the officers left is somebody's to follow up from now on."""
    people = people_after(incident, command.tally)
    if people != incident.aftercare.people:
        _state(draft, command, incident, people, tally_after(incident, command.tally))


def taken_together(draft: Draft, command: desk.Merge, one: Incident, absorbed: Incident) -> None:
    """Two incidents were one: everybody counted in either is counted in it.

    Somebody may have been seen from two sides, and so is counted twice: who is asked after in vain can be
    struck off by a person, who is dropped by the machine cannot be found again.
    """
    people = joined(one.aftercare.people, absorbed.aftercare.people, one.id)
    tally = tally_of_people(together(one.tally, absorbed.tally), _fates(people))
    if people != one.aftercare.people or tally != one.tally:
        checks = [at for at in (one.aftercare.check_at, absorbed.aftercare.check_at) if at]
        owner = one.aftercare.owner or absorbed.aftercare.owner
        _state(draft, command, one, people, tally, owner=owner, check_at=min(checks, default=None))


def parted(draft: Draft, command: desk.Split, into: IncidentId, absorbed: Incident) -> None:
    """Whoever was taken in what leaves again is followed up there, as far as it is known by now."""
    one = draft.incident(command.incident_id)
    was = absorbed.aftercare
    tags = {person.tag for person in was.people}
    leaving = tuple(person for person in one.aftercare.people if person.tag in tags)
    if not leaving and absorbed.tally == Tally():
        return
    tally = tally_of_people(absorbed.tally, _fates(leaving), _fates(was.people))
    _state(draft, command, draft.incident(into), leaving, tally, owner=was.owner, check_at=was.check_at)
    staying = tuple(person for person in one.aftercare.people if person.tag not in tags)
    rest = tally_of_people(without(one.tally, tally), _fates(staying))
    _state(draft, command, one, staying, rest)


def account(draft: Draft, command: aftercare.Account, incident: Incident) -> str:
    """How many were taken, what became of them, who follows it up, when it is looked at next."""
    if incident.status not in PEOPLE_MAY_BE_HELD:
        return reasons.WRONG_STATUS
    if (_news(command), command.arrested, command.owner, command.check_at) == ((), None, None, None):
        return reasons.EMPTY
    people = _people(command, incident)
    if isinstance(people, str):
        return people
    if command.check_at is not None and not draft.now < command.check_at <= draft.now + CHECK_AHEAD:
        return reasons.WRONG_TIMES
    if command.owner is not None and not _groups(draft, command.owner, incident):
        return reasons.UNKNOWN_MEMBER
    tally = tally_of_people(incident.tally, _fates(people), _fates(incident.aftercare.people))
    _state(draft, command, incident, people, tally, owner=command.owner, check_at=command.check_at)
    return reasons.APPLIED


def _fates(people: _People) -> list[aftercare.Fate]:
    return [person.fate for person in people]


def _people(command: aftercare.Account, incident: Incident) -> _People | str:
    people = incident.aftercare.people
    if command.arrested is not None:
        people = numbering(people, command.arrested, incident.id)
        if len(held(_fates(people))) > command.arrested:
            return reasons.FEWER_THAN_KNOWN
    return becoming(people, _news(command))


def _news(command: aftercare.Account) -> tuple[aftercare.Became, ...]:
    return command.news.became if isinstance(command.news, aftercare.News) else ()


def _groups(draft: Draft, member: MemberId, incident: Incident) -> list[GroupId]:
    known = draft.state.members.get(member)
    return sorted(g for g in (known.roles if known else ()) if g != HUB and concerns(incident, g))


def _state(  # noqa: PLR0913 - what an account says
    draft: Draft,
    command: desk.IncidentCommand,
    incident: Incident,
    people: _People,
    tally: Tally,
    *,
    owner: MemberId | None = None,
    check_at: datetime | None = None,
) -> None:
    """Whoever is unknown has an owner and a next check, even if nobody named them."""
    before = incident.aftercare
    open_ones = any(person.fate == "unknown" for person in people)
    owner = owner or before.owner or (command.member if open_ones else None)
    check = check_at or before.check_at or draft.now + CHECK_AFTER
    draft.emit(
        aftercare.IncidentAccounted,
        incident_id=incident.id,
        member=command.member,
        group=command.group,
        fates=aftercare.Fates(people=fates(people)),
        tally=tally,
        owner=owner,
        owner_group=_group_of(draft, owner, incident, command.group) if owner else None,
        check_at=max(check, draft.now) if open_ones else None,
    )


def _group_of(draft: Draft, owner: MemberId, incident: Incident, acting: GroupId) -> GroupId:
    groups = _groups(draft, owner, incident)
    return acting if acting in groups or not groups else groups[0]

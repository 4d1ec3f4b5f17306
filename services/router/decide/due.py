"""When each thing that time alone decides falls due; and when, as long as nothing happens, the next one does.

`ticks` decides what is due by these same moments, so a tick may be passed over exactly where
`next_due` says that nothing can come of it.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from rpds import HashTrieMap

from services.router.decide import reasons
from services.router.decide.aftercare_due import aftercare_due
from services.router.decide.clues import precise
from services.router.decide.digests import digests_due
from services.router.decide.latest import Latest
from services.router.decide.limits import FORGOTTEN_AFTER, HELD_LIFE, RESTATED_AFTER, VAGUE_WAITS
from services.router.decide.mutes import rests_until
from services.router.decide.shifts_due import shifts_due
from services.router.decide.state import (
    DAWN,
    ENDED,
    INCIDENTS,
    RUNGS,
    UNPROVEN,
    Drill,
    Group,
    Held,
    Incident,
    State,
)
from services.router.decide.understand import understand
from shared.at_work import at_work_until
from shared.contracts.base import GroupId, IncidentId

NEVER: Final = datetime.max.replace(tzinfo=UTC)
_QUIET_DEFAULT: Final = timedelta(minutes=90)


def next_due(state: State, after: datetime) -> datetime:
    """The first moment after that one at which something may fall due in this very state."""
    return min((moment for moment in _moments(state) if moment > after), default=NEVER)


def _moments(state: State) -> Iterator[datetime]:
    for incident in open_incidents(state):
        yield claim_lapses(incident)
        yield falls_silent(state, incident)
        yield restated(incident.stated_at)
        yield climbs_at(state, incident)
        yield from aftercare_due(state, incident)
    for incident in resting_incidents(state):
        yield forgotten(state, incident)
    for held in state.all_held.values():
        yield ripens(held)
        yield expires(held)
    yield from digests_due(state)
    yield from shifts_due(state)
    yield from (exercise_over(drill) for drill in state.drills.values())
    yield first_group_restated(state.groups)
    yield from (restated(member.stated_at) for member in state.members.values())
    yield positions_restated(state)


def exercise_over(drill: Drill) -> datetime:
    """When the verifiers who were told of an exercise hear that its time is over."""
    return drill.until if drill.waits and not drill.ended else NEVER


def open_incidents(state: State) -> Sequence[Incident]:
    """The incidents that are neither ended nor forgotten."""
    return _parted(state.incidents)[0]


def resting_incidents(state: State) -> Sequence[Incident]:
    """The ended ones."""
    return _parted(state.incidents)[1]


@Latest
def _parted(incidents: "HashTrieMap[IncidentId, Incident]") -> tuple[list[Incident], list[Incident]]:
    parts: tuple[list[Incident], list[Incident]] = ([], [])
    for incident in INCIDENTS.entries(incidents).values():
        parts[incident.status in ENDED].append(incident)
    return parts


def claim_lapses(incident: Incident) -> datetime:
    """When the claim on it ends."""
    return NEVER if incident.claim is None else incident.claim.until


def falls_silent(state: State, incident: Incident) -> datetime:
    """When a live incident ends for want of news: the most patient of the groups concerned decides.

    Not while a post is kept: nobody who stands there is sent home by silence.
    """
    if not incident.live:
        return NEVER
    minutes = [
        state.groups[s.group].definition.policy.quiet_after_min
        for s in incident.groups
        if s.group in state.groups
    ]
    silent = incident.last_at + (timedelta(minutes=max(minutes)) if minutes else _QUIET_DEFAULT)
    return max([silent, *(post.ends for post in incident.aftercare.posts)])


def climbs_at(state: State, incident: Incident) -> datetime:
    """When more people are asked because nobody takes it: the least patient group concerned decides."""
    waits = incident.status in UNPROVEN and incident.claim is None and incident.rung < len(RUNGS)
    if not waits or incident.waits_since is None:
        return NEVER
    known = (state.groups[s.group] for s in incident.groups if s.group in state.groups)
    patience = min((group.definition.policy.ladder_after_min for group in known), default=None)
    if patience is None:
        return NEVER
    rests = max(worked_on_until(incident), rests_until(state, incident))
    return max(incident.waits_since + timedelta(minutes=patience), rests)


def worked_on_until(incident: Incident) -> datetime:
    """Whoever goes there, or would confirm it, has it as long as a claim lasts, though they have none."""
    acts = [visit.at for visit in incident.visits]
    acts += [incident.proposed.at] if incident.proposed else []
    return at_work_until(acts) or DAWN


@Latest
def least_patience(groups: "HashTrieMap[GroupId, Group]") -> timedelta:
    """Sooner than this after its last report no incident falls silent."""
    minutes = (group.definition.policy.quiet_after_min for group in groups.values())
    return min((_QUIET_DEFAULT, *(timedelta(minutes=m) for m in minutes)))


@Latest
def least_ladder(groups: "HashTrieMap[GroupId, Group]") -> timedelta:
    """No incident that has waited less than this climbs the ladder."""
    minutes = (group.definition.policy.ladder_after_min for group in groups.values())
    return timedelta(minutes=min(minutes, default=0))


def forgotten(state: State, incident: Incident) -> datetime:
    """Seven days after the end; an absorbed incident not before the one that absorbed it."""
    if incident.ended_at is None:
        return NEVER
    if incident.merged_into is not None and incident.merged_into in state.incidents:
        return NEVER
    closed_at = incident.aftercare.closed_at or incident.ended_at
    return max(incident.ended_at, closed_at) + FORGOTTEN_AFTER


def ripens(held: Held) -> datetime:
    """When it has waited long enough: it lacks only a finer place, or who they are."""
    evidence = held.evidence
    seen = evidence.gist.scene and (evidence.gist.present or evidence.first_hand is not False)
    seen = seen and not understand(evidence.text).support  # people who wait at a police station
    unclear = held.reason == reasons.WHO_IS_UNCLEAR and seen and precise(evidence.place)
    return evidence.at + VAGUE_WAITS if held.reason == reasons.TOO_VAGUE or unclear else NEVER


def expires(held: Held) -> datetime:
    """When a held report is given up."""
    return held.evidence.at + HELD_LIFE


def restated(stated_at: datetime) -> datetime:
    """When what was stated then is said again."""
    return stated_at + RESTATED_AFTER


@Latest
def first_group_restated(groups: "HashTrieMap[GroupId, Group]") -> datetime:
    """When the first of these groups is said again."""
    return min((restated(group.stated_at) for group in groups.values()), default=NEVER)


def positions_restated(state: State) -> datetime:
    """When both positions are said again."""
    return restated(state.positions_at) if state.positions_at > DAWN else NEVER

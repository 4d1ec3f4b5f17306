"""One ranked message for all that is not told singly: incidents that came too fast, held reports, watches.

A group's verifiers hear of what a person must know within five minutes, flood or not: incidents that
came too fast, and located reports that are held. Everything else waits for the group's own rhythm. The
best come first: incidents, then what somebody saw, then what is precisely placed, then the newest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.router.decide import ids, reasons
from services.router.decide.clues import precise
from services.router.decide.draft import Draft
from services.router.decide.evolve_peers import is_hub
from services.router.decide.limits import (
    DIGEST_GATHERS,
    DIGEST_LINES,
    DIGEST_NAMES,
    DIGEST_SELDOM,
    DIGEST_URGENT,
)
from services.router.decide.state import DAWN, Ear, Group, Held, Incident, State, Watch
from shared.contracts import incidents as events
from shared.contracts.alerts import AlertRaised, DigestBody, DigestLine
from shared.contracts.base import AlertId, GroupId, ReportId

_EXCERPT: Final = 160
_HOUR: Final = timedelta(hours=1)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_URGENT: Final = frozenset({reasons.WHO_IS_UNCLEAR, reasons.AFTER_THE_END, reasons.NOT_UNDERSTOOD})
"""Reasons why a located report may be held although something may be going on there."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What one group's verifiers have not been told singly."""

    ear: Ear
    held: tuple[Held, ...]
    incidents: tuple[Incident, ...]
    watches: tuple[Watch, ...]

    @property
    def group(self) -> GroupId:
        """Whose verifiers."""
        return self.ear[0]

    @property
    def drill(self) -> bool:
        """Whether it is all an exercise; one digest never holds both."""
        return self.ear[1]

    @property
    def unshown(self) -> list[Held]:
        """The held reports that no digest has shown yet."""
        return [h for h in self.held if self.group not in h.digested]


def digests(draft: Draft) -> Iterator[None]:
    """Emit the digests that are due."""
    for waiting in _all_waiting(draft.state):
        known = draft.state.groups.get(waiting.group)
        if known is not None and _due_at(draft.state, waiting, known) <= draft.now:
            _emit(draft, waiting, known)
            yield


def _all_waiting(state: State) -> list[_Waiting]:
    held: dict[Ear, list[Held]] = {}
    incidents: dict[Ear, list[Incident]] = {}
    watches: dict[Ear, list[Watch]] = {}
    for report in state.all_held.values():
        if report.reason == reasons.MUTED:
            continue
        for group in report.groups:
            held.setdefault((group, report.drill), []).append(report)
    for name in sorted(state.untold):
        incident = state.incidents[name]
        unheard = (s.group for s in incident.groups if (s.group, "verifiers") not in incident.told)
        for group in dict.fromkeys((*unheard, *incident.asking)):
            incidents.setdefault((group, incident.drill), []).append(incident)
    for watch in sorted(state.watches.values(), key=lambda w: w.id):
        for group in watch.groups:
            if group not in watch.digested:
                watches.setdefault((group, False), []).append(watch)
    return [
        _Waiting(ear, tuple(held.get(ear, ())), tuple(incidents.get(ear, ())), tuple(watches.get(ear, ())))
        for ear in sorted({*held, *incidents, *watches})
        if not is_hub(ear[0], state.groups)
    ]


def digests_due(state: State) -> Iterator[datetime]:
    """When each digest falls due of which a group has something to show."""
    for waiting in _all_waiting(state):
        known = state.groups.get(waiting.group)
        if known is not None:
            yield _due_at(state, waiting, known)


def _due_at(state: State, waiting: _Waiting, group: Group) -> datetime:
    """Soon for what must reach a person within five minutes; else in the group's rhythm."""
    held = waiting.unshown
    last = state.digested.get(waiting.ear, DAWN)
    pressing = [_since(i, waiting.group) for i in waiting.incidents] + [
        h.evidence.at for h in held if _pressing(h)
    ]
    soon = max(min(pressing), last) + DIGEST_URGENT if pressing else _NEVER
    fresh = [h.evidence.at for h in held] + [w.at for w in waiting.watches]
    if not fresh:
        return soon
    every = timedelta(minutes=group.definition.policy.digest_every_min)
    flooded = min(every * (1 + _lately(waiting.held) // DIGEST_LINES), max(every, DIGEST_SELDOM))
    return min(soon, max(last + flooded, min(fresh) + min(every, DIGEST_GATHERS)))


def _lately(held: Sequence[Held]) -> int:
    """How many came in the hour before the newest: in a flood of them another message helps nobody."""
    newest = max((h.evidence.at for h in held), default=DAWN)
    return sum(newest - h.evidence.at < _HOUR for h in held)


def _pressing(held: Held) -> bool:
    return held.reason in _URGENT and precise(held.evidence.place) and held.evidence.gist.present


def _since(incident: Incident, group: GroupId) -> datetime:
    """Since when the group is to be asked again, or to hear of it: its first report may have been held."""
    if group in incident.asking and incident.waits_since is not None:
        return incident.waits_since
    return min((e.at for e in incident.evidence.values()), default=incident.opened_at)


def _emit(draft: Draft, waiting: _Waiting, group: Group) -> None:
    incidents = sorted(waiting.incidents, key=lambda i: _rank_of_incident(i, waiting.group))[:DIGEST_LINES]
    fresh = sorted(waiting.unshown, key=_rank)
    lines = [
        *(_of_incident(i, waiting.group) for i in incidents),
        *(_of_held(h) for h in fresh),
        *(_of_watch(w) for w in waiting.watches),
    ]
    alert = ids.alert_id(draft.next_id(), waiting.group, "verifiers")
    draft.emit(
        AlertRaised,
        alert_id=alert,
        group=waiting.group,
        group_version=group.version,
        audience="verifiers",
        kind="DIGEST",
        urgency="urgent" if waiting.incidents else "normal",
        not_after=draft.now + timedelta(minutes=group.definition.policy.alert_life_min),
        drill=waiting.drill,
        body=DigestBody(
            lines=tuple(lines[:DIGEST_LINES]), held=len(waiting.held), oldest=_oldest(waiting, draft.now)
        ),
    )
    room = DIGEST_LINES - len(incidents)
    shown = [
        h for n, h in enumerate(fresh) if n < room or not _pressing(h)
    ]  # others are told by their number
    watches = waiting.watches[: max(0, room - len(fresh))]
    digest = _Digest(alert, waiting.ear, incidents, watches, tuple(h.evidence.report for h in shown))
    _mark(draft, digest)


def _oldest(waiting: _Waiting, now: datetime) -> datetime:
    return min(
        [*(h.evidence.at for h in waiting.held), *(i.opened_at for i in waiting.incidents)], default=now
    )


@dataclass(frozen=True, slots=True)
class _Digest:
    """What one digest told, and to whom."""

    alert: AlertId
    ear: Ear
    incidents: Sequence[Incident]
    watches: Sequence[Watch]
    shown: tuple[ReportId, ...]


def _mark(draft: Draft, digest: _Digest) -> None:
    """Say in the log what this digest told, in events that stay small."""
    base = {"group": digest.ear[0], "drill": digest.ear[1], "alert_id": digest.alert}
    draft.emit(
        events.HeldDigested,
        **base,
        reports=digest.shown[:DIGEST_NAMES],
        incidents=tuple(i.id for i in digest.incidents),
        watches=tuple(w.id for w in digest.watches),
    )
    for start in range(DIGEST_NAMES, len(digest.shown), DIGEST_NAMES):
        draft.emit(events.HeldDigested, **base, reports=digest.shown[start : start + DIGEST_NAMES])


def _rank(held: Held) -> tuple[bool, bool, float, str]:
    """First-hand first, then precisely placed, then the newest."""
    evidence = held.evidence
    return (
        evidence.first_hand is not True,
        not precise(evidence.place),
        -evidence.at.timestamp(),
        evidence.report,
    )


def _rank_of_incident(incident: Incident, group: GroupId) -> tuple[bool, bool, bool, float, str]:
    """What the group has not heard of comes before what it is asked again about."""
    return (
        group in incident.asking,
        incident.first_hand == 0,
        not precise(incident.place),
        -incident.opened_at.timestamp(),
        incident.id,
    )


def _of_incident(incident: Incident, group: GroupId) -> DigestLine:
    best = incident.best
    return DigestLine(
        report_id=best.report if best else incident.id,
        at=incident.opened_at,
        place=incident.place.label if incident.place else "",
        excerpt=best.text[:_EXCERPT] if best else "",
        reason=reasons.NOBODY_TOOK if group in incident.asking else reasons.TOO_MANY_AT_ONCE,
        code=incident.code,
        reports=len(incident.evidence),
    )


def _of_held(held: Held) -> DigestLine:
    evidence = held.evidence
    return DigestLine(
        report_id=evidence.report,
        at=evidence.at,
        place=evidence.place.label if evidence.place else "",
        excerpt=evidence.text[:_EXCERPT],
        reason=held.reason,
    )


def _of_watch(watch: Watch) -> DigestLine:
    return DigestLine(
        report_id=watch.id,
        at=watch.since,
        place=watch.place.label,
        reason=reasons.WATCH,
        reports=watch.reports,
    )

"""`evolve(state, event) -> state`: what each event of the log means. Total, deterministic, pure.

Private parts come in clear, or as None where their key is destroyed: then the event still
counts, without its content. Unknown events never reach this function (the worker stops).
"""

from collections.abc import Callable
from typing import Any, Final

from services.router.decide import evolve_accounts, evolve_dead, evolve_drills
from services.router.decide.changed import changed
from services.router.decide.evolve_dead import DEAD_EVENTS
from services.router.decide.evolve_drills import DRILL_EVENTS
from services.router.decide.evolve_duty import SHIFT_EVENTS
from services.router.decide.evolve_incident import INCIDENT_EVENTS
from services.router.decide.evolve_members import MEMBER_EVENTS
from services.router.decide.evolve_parts import put, seq_of
from services.router.decide.evolve_peers import is_hub
from services.router.decide.geo import cells_of
from services.router.decide.limits import MOST_SIGHTINGS, QUESTIONS, SINGLES, WATCH_LIFE
from services.router.decide.mutes import of_exercise, report_of
from services.router.decide.state import (
    DAWN,
    HELD,
    Asked,
    Evidence,
    Group,
    Held,
    Mute,
    Sighting,
    State,
    Thread,
    Trace,
    Watch,
)
from services.router.decide.text import sketch
from services.router.decide.worlds import remembering, world
from shared.contracts import alerts, groups, incidents
from shared.contracts.base import GroupId, IncidentId, Message
from shared.contracts.groups import Audience
from shared.contracts.own_words import GroupWords


def evolve(state: State, event: Message) -> State:
    """The state after this event of DECISIONS. Raises `TypeError` for a message that is no such event."""
    if event.at > state.now:
        state = changed(state, now=event.at)
    if isinstance(event, incidents.IncidentEvent):
        return INCIDENT_EVENTS[type(event)](state, event)
    handler = _OTHERS.get(type(event))
    if handler is None:
        raise TypeError(f"{event.type} is no event of the log")
    return handler(state, event)


def _decided(state: State, event: incidents.InputDecided) -> State:
    ref, changes = event.input, dict[str, Any]()
    if ref.stream == "REPORTS":
        changes["reports_seq"] = max(state.reports_seq, ref.seq)
    elif ref.stream == "DESK":
        changes["desk_seq"] = max(state.desk_seq, ref.seq)
    if state.positions_at == DAWN:
        changes["positions_at"] = event.at
    if event.report_id is not None and state.known.get(event.report_id) is None:
        changes["known"] = state.known.put(event.report_id, event.incident_id or "", event.at)
    return evolve_dead.flawed(changed(state, **changes), event)


def _positions(state: State, event: incidents.PositionCarried) -> State:
    return changed(
        state,
        reports_seq=max(state.reports_seq, event.reports),
        desk_seq=max(state.desk_seq, event.desk),
        positions_at=event.at,
    )


def _held(state: State, event: incidents.ReportHeld) -> State:
    detail = event.detail if isinstance(event.detail, incidents.HeldReport) else incidents.HeldReport()
    evidence = Evidence(
        report=event.report_id,
        at=event.at,
        text=detail.text,
        sender=detail.sender,
        source=detail.source,
        first_hand=detail.first_hand,
        place=detail.place,
        sketch=sketch(detail.text),
        gist=detail.gist or incidents.Gist(),
        trusted=detail.trusted,
        seq=seq_of(event.id),
        asked_as=detail.asked_as,
        passed_on=detail.passed_on,
    )
    held = Held(evidence, event.reason, event.leans_to, event.groups, event.drill, detail.language)
    state = changed(state, held=HELD.put(state.held, event.report_id, held))
    if event.asked is not None and evidence.asked is not None:
        state = _asked(state, evidence.asked, event)
    return _traced(state, evidence, drill=event.drill)


def _asked(state: State, sender: str, event: incidents.ReportHeld) -> State:
    """Remember the question; those before it count within the hour, and no more of them than may be."""
    known = world(state, drill=event.drill).asked
    asked = (*(known.get(sender) or ()), Asked(event.report_id, event.at))[-QUESTIONS:]
    return remembering(state, drill=event.drill, asked=known.put(sender, asked, event.at))


def _traced(state: State, evidence: Evidence, *, drill: bool) -> State:
    """Remember the sender and the words of a held report, unless an incident has them already."""
    known = world(state, drill=drill)
    threads, traces = known.threads, known.traces
    if evidence.sender is not None:
        thread = threads.get(evidence.sender)
        if thread is None or thread.incident is None:
            threads = threads.put(evidence.sender, Thread(evidence.report, None, evidence.at), evidence.at)
    for mark in evidence.sketch:
        if traces.get(mark) is None:
            traces = traces.put(mark, Trace(evidence.report, None, evidence.at), evidence.at)
    return remembering(state, drill=drill, threads=threads, traces=traces)


def _settled(state: State, event: incidents.HeldSettled) -> State:
    return changed(state, held=HELD.discard(state.held, event.report_id))


def _digested(state: State, event: incidents.HeldDigested) -> State:
    held, watches = state.held, state.watches
    for report in event.reports:
        known = held.get(report)
        if known is not None:
            held = HELD.put(held, report, changed(known, digested=(*known.digested, event.group)))
    for name in event.watches:
        watch = watches.get(name)
        if watch is not None:
            watches = watches.insert(name, changed(watch, digested=(*watch.digested, event.group)))
    state = changed(
        state,
        held=held,
        watches=watches,
        digested=state.digested.insert((event.group, event.drill), event.at),
    )
    for name in event.incidents:
        state = _told(state, name, event.group, "verifiers")
    return state


def _alert(state: State, event: alerts.AlertRaised) -> State:
    if event.kind in {"DRILL_BEGUN", "DRILL_ENDED"}:
        return evolve_drills.told(state, event)
    if event.incident_id is None:
        return evolve_accounts.answered(state, event)
    incident = state.incidents.get(event.incident_id)
    asked = incident is not None and event.audience == "verifiers" and event.group in incident.asking
    if incident is None or ((event.group, event.audience) in incident.told and not asked):
        return state
    if event.audience == "verifiers":
        ear = (event.group, event.drill)
        recent = (*state.singles.get(ear, ()), event.at)[-SINGLES:]
        state = changed(state, singles=state.singles.insert(ear, recent))
    return _told(state, incident.id, event.group, event.audience)


def _told(state: State, name: IncidentId, group: GroupId, audience: Audience) -> State:
    """They know of it now; where they are verifiers, from now on it waits for one of them."""
    incident = state.incidents.get(name)
    if incident is None:
        return state
    told = incident.told if (group, audience) in incident.told else (*incident.told, (group, audience))
    asking, since = incident.asking, incident.waits_since
    if audience == "verifiers" and not is_hub(group, state.groups):
        asking, since = tuple(g for g in asking if g != group), since or state.now
    if (told, asking) == (incident.told, incident.asking):
        return state
    return put(state, changed(incident, told=told, asking=asking, waits_since=since))


def _watched(state: State, event: incidents.ReportWatched) -> State:
    detail = event.detail
    if not isinstance(detail, incidents.HeldReport) or detail.place is None:
        return state
    sighting = Sighting(event.report_id, event.at, detail.sender, detail.place)
    sightings = state.sightings
    for cell in cells_of(detail.place.lat, detail.place.lon, 0.0):
        sightings = sightings.put(cell, (*(sightings.get(cell) or ()), sighting)[-MOST_SIGHTINGS:], event.at)
    return changed(state, sightings=sightings)


def _watch(state: State, event: incidents.WatchNoted) -> State:
    gone = [name for name, watch in state.watches.items() if watch.at + 2 * WATCH_LIFE <= event.at]
    watches = state.watches
    for name in gone:
        watches = watches.discard(name)
    if isinstance(event.where, incidents.WatchPlace):
        where = event.where
        watch = Watch(event.watch_id, event.at, where.place, where.since, where.reports, event.groups)
        watches = watches.insert(watch.id, watch)
    return changed(state, watches=watches)


def _muted(state: State, event: incidents.MuteSet) -> State:
    """The sender or the words of that report, as they are known now; of what is gone nothing is muted."""
    mutes = state.mutes
    for name in [name for name, mute in mutes.items() if mute.until <= event.at]:
        mutes = mutes.discard(name)
    report = report_of(state, event.report_id)
    if report is not None:
        by_sender = event.what == "sender"
        mute = Mute(
            id=event.mute_id,
            group=event.group,
            until=event.until,
            sender=report.sender if by_sender else None,
            sketch=() if by_sender else report.sketch,
            drill=of_exercise(state, event.report_id),
        )
        mutes = mutes.insert(mute.id, mute)
    return changed(state, mutes=mutes)


def _unmuted(state: State, event: incidents.MuteLifted) -> State:
    return changed(state, mutes=state.mutes.discard(event.mute_id))


def _flooded(state: State, event: incidents.FloodSet) -> State:
    floods = state.floods.discard(event.group)
    return changed(state, floods=floods.insert(event.group, event.until) if event.until else floods)


def _defined(state: State, event: groups.GroupDefined) -> State:
    channels = event.channels if isinstance(event.channels, groups.GroupChannels) else None
    words = event.words if isinstance(event.words, GroupWords) else GroupWords()
    group = Group(event.version, event.definition, channels, event.at, words)
    return changed(state, groups=state.groups.insert(event.group, group))


_OTHERS: Final[dict[type[Message], Callable[[State, Any], State]]] = {
    incidents.InputDecided: _decided,
    incidents.PositionCarried: _positions,
    incidents.ReportHeld: _held,
    incidents.HeldSettled: _settled,
    incidents.HeldDigested: _digested,
    incidents.ReportWatched: _watched,
    incidents.WatchNoted: _watch,
    incidents.MuteSet: _muted,
    incidents.MuteLifted: _unmuted,
    incidents.FloodSet: _flooded,
    alerts.AlertRaised: _alert,
    groups.GroupDefined: _defined,
    **MEMBER_EVENTS,
    groups.AccountOffered: evolve_accounts.offered,
    groups.AccountBound: evolve_accounts.bound,
    groups.AccountsUnbound: evolve_accounts.unbound,
    groups.JoinRefused: evolve_accounts.join_refused,
    **SHIFT_EVENTS,
    **DRILL_EVENTS,
    **DEAD_EVENTS,
}

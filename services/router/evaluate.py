"""The pure judgement over a file of reports, without servers: `relay evaluate` and its explanations.

Reports are decided in time order by the same `step` as in the running router; the passing of time
between them is ticked in simulated time. Nothing here reads a clock except for the summary's rate.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from services.router.decide.decider import Input, step
from services.router.decide.evolve import evolve
from services.router.decide.judge import judge
from services.router.decide.lexicon import warm_up
from services.router.decide.limits import VAGUE_FORGETS
from services.router.decide.state import State
from services.router.memory import seldom_collecting
from services.router.report_lines import read_all, read_reports
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import IncidentId, Message, Place
from shared.contracts.groups import GroupDefined, GroupDefinition
from shared.contracts.incidents import (
    HeldDigested,
    HeldSettled,
    IncidentOpened,
    InputDecided,
    ReportAttached,
    ReportHeld,
)
from shared.contracts.reports import ReportContent, ReportReceived
from shared.errors import SettingsError
from shared.gazetteer.load import load_gazetteer
from shared.gazetteer.port import Gazetteer

Prediction = dict[str, Any]
Progress = Callable[[int, int], None]

_TICK: Final = timedelta(minutes=1)
_AFTERWARDS: Final = timedelta(minutes=15)
_EVENTFUL: Final = timedelta(hours=3)
_MOST_TICKS: Final = 360
_PROGRESS_EVERY: Final = 1_000


def evaluate_files(  # noqa: PLR0913 - the command's options
    definitions: Sequence[GroupDefinition],
    *,
    reports: Sequence[Path],
    places: Sequence[Path] = (),
    boundaries: Sequence[Path] = (),
    postcodes: Sequence[Path] = (),
    out: Path,
    progress: Progress = lambda _done, _all: None,
) -> dict[str, Any]:
    """Write one prediction line a report to `out`; returns counts by status and the rate.

    Raises `SettingsError` naming file and line for what cannot be read.
    """
    gazetteer = load_gazetteer([*places, *boundaries, *postcodes])
    received = read_all(reports)
    warm_up()
    summary = Summary(len(received), progress)
    with seldom_collecting(), out.open("w", encoding="utf-8") as stream:
        for prediction in summary.counting(evaluate(definitions, received, gazetteer)):
            stream.write(prediction_line(prediction))
    return summary.told()


def prediction_line(prediction: Prediction) -> str:
    """A prediction as a line of a file."""
    return json.dumps(prediction, ensure_ascii=False) + "\n"


class Summary:
    """Counts predictions as they pass by, tells how far they are, and at the end how fast it was."""

    def __init__(self, reports: int, progress: Progress) -> None:
        self._reports, self._progress = reports, progress
        self._started = time.perf_counter()
        self._counts: Counter[str] = Counter()
        self._incidents: set[str] = set()

    def counting(self, predictions: Iterable[Prediction]) -> Iterator[Prediction]:
        """The same predictions, counted."""
        for done, prediction in enumerate(predictions, 1):
            self._counts[prediction["status"]] += 1
            if prediction["incident"] is not None:
                self._incidents.add(prediction["incident"])
            yield prediction
            if done % _PROGRESS_EVERY == 0 or done == self._reports:
                self._progress(done, self._reports)

    def told(self) -> dict[str, Any]:
        """Counts by status and the rate."""
        seconds = time.perf_counter() - self._started
        statuses = {name: self._counts[name] for name in ("opened", "attached", "held", "ignored")}
        rate = round(self._reports / seconds) if seconds else 0
        return {"reports": self._reports, **statuses, "incidents": len(self._incidents), "per_second": rate}


def evaluate(
    groups: Iterable[GroupDefinition],
    reports: Iterable[ReportReceived],
    gazetteer: Gazetteer,
    told: dict[str, datetime] | None = None,
) -> Iterator[Prediction]:
    """Predictions for reports in the order given, which should be that of their times.

    A line is yielded once nothing can change it any more: a report that is held may open an incident
    minutes later, when time has passed, or be brought into one by the next report. `told` is filled with
    the moment of each incident's first word to anybody, singly or in a digest.
    """
    play = Play(state_with(groups), gazetteer, {} if told is None else told)
    for number, report in enumerate(reports, 1):
        play.until(report.at, number)
        yield from play.settled()
        play.take(report, number)
    play.until(play.state.now + _AFTERWARDS, 0)
    yield from play.all()


class Play:
    """Reports and time played through the decider, with the predictions that may still change."""

    def __init__(self, state: State, gazetteer: Gazetteer, told: dict[str, datetime]) -> None:
        self.state, self._gazetteer, self._told = state, gazetteer, told
        self._open: dict[str, Prediction] = {}
        self._times: dict[str, datetime] = {}
        self._ticked = state.now

    def until(self, moment: datetime, number: int) -> None:
        """Let time pass: reports that leave no minute between them do not stop the clock."""
        if moment - self.state.now > _TICK:
            self._ticked = moment
            for events, state in passing(self.state, moment, number, self._gazetteer):
                self.state = state
                self._amend(events)
        elif moment - self._ticked >= _TICK:
            self._ticked = max(self.state.now, self._ticked + _TICK)
            events, self.state = step(self.state, Input("TICK", number), self._ticked, self._gazetteer)
            self._amend(events)

    def take(self, report: ReportReceived, number: int) -> None:
        """Decide one report."""
        events, self.state = step(self.state, Input("REPORTS", number, report), report.at, self._gazetteer)
        self._amend(events)
        self._open[report.report_id] = _prediction(report, events, self.state)
        self._times[report.report_id] = report.at

    def _amend(self, events: Sequence[Message]) -> None:
        """Held reports that these events opened or joined."""
        opened = {e.incident_id for e in events if isinstance(e, IncidentOpened)}
        for event in events:
            self._note_told(event)
            if isinstance(event, HeldSettled) and event.incident_id and event.report_id in self._open:
                self._open[event.report_id]["incident"] = event.incident_id
            if isinstance(event, ReportAttached) and event.incident_id in opened:
                opened.discard(event.incident_id)
                if (line := self._open.get(event.report_id)) is not None:
                    line |= _placed(self.state, event.incident_id) | {"status": "opened"}

    def _note_told(self, event: Message) -> None:
        """When somebody first heard of an incident."""
        names: Sequence[str] = ()
        if isinstance(event, AlertRaised) and event.incident_id is not None:
            names = (event.incident_id,)
        elif isinstance(event, HeldDigested):
            names = event.incidents
        for name in names:
            self._told.setdefault(name, event.at)

    def settled(self) -> Iterator[Prediction]:
        """The lines that are too old to change, in order."""
        limit = self.state.now - VAGUE_FORGETS - _AFTERWARDS
        while self._open:
            first = next(iter(self._open))
            if self._times[first] > limit:
                return
            del self._times[first]
            yield self._open.pop(first)

    def all(self) -> Iterator[Prediction]:
        """The rest."""
        yield from self._open.values()


def state_with(groups: Iterable[GroupDefinition]) -> State:
    """The state of a hub that has these groups and nothing else."""
    state = State()
    for number, definition in enumerate(groups):
        event = GroupDefined(
            id=f"DESK.0.{number}",
            at=datetime(1970, 1, 1, tzinfo=UTC),
            group=definition.id,
            version=1,
            definition=definition,
        )
        state = evolve(state, event)
    return state


def let_time_pass(state: State, until: datetime, number: int, gazetteer: Gazetteer) -> State:
    """The state when that moment has come."""
    for _, ticked in passing(state, until, number, gazetteer):
        state = ticked
    return state


def passing(
    state: State, until: datetime, number: int, gazetteer: Gazetteer
) -> Iterator[tuple[tuple[Message, ...], State]]:
    """Tick each minute up to that moment: the events of each tick that decided something, and the state then.

    A long silence is passed in strides that grow, because soon nothing is due but what is due in days.
    """
    if not (state.active or state.held or state.resting) or state.now >= until:
        return
    moment, stride = state.now + _TICK, _TICK
    while moment < until:
        events, state = step(state, Input("TICK", number), moment, gazetteer)
        if events:
            yield events, state
        if moment - state.now > _EVENTFUL:
            stride = max(_TICK, (until - moment) / _MOST_TICKS)
        moment += stride


def _prediction(report: ReportReceived, events: Sequence[Message], state: State) -> Prediction:
    decided = events[-1]
    assert isinstance(decided, InputDecided)  # noqa: S101 - the last event of every input
    held = next((e for e in events if isinstance(e, ReportHeld)), None)
    incident = state.incidents.get(decided.incident_id) if decided.incident_id else None
    place = incident.place if incident else _held_place(state, held)
    groups = [s.group for s in incident.groups] if incident else list(held.groups) if held else []
    keeps = decided.outcome != "ignored"
    return {
        "id": report.report_id,
        "incident": decided.incident_id if keeps else None,
        "status": decided.outcome,
        "lat": place.lat if place and keeps else None,
        "lon": place.lon if place and keeps else None,
        "radius_m": place.radius_m if place and keeps else None,
        "groups": groups if keeps else [],
        "reason": decided.reason,
    }


def _placed(state: State, name: str) -> Prediction:
    """An incident's place and groups as they are."""
    incident = state.incidents[IncidentId(name)]
    place = incident.place
    return {
        "incident": name,
        "lat": place.lat if place else None,
        "lon": place.lon if place else None,
        "radius_m": place.radius_m if place else None,
        "groups": [s.group for s in incident.groups],
    }


def _held_place(state: State, held: ReportHeld | None) -> Place | None:
    known = state.held.get(held.report_id) if held else None
    return known.evidence.place if known else None


def explain_file(
    definitions: Sequence[GroupDefinition], reports: Path, report_id: str, *, gazetteer: Gazetteer
) -> dict[str, Any]:
    """Why one report of the file is decided as it is: what was understood, found, considered, refused.

    Raises `SettingsError` if the file holds no such report.
    """
    play = Play(state_with(definitions), gazetteer, {})
    for number, report in enumerate(read_reports(reports), 1):
        play.until(report.at, number)
        if report.report_id == report_id:
            return explain(play.state, report, gazetteer)
        play.take(report, number)
    raise SettingsError(f"{reports}: holds no report {report_id!r}; give an id that stands in the file.")


def explain(state: State, report: ReportReceived, gazetteer: Gazetteer) -> dict[str, Any]:
    """The judgement of one report in this state, in plain values."""
    content = report.content if isinstance(report.content, ReportContent) else ReportContent()
    now = max(state.now, report.at)
    found = judge(state, content, drill=report.drill, now=now, gazetteer=gazetteer)
    return {
        "report": report.report_id,
        "verdict": found.verdict,
        "reason": found.reason,
        "incident": found.incident,
        "understood": {
            "kind": found.reckoned.kind,
            "sure": found.reckoned.sure,
            "because": dict(found.reckoned.because),
            "first_hand": found.first_hand,
        },
        "place": found.place.model_dump() if found.place else None,
        "place_reason": found.located.reason,
        "groups": [share.model_dump() for share in found.groups],
        "considered": [
            {
                "incident": c.incident.id,
                "code": c.incident.code,
                "score": c.score,
                "signs": dict(c.signs),
                "apart_m": c.apart_m,
                "status": c.incident.status,
            }
            for c in found.correlated.candidates
        ],
        "copy_of": found.correlated.copy_of.id if found.correlated.copy_of else None,
        "copy_of_held": found.correlated.copy_of_held,
    }

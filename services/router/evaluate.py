"""The pure judgement over a file of reports, without servers: `relay evaluate` and its explanations.

Reports are decided in time order by the same `step` as in the running router; the passing of time
between them is ticked in simulated time. Nothing here reads a clock except for the summary's rate.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from services.router.decide.decider import Input, step
from services.router.decide.evolve import evolve
from services.router.decide.judge import judge
from services.router.decide.limits import VAGUE_FORGETS
from services.router.decide.state import State
from services.router.gazetteer.load import load_gazetteer
from services.router.gazetteer.port import Gazetteer
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import IncidentId, Message, Place
from shared.contracts.groups import GroupDefined, GroupDefinition
from shared.contracts.incidents import HeldSettled, IncidentOpened, InputDecided, ReportAttached, ReportHeld
from shared.contracts.reports import MAX_TEXT, ReportContent, ReportReceived
from shared.errors import SettingsError

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
    reports: Path,
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
    received = read_reports(reports)
    started = time.perf_counter()
    counts: Counter[str] = Counter()
    incidents: set[str] = set()
    with out.open("w", encoding="utf-8") as stream:
        for done, prediction in enumerate(evaluate(definitions, received, gazetteer), 1):
            stream.write(json.dumps(prediction, ensure_ascii=False) + "\n")
            counts[prediction["status"]] += 1
            if prediction["incident"] is not None:
                incidents.add(prediction["incident"])
            if done % _PROGRESS_EVERY == 0 or done == len(received):
                progress(done, len(received))
    seconds = time.perf_counter() - started
    statuses = {name: counts[name] for name in ("opened", "attached", "held", "ignored")}
    rate = round(len(received) / seconds) if seconds else 0
    return {"reports": len(received), **statuses, "incidents": len(incidents), "per_second": rate}


def evaluate(
    groups: Iterable[GroupDefinition], reports: Iterable[ReportReceived], gazetteer: Gazetteer
) -> Iterator[Prediction]:
    """Predictions for reports in the order given, which should be that of their times.

    A line is yielded once nothing can change it any more: a report that is held may open an incident
    minutes later, when time has passed, or be brought into one by the next report.
    """
    play = _Play(state_with(groups), gazetteer)
    for number, report in enumerate(reports, 1):
        play.until(report.at, number)
        yield from play.settled()
        play.take(report, number)
    play.until(play.state.now + _AFTERWARDS, 0)
    yield from play.all()


class _Play:
    """Reports and time played through the decider, with the predictions that may still change."""

    def __init__(self, state: State, gazetteer: Gazetteer) -> None:
        self.state, self._gazetteer = state, gazetteer
        self._open: dict[str, Prediction] = {}
        self._times: dict[str, datetime] = {}

    def until(self, moment: datetime, number: int) -> None:
        """Let time pass."""
        for events, state in passing(self.state, moment, number, self._gazetteer):
            self.state = state
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
            if isinstance(event, HeldSettled) and event.incident_id and event.report_id in self._open:
                self._open[event.report_id]["incident"] = event.incident_id
            if isinstance(event, ReportAttached) and event.incident_id in opened:
                opened.discard(event.incident_id)
                if (line := self._open.get(event.report_id)) is not None:
                    line |= _placed(self.state, event.incident_id) | {"status": "opened"}

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
    first_alert = any(isinstance(e, AlertRaised) and e.kind == "UNCONFIRMED" for e in events)
    held = next((e for e in events if isinstance(e, ReportHeld)), None)
    incident = state.incidents.get(decided.incident_id) if decided.incident_id else None
    place = incident.place if incident else _held_place(state, held)
    groups = [s.group for s in incident.groups] if incident else list(held.groups) if held else []
    opened = decided.outcome == "opened" and (first_alert or not groups)
    keeps = decided.outcome != "ignored"
    return {
        "id": report.report_id,
        "incident": decided.incident_id if keeps else None,
        "status": "opened" if opened else decided.outcome,
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


def read_reports(path: Path) -> list[ReportReceived]:
    """The file's reports, sorted by time. Raises `SettingsError` naming the line that is wrong."""
    found = []
    try:
        with path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    found.append(_report(line, f"{path}:{number}"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}).") from error
    return sorted(found, key=lambda r: r.at)


def _report(line: str, where: str) -> ReportReceived:
    try:
        data = json.loads(line)
        return ReportReceived(
            id=str(data["id"]),
            at=data["at"],
            report_id=str(data["id"]),
            bridge="evaluate",
            content=_content(data),
        )
    except ValidationError as error:
        wrong = ", ".join(".".join(str(part) for part in e["loc"]) or "line" for e in error.errors())
        raise SettingsError(f"{where}: {wrong}: not as a report line should be; correct the line.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{where}: is no report line ({type(error).__name__}: {error}).") from None


def _content(data: Mapping[str, Any]) -> ReportContent:
    position = None
    if data.get("lat") is not None and data.get("lon") is not None:
        position = {"lat": data["lat"], "lon": data["lon"], "accuracy_m": data.get("accuracy_m")}
    source = data.get("source")
    return ReportContent.model_validate(
        {
            "text": (data.get("text") or "")[:MAX_TEXT],
            "sender": data.get("sender"),
            "position": position,
            "postcode": data.get("postcode"),
            # "sms" is a medium that many share; "telegram:chat7" is one chat, whose copies count once.
            "source": source if isinstance(source, str) and ":" in source else None,
        }
    )


def explain_file(
    definitions: Sequence[GroupDefinition], reports: Path, report_id: str, *, gazetteer: Gazetteer
) -> dict[str, Any]:
    """Why one report of the file is decided as it is: what was understood, found, considered, refused.

    Raises `SettingsError` if the file holds no such report.
    """
    state = state_with(definitions)
    for number, report in enumerate(read_reports(reports), 1):
        state = let_time_pass(state, report.at, number, gazetteer)
        if report.report_id == report_id:
            return explain(state, report, gazetteer)
        _, state = step(state, Input("REPORTS", number, report), report.at, gazetteer)
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

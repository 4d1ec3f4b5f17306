"""Plays a corpus by its truth: every message is judged beside the incidents that really stood open then.

After it was judged, each message is put where it truly belongs, as what it truly is. So what comes out
does not depend on the weights that are to be fitted, and fitting twice gives the same weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.router.decide import reasons
from services.router.decide.draft import Draft
from services.router.decide.judge import Judgement, judge
from services.router.decide.kind_rules import Kind
from services.router.decide.kinds import Context, Reckoned
from services.router.decide.likeness import Signs
from services.router.decide.reports import carry_out, join_held
from services.router.decide.route import concerned
from services.router.decide.state import State
from services.router.decide.understand import Understood
from services.router.decide.weights import probability
from services.router.evaluate import Progress, let_time_pass, state_with
from services.router.scoring.truth import CorpusLine
from shared.contracts.base import IncidentId, ReportId
from shared.contracts.groups import GroupDefinition
from shared.contracts.reports import ReportContent, ReportReceived
from shared.gazetteer.port import Gazetteer

KIND_OF_ROLE: Final[Mapping[str, Kind]] = {
    "report": "report",
    "update": "update",
    "all_clear": "over",
    "retraction": "wrong",
    "question": "question",
    "old_news": "old_news",
    "other_police": "other_police",
    "chatter": "chatter",
    "spam": "chatter",
    "hoax": "rumour",
}
"""What a message of each role should be understood as."""

_REASONS: Final[Mapping[Kind, str]] = {"over": reasons.SAID_OVER, "wrong": reasons.SAID_WRONG}
_PROGRESS_EVERY: Final = 500


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known incident that a message may be about, its signs, and whether it is the true one."""

    incident: IncidentId
    signs: Signs
    true: bool


@dataclass(frozen=True, slots=True)
class Example:
    """One message as it was judged, beside what is true of it."""

    line: CorpusLine
    understood: Understood
    context: Context
    candidates: tuple[Candidate, ...]
    known: bool
    """Whether its event was known before it."""

    @property
    def kind(self) -> Kind:
        """What it should be understood as."""
        return KIND_OF_ROLE[self.line.truth.role]

    def scored(self, weights: Mapping[str, float]) -> list[tuple[float, Candidate]]:
        """Its candidates by these weights, the likeliest first."""
        found = [(round(log_odds(c.signs, weights), 3), c) for c in self.candidates]
        return sorted(found, key=lambda pair: (-pair[0], pair[1].incident))

    def context_by(self, weights: Mapping[str, float]) -> Context:
        """What `judge.context_of` finds around it if these weights rule."""
        scored = self.scored(weights)
        if not scored:
            return self.context
        best, candidate = scored[0]
        return replace(
            self.context,
            linked=round(probability(best), 3),
            thread="sender" in candidate.signs,
            chat="chat" in candidate.signs,
        )


def log_odds(signs: Signs, weights: Mapping[str, float]) -> float:
    """The sum of weighted signs; a sign that has no weight yet counts nothing."""
    return weights["bias"] + sum(weights.get(name, 0.0) * value for name, value in signs.items())


def examples(
    groups: Sequence[GroupDefinition],
    lines: Mapping[str, CorpusLine],
    reports: Sequence[ReportReceived],
    gazetteer: Gazetteer,
    progress: Progress = lambda _done, _all: None,
) -> list[Example]:
    """Play the corpus; one example a message."""
    play = _Play(state_with(groups), gazetteer)
    found = []
    for number, report in enumerate(reports, 1):
        found.append(play.take(number, report, lines[report.report_id]))
        if number % _PROGRESS_EVERY == 0 or number == len(reports):
            progress(number, len(reports))
    return found


class _Play:
    """The state as it truly is, message by message."""

    def __init__(self, state: State, gazetteer: Gazetteer) -> None:
        self._state, self._gazetteer = state, gazetteer
        self._opened: dict[str, IncidentId] = {}
        self._waiting: dict[str, list[ReportId]] = {}

    def take(self, number: int, report: ReportReceived, line: CorpusLine) -> Example:
        """Judge one message, then put it where it belongs."""
        self._state = let_time_pass(self._state, report.at, number, self._gazetteer)
        content = report.content
        assert isinstance(content, ReportContent)  # noqa: S101 - read from a corpus
        draft = Draft(self._state, f"REPORTS.{number}", max(self._state.now, report.at), self._gazetteer)
        found = judge(self._state, content, drill=report.drill, now=draft.now, gazetteer=self._gazetteer)
        example = self._example(line, found)
        if line.truth.incident is not None:
            self._put(draft, report, content, self._as_true(found, line), line.truth.incident)
        self._state = draft.state
        return example

    def _example(self, line: CorpusLine, found: Judgement) -> Example:
        true = self._opened.get(line.truth.incident or "")
        candidates = tuple(
            Candidate(c.incident.id, c.signs, c.incident.id == true) for c in found.correlated.candidates
        )
        return Example(line, found.understood, found.context, candidates, known=true is not None)

    def _as_true(self, found: Judgement, line: CorpusLine) -> Judgement:
        """The judgement that would have been right."""
        kind = KIND_OF_ROLE[line.truth.role]
        right = replace(
            found,
            reckoned=Reckoned(kind, 1.0, 0.0),
            gist=found.gist.model_copy(update={"kind": kind}),
            joins_held=(),
        )
        known = self._opened.get(line.truth.incident or "")
        if known is not None:
            return replace(
                right, verdict="join", incident=known, reason=_REASONS.get(kind, reasons.SAME_PLACE)
            )
        if found.place is None:
            return replace(right, verdict="hold", incident=None, reason=reasons.NO_PLACE)
        groups = concerned(found.place, self._state.groups, self._gazetteer)
        return replace(right, verdict="open", groups=groups, reason=reasons.PLACED_REPORT)

    def _put(
        self, draft: Draft, report: ReportReceived, content: ReportContent, right: Judgement, event: str
    ) -> None:
        """Carry it out; the first message of an event that has a place brings along those that waited."""
        answer = carry_out(draft, report, content, right)
        if answer.outcome == "opened" and answer.incident is not None:
            self._opened[event] = answer.incident
            for waiting in self._waiting.pop(event, ()):
                if waiting in draft.state.held:
                    join_held(draft, waiting, answer.incident, how="joined")
        elif answer.outcome == "held":
            self._waiting.setdefault(event, []).append(report.report_id)

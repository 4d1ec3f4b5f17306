"""Fits the weights of correlation and of kinds on a corpus whose truth is known, with cross-validation.

The corpus is played in time order with every message put where it truly belongs, so that each is
judged beside the incidents that really stood open then. Logistic regression with a pull towards the
hand-set values; folds are whole scenarios, so that a story is never tested by its own beginning.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.router.decide.draft import Draft
from services.router.decide.judge import Judgement, judge
from services.router.decide.kinds import KINDS, Context, features
from services.router.decide.reports import carry_out, join_held
from services.router.decide.state import State
from services.router.decide.understand import Understood
from services.router.evaluate import let_time_pass, state_with
from services.router.gazetteer.port import Gazetteer
from services.router.scoring.truth import CorpusLine
from shared.contracts.base import IncidentId
from shared.contracts.groups import GroupDefinition
from shared.contracts.reports import ReportContent, ReportReceived

FOLDS: Final = 5
_STEPS: Final = 1_500
_RATE: Final = 0.05
KIND_OF_ROLE: Final = {
    "report": "report", "update": "update", "all_clear": "over", "retraction": "wrong", "question": "question",
    "old_news": "old_news", "other_police": "other_police", "chatter": "chatter", "hoax": "rumour", "spam": "chatter",
}  # fmt: skip

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """One message beside what stood open then: its candidates' signs, and what is true."""

    line: CorpusLine
    understood: Understood
    context: Context
    pairs: tuple[tuple[Mapping[str, float], bool], ...]
    """Signs of each candidate, and whether it is the true one."""


def examples(
    groups: Sequence[GroupDefinition], lines: Mapping[str, CorpusLine], reports: Sequence[ReportReceived], gazetteer: Gazetteer
) -> list[Example]:
    """Play the corpus by its truth."""
    play = _Play(state_with(groups), gazetteer)
    return [play.take(number, report, lines[report.report_id]) for number, report in enumerate(reports, 1)]


class _Play:
    def __init__(self, state: State, gazetteer: Gazetteer) -> None:
        self.state, self._gazetteer = state, gazetteer
        self._opened: dict[str, IncidentId] = {}
        self._waiting: dict[str, list[str]] = {}

    def take(self, number: int, report: ReportReceived, line: CorpusLine) -> Example:
        self.state = let_time_pass(self.state, report.at, number, self._gazetteer)
        content = report.content
        assert isinstance(content, ReportContent)  # noqa: S101 - read from a corpus
        draft = Draft(self.state, f"REPORTS.{number}", max(self.state.now, report.at), self._gazetteer)
        found = judge(self.state, content, drill=report.drill, now=draft.now, gazetteer=self._gazetteer)
        true = self._opened.get(line.truth.incident or "")
        pairs = tuple((c.signs, c.incident.id == true) for c in found.correlated.candidates)
        if line.truth.incident is not None:
            self._put(draft, report, content, self._as_true(found, line.truth.incident), line.truth.incident)
        self.state = draft.state
        return Example(line, found.understood, found.context, pairs)

    def _as_true(self, found: Judgement, incident: str) -> Judgement:
        gist = found.gist.model_copy(update={"kind": found.gist.kind})
        if (known := self._opened.get(incident)) is not None:
            return replace(found, verdict="join", incident=known, gist=gist, reason="same_place")
        return replace(found, verdict="open" if found.place is not None else "hold", gist=gist, reason="true")

    def _put(self, draft: Draft, report: ReportReceived, content: ReportContent, ruling: Judgement, incident: str) -> None:
        answer = carry_out(draft, report, content, ruling)
        if answer.outcome == "opened" and answer.incident is not None:
            self._opened[incident] = answer.incident
            for waiting in self._waiting.pop(incident, ()):
                if waiting in draft.state.held:
                    join_held(draft, waiting, answer.incident, how="joined")
        elif answer.outcome == "held":
            self._waiting.setdefault(incident, []).append(report.report_id)


# --- regression ----------------------------------------------------------------------------------


def softmax_fit(rows: Matrix, labels: NDArray[np.int64], prior: Matrix, *, pull: float, importance: NDArray[np.float64]) -> Matrix:
    """Weights (features × classes) that maximise the likelihood, pulled towards the prior (Adam)."""
    weights = prior.copy()
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    wanted = np.eye(prior.shape[1])[labels]
    total = importance.sum()
    for step in range(1, _STEPS + 1):
        sums = rows @ weights
        odds = np.exp(sums - sums.max(axis=1, keepdims=True))
        likely = odds / odds.sum(axis=1, keepdims=True)
        slope = rows.T @ ((likely - wanted) * importance[:, None]) / total + pull * (weights - prior) / total
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        weights -= _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return weights


def choice_fit(
    options: Sequence[Sequence[Mapping[str, float]]],
    chosen: Sequence[int],
    names: Sequence[str],
    prior: NDArray[np.float64],
    *,
    pull: float,
    importance: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Conditional logit: each report chooses among its candidates or a new incident (chosen −1, score 0)."""
    rows = table((o for given in options for o in given), names)
    owner = np.repeat(np.arange(len(options)), [len(given) for given in options])
    starts = np.concatenate([[0], np.cumsum([len(given) for given in options])[:-1]]).astype(int)
    right = np.zeros(len(rows))
    for n, pick in enumerate(chosen):
        if pick >= 0:
            right[starts[n] + pick] = 1.0
    weights = prior.copy()
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    total = importance.sum()
    for step in range(1, _STEPS + 1):
        sums = np.clip(rows @ weights, -30, 30)
        odds = np.exp(sums)
        whole = 1.0 + np.bincount(owner, odds, minlength=len(options))
        slope = rows.T @ ((odds / whole[owner] - right) * importance[owner]) / total + pull * (weights - prior) / total
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        weights -= _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return weights


def logistic_fit(rows: Matrix, labels: NDArray[np.float64], prior: NDArray[np.float64], *, pull: float) -> NDArray[np.float64]:
    """Weights of one logistic regression, pulled towards the prior."""
    both = np.stack([np.zeros_like(prior), prior], axis=1)
    fitted = softmax_fit(rows, labels.astype(np.int64), both, pull=pull, importance=np.ones(len(labels)))
    return fitted[:, 1] - fitted[:, 0]


def table(found: Iterable[Mapping[str, float]], names: Sequence[str]) -> Matrix:
    """Rows of named values as a matrix."""
    index = {name: n for n, name in enumerate(names)}
    listed = list(found)
    rows = np.zeros((len(listed), len(names)))
    for row, values in enumerate(listed):
        for name, value in values.items():
            if name in index:
                rows[row, index[name]] = value
    return rows


def folds(scenarios: Sequence[str]) -> NDArray[np.int64]:
    """A fold for each example: whole scenarios, dealt out in order."""
    order = {name: n % FOLDS for n, name in enumerate(dict.fromkeys(scenarios))}
    return np.array([order[name] for name in scenarios])


def fit_kinds(
    found: Sequence[tuple[dict[str, float], str, str, float]], prior: Mapping[str, Mapping[str, float]], *, pull: float
) -> tuple[dict[str, dict[str, float]], float]:
    """(weights by kind, accuracy in cross-validation) of (features, kind, scenario, importance)."""
    names = sorted({name for values, _, _, _ in found for name in values})
    rows = table((values for values, _, _, _ in found), names)
    labels = np.array([KINDS.index(kind) for _, kind, _, _ in found])  # type: ignore[arg-type]
    importance = np.array([weight for _, _, _, weight in found])
    start = np.array([[prior.get(kind, {}).get(name, 0.0) for kind in KINDS] for name in names])
    part = folds([scenario for _, _, scenario, _ in found])
    right = []
    for fold in range(FOLDS):
        kept, left = part != fold, part == fold
        weights = softmax_fit(rows[kept], labels[kept], start, pull=pull, importance=importance[kept])
        right.append(((rows[left] @ weights).argmax(axis=1) == labels[left]) * importance[left])
    accuracy = float(np.concatenate(right).sum() / importance.sum())
    weights = softmax_fit(rows, labels, start, pull=pull, importance=importance)
    return {kind: _kept(names, weights[:, n]) for n, kind in enumerate(KINDS)}, accuracy


def _kept(names: Sequence[str], column: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(w), 2) for name, w in zip(names, column, strict=True) if abs(w) >= 0.1}  # noqa: PLR2004 - below it a weight changes nothing


def kind_rows(found: Sequence[Example]) -> list[tuple[dict[str, float], str, str, float]]:
    """The examples as the regression of kinds wants them."""
    return [
        (features(e.understood, e.context), KIND_OF_ROLE[e.line.truth.role], e.line.scenario, 1.0) for e in found
    ]


def toml_of(weights: Mapping[str, Any]) -> str:
    """Kinds' weights as a readable file, the heaviest first."""
    lines: list[str] = []
    for kind, values in weights.items():
        lines.append(f"\n[{kind}]")
        lines += [f"{name} = {w}" for name, w in sorted(values.items(), key=lambda e: (-abs(e[1]), e[0]))]
    return "\n".join(lines) + "\n"

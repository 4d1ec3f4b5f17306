"""Fits what each sign says that a message is about a known incident (`weights.toml`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from services.router.decide.weights import DECISIVE
from services.router.fitting.play import Candidate, Example
from services.router.fitting.regression import FOLDS, choice_fit, folds, table

Weights = Mapping[str, float]

PULL: Final = 1.0
"""As strong as so many messages' doubt about each weight."""


@dataclass(frozen=True, slots=True)
class LinksFit:
    """The fitted weights, and how often each set of weights decides rightly."""

    weights: Weights
    messages: int
    pairs: int
    accuracy: Mapping[str, float]
    """Share of messages that find their incident, or rightly none."""

    def as_data(self, prior: Weights, old: Weights) -> dict[str, Any]:
        """For programs."""
        weights = [
            {"name": name, "prior": prior[name], "old": old[name], "new": new}
            for name, new in self.weights.items()
        ]
        counts = {"messages": self.messages, "pairs": self.pairs}
        return {**counts, "accuracy": dict(self.accuracy), "weights": weights}


def fit_links(found: Sequence[Example], prior: Weights, old: Weights) -> LinksFit:
    """Fit on the messages that are of some event, towards the prior. Noise has no place to be linked to."""
    told = [e for e in found if e.line.truth.incident is not None]
    part = folds([e.line.scenario for e in told]) if told else np.zeros(0, dtype=np.int64)
    tested = {n: _fitted([e for e, p in zip(told, part, strict=True) if p != n], prior) for n in range(FOLDS)}
    ways: dict[str, Callable[[int], Weights]] = {
        "by hand": lambda _fold: prior,
        "before": lambda _fold: old,
        "cross-validated": lambda fold: tested[fold],
    }
    right = {
        name: [_right(e, weights(int(p))) for e, p in zip(told, part, strict=True)]
        for name, weights in ways.items()
    }
    return LinksFit(
        weights={name: round(value, 2) for name, value in _fitted(told, prior).items()},
        messages=len(told),
        pairs=sum(len(e.candidates) for e in told),
        accuracy={
            name: round(float(np.mean(values)), 4) if values else 0.0 for name, values in right.items()
        },
    )


def _fitted(found: Sequence[Example], prior: Weights) -> dict[str, float]:
    """Each message chooses among its candidates or a new incident; what decides alone is left out."""
    names = [name for name in prior if name not in DECISIVE]
    choices = [choice for e in found if (choice := _choice(e)) is not None]
    if not choices:
        return dict(prior)
    options = [table(({"bias": 1.0, **c.signs} for c in given), names) for given, _ in choices]
    start = np.array([prior[name] for name in names])
    fitted = choice_fit(options, [pick for _, pick in choices], start, pull=PULL)
    return {**prior, **dict(zip(names, fitted.tolist(), strict=True))}


def _choice(example: Example) -> tuple[list[Candidate], int] | None:
    """The candidates that are possible, and which is true (-1: none); None if nothing can be learned."""
    possible = [c for c in example.candidates if not DECISIVE & c.signs.keys()]
    true = [n for n, c in enumerate(possible) if c.true]
    ruled_out = not true and any(c.true for c in example.candidates)
    return None if not possible or ruled_out else (possible, true[0] if true else -1)


def _right(example: Example, weights: Weights) -> bool:
    """Whether the likeliest candidate is the true one, or none is likely and its event was not known."""
    scored = example.scored(weights)
    if scored and scored[0][0] > 0:
        return scored[0][1].true
    return not example.known

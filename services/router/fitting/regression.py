"""Softmax regression and conditional logit, pulled towards a prior, and folds of whole scenarios.

The pull keeps a weight that the corpus says little about near what a person set by hand, so a rare
sign is worth what it was thought to be worth, and no weight runs away. Nothing here is random.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

FOLDS: Final = 5
_STEPS: Final = 600
_RATE: Final = 0.05
_KEEPS, _KEEPS_SQUARE, _LEAST = 0.9, 0.999, 1e-8
_MOST_ODDS: Final = 30.0

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
Labels = NDArray[np.int64]


def softmax_fit(rows: Matrix, labels: Labels, prior: Matrix, *, pull: float, importance: Matrix) -> Matrix:
    """Weights (a row a feature, a column a class) that maximise the likelihood, pulled towards the prior."""
    weights = prior.copy()
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    wanted = np.eye(prior.shape[1])[labels]
    total = importance.sum()
    for step in range(1, _STEPS + 1):
        missed = (chances(rows @ weights) - wanted) * importance[:, None]
        slope = (rows.T @ missed + pull * (weights - prior)) / total
        mean = _KEEPS * mean + (1 - _KEEPS) * slope
        square = _KEEPS_SQUARE * square + (1 - _KEEPS_SQUARE) * slope**2
        size = np.sqrt(square / (1 - _KEEPS_SQUARE**step)) + _LEAST
        weights -= _rate(step) * (mean / (1 - _KEEPS**step)) / size
    return weights


def _rate(step: int) -> float:
    """Ever smaller steps (Adam, Kingma and Ba 2015): they end at the optimum instead of around it."""
    return float(_RATE * (1 + np.cos(np.pi * (step - 1) / _STEPS)) / 2)


def chances(sums: Matrix) -> Matrix:
    """The probability of each class."""
    odds = np.exp(sums - sums.max(axis=1, keepdims=True))
    likely: Matrix = odds / odds.sum(axis=1, keepdims=True)
    return likely


@dataclass(frozen=True, slots=True)
class Sparse:
    """Rows of few values in many columns: (row, column, value) of each."""

    rows: Labels
    columns: Labels
    values: Vector
    shape: tuple[int, int]

    @classmethod
    def unit_rows(cls, listed: Sequence[Sequence[tuple[int, float]]], width: int) -> Self:
        """From (column, value) pairs a row, each row made of length 1."""
        rows = np.repeat(np.arange(len(listed)), [len(row) for row in listed])
        columns = np.array([column for row in listed for column, _ in row], dtype=np.int64)
        values = np.array([value for row in listed for _, value in row])
        length = np.sqrt(np.bincount(rows, values**2, minlength=len(listed)))
        return cls(rows, columns, values / length[rows], (len(listed), width))

    def times(self, weights: Vector) -> Vector:
        """The sum of each row's values, weighed."""
        given = self.values * weights[self.columns]
        return np.bincount(self.rows, given, minlength=self.shape[0]).astype(np.float64)

    def back(self, missed: Vector) -> Vector:
        """The sum of each column's values, weighed by its rows."""
        given = self.values * missed[self.rows]
        return np.bincount(self.columns, given, minlength=self.shape[1]).astype(np.float64)


def logistic_fit(rows: Sparse, wanted: Vector, *, pull: float) -> tuple[float, Vector]:
    """Bias and weights of a logistic regression, the weights pulled towards 0."""
    bias, weights = 0.0, np.zeros(rows.shape[1])
    mean, square = np.zeros(rows.shape[1] + 1), np.zeros(rows.shape[1] + 1)
    for step in range(1, _STEPS + 1):
        odds = np.clip(bias + rows.times(weights), -_MOST_ODDS, _MOST_ODDS)
        missed = 1 / (1 + np.exp(-odds)) - wanted
        slope = np.append(rows.back(missed) + pull * weights, missed.sum()) / max(1, rows.shape[0])
        mean = _KEEPS * mean + (1 - _KEEPS) * slope
        square = _KEEPS_SQUARE * square + (1 - _KEEPS_SQUARE) * slope**2
        size = np.sqrt(square / (1 - _KEEPS_SQUARE**step)) + _LEAST
        change = _rate(step) * (mean / (1 - _KEEPS**step)) / size
        weights, bias = weights - change[:-1], bias - float(change[-1])
    return bias, weights


def choice_fit(options: Sequence[Matrix], chosen: Sequence[int], prior: Matrix, *, pull: float) -> Matrix:
    """Weights of a conditional logit (McFadden 1974), pulled towards the prior.

    Each example chooses one row of its options, or none of them (-1), which always scores 0.
    """
    rows = np.concatenate(options)
    owner = np.repeat(np.arange(len(options)), [len(given) for given in options])
    starts = np.cumsum([0, *(len(given) for given in options)])[:-1]
    wanted = np.zeros(len(rows))
    wanted[[int(starts[n]) + pick for n, pick in enumerate(chosen) if pick >= 0]] = 1.0
    weights = prior.copy()
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        odds = np.exp(np.clip(rows @ weights, -_MOST_ODDS, _MOST_ODDS))
        likely = odds / (1.0 + np.bincount(owner, odds, minlength=len(options)))[owner]
        slope = (rows.T @ (likely - wanted) + pull * (weights - prior)) / len(options)
        mean = _KEEPS * mean + (1 - _KEEPS) * slope
        square = _KEEPS_SQUARE * square + (1 - _KEEPS_SQUARE) * slope**2
        size = np.sqrt(square / (1 - _KEEPS_SQUARE**step)) + _LEAST
        weights -= _rate(step) * (mean / (1 - _KEEPS**step)) / size
    return weights


def table(found: Iterable[Mapping[str, float]], names: Sequence[str]) -> Matrix:
    """Rows of named values as a matrix; a name that has no column is left out."""
    index = {name: n for n, name in enumerate(names)}
    listed = list(found)
    rows = np.zeros((len(listed), len(names)))
    for row, values in enumerate(listed):
        for name, value in values.items():
            if name in index:
                rows[row, index[name]] = value
    return rows


def folds(scenarios: Sequence[str]) -> Labels:
    """A fold for each example: whole scenarios, dealt out in order. No story is tested by its beginning."""
    order = {name: n % FOLDS for n, name in enumerate(dict.fromkeys(scenarios))}
    return np.array([order[name] for name in scenarios], dtype=np.int64)

"""Fits what each feature says of a message's kind (`kinds.toml`), and measures noise against everything else.

Whether a message is noise decides whether anybody hears of it; whether it is a report or an update
hardly matters. So both are measured.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from services.router.decide.kind_rules import Kind
from services.router.decide.kinds import FIXED, KINDS, NOISE, Context, features
from services.router.decide.understand import understand
from services.router.fitting.play import Example
from services.router.fitting.regression import FOLDS, Matrix, folds, softmax_fit, table

Weights = Mapping[str, Mapping[str, float]]

PULL: Final = 6.0
SENTENCE: Final = 0.3
"""What a test sentence counts beside a message of the corpus: it is shorter and cleaner than life."""

_PLACED_TOO: Final = frozenset({"wrong"})


PRIOR: Final[Weights] = {kind: {f"rule_{kind}": 2.0} for kind in KINDS}
"""Without a corpus the rules' own answer holds."""

_NEGLIGIBLE: Final = 0.1
"""Below this a weight changes nothing and would only be noise to a reader."""

_SAME: Final[Mapping[str, str]] = {"drill": "chatter", "spam": "chatter", "help": "report"}
"""What the rules alone decide, as the nearest kind that has weights."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message or sentence as the regression takes it."""

    values: Mapping[str, float]
    kind: Kind
    importance: float = 1.0
    fixed: Kind | None = None
    """What the rules alone say, where weights have no say."""


@dataclass(frozen=True, slots=True)
class KindsFit:
    """The fitted weights, and how good each way of telling kinds is on the corpus."""

    weights: Weights
    messages: int
    sentences: int
    measures: Mapping[str, Mapping[str, float]]
    languages: Mapping[str, Mapping[str, int]]
    """Noise and signal by language, as cross-validation tells them apart."""

    def as_data(self, old: Weights) -> dict[str, Any]:
        """For programs."""
        return {
            "messages": self.messages,
            "sentences": self.sentences,
            "measures": {name: dict(values) for name, values in self.measures.items()},
            "languages": {name: dict(values) for name, values in self.languages.items()},
            "weights": list(_changes(old, self.weights)),
        }


def fit_kinds(
    found: Sequence[Example],
    links: Mapping[str, float],
    unseen: Sequence[float],
    sentences: Sequence[tuple[str, Kind]],
    old: Weights,
) -> KindsFit:
    """Fit on the corpus, judged by these links, and on the sentences.

    `unseen` is what each message sounds like to a table of words that was fitted without it.
    """
    corpus = [_row(e, links, heard) for e, heard in zip(found, unseen, strict=True)]
    extra = [row for text, kind in sentences for row in _of_sentence(text, kind)]
    told = {
        "by rules": [told_kind(row, PRIOR) for row in corpus],
        "before": [told_kind(row, old) for row in corpus],
        "cross-validated": _cross_validated(corpus, extra, [e.line.scenario for e in found]),
    }
    return KindsFit(
        weights=fitted([*corpus, *extra]),
        messages=len(corpus),
        sentences=len(extra),
        measures={name: _measured(corpus, kinds) for name, kinds in told.items()},
        languages=_by_language(found, corpus, told["cross-validated"]),
    )


def _row(example: Example, links: Mapping[str, float], unseen: float) -> Row:
    said = example.understood.kind
    values = features(replace(example.understood, sounds=unseen), example.context_by(links))
    return Row(values, example.kind, fixed=said if said in FIXED else None)


def _of_sentence(text: str, kind: Kind) -> Iterator[Row]:
    """The sentence by itself, and, if it denies, as it would be with a place in it: a place makes no raid."""
    understood = understand(text)
    if understood.kind in FIXED:
        return
    yield Row(features(understood, Context()), kind, SENTENCE)
    if kind in _PLACED_TOO:
        yield Row(features(understood, Context(placed=True)), kind, SENTENCE)


def fitted(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Weights by kind and feature, without those that change nothing, the heaviest first."""
    weighed = [row for row in rows if row.fixed is None]
    # With the prior's own: what no message shows must keep what it was thought to be worth.
    names = sorted(
        {n for row in weighed for n in row.values} | {n for named in PRIOR.values() for n in named}
    )
    prior = np.array([[PRIOR[kind].get(name, 0.0) for kind in KINDS] for name in names]).reshape(
        -1, len(KINDS)
    )
    weights = _softmax(weighed, names, prior) if weighed else prior
    return {kind: _kept(names, weights[:, n]) for n, kind in enumerate(KINDS)}


def _softmax(rows: Sequence[Row], names: Sequence[str], prior: Matrix) -> Matrix:
    labels = np.array([KINDS.index(row.kind) for row in rows], dtype=np.int64)
    importance = np.array([row.importance for row in rows])
    return softmax_fit(
        table((r.values for r in rows), names), labels, prior, pull=PULL, importance=importance
    )


def _kept(names: Sequence[str], column: Matrix) -> dict[str, float]:
    found = {name: round(float(w), 2) for name, w in zip(names, column, strict=True) if abs(w) >= _NEGLIGIBLE}
    return dict(sorted(found.items(), key=lambda entry: (-abs(entry[1]), entry[0])))


def _cross_validated(corpus: Sequence[Row], extra: Sequence[Row], scenarios: Sequence[str]) -> list[str]:
    """The kind of each message by weights that were fitted without its scenario."""
    part = folds(scenarios).tolist() if scenarios else []
    told = [""] * len(corpus)
    for fold in range(FOLDS):
        weights = fitted([*(r for r, p in zip(corpus, part, strict=True) if p != fold), *extra])
        for n, row in enumerate(corpus):
            if part[n] == fold:
                told[n] = told_kind(row, weights)
    return told


def told_kind(row: Row, weights: Weights) -> str:
    """What the relay takes a message for, as `kinds.reckon` decides it."""
    if row.fixed is not None:
        return row.fixed
    sums = {k: sum(weights.get(k, {}).get(name, 0.0) * v for name, v in row.values.items()) for k in KINDS}
    return max(KINDS, key=lambda kind: sums[kind])


def _measured(corpus: Sequence[Row], told: Sequence[str]) -> dict[str, float]:
    """Shares that are right: of all kinds; of noise against signal; of the noise; of the signal."""
    kinds = [_SAME.get(said, said) == row.kind for row, said in zip(corpus, told, strict=True)]
    noise = [(row.kind in NOISE, said in NOISE) for row, said in zip(corpus, told, strict=True)]
    return {
        "kinds": _share(kinds),
        "noise or not": _share([true == said for true, said in noise]),
        "noise found": _share([said for true, said in noise if true]),
        "signal kept": _share([not said for true, said in noise if not true]),
    }


def _share(right: Sequence[bool]) -> float:
    return round(sum(right) / len(right), 4) if right else 0.0


def _by_language(
    found: Sequence[Example], corpus: Sequence[Row], told: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Language → how often noise and signal were taken for which."""
    counts: dict[str, dict[str, int]] = {}
    for example, row, said in zip(found, corpus, told, strict=True):
        true = "noise" if row.kind in NOISE else "signal"
        name = f"{true} as {'noise' if said in NOISE else 'signal'}"
        empty = dict.fromkeys(("noise as noise", "noise as signal", "signal as noise", "signal as signal"), 0)
        counts.setdefault(example.line.language or "(none)", empty)[name] += 1
    return dict(sorted(counts.items()))


def _changes(old: Weights, new: Weights) -> list[dict[str, Any]]:
    """Every weight before and after; 0 where there was or is none."""
    return [
        {
            "kind": kind,
            "feature": name,
            "old": old.get(kind, {}).get(name, 0.0),
            "new": new[kind].get(name, 0.0),
        }
        for kind in KINDS
        for name in dict.fromkeys([*new[kind], *old.get(kind, {})])
    ]

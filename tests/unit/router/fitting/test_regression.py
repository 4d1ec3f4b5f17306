"""The regression: directions, the pull, folds; the same twice."""

import numpy as np
import pytest

from services.router.fitting.regression import FOLDS, chances, choice_fit, folds, softmax_fit, table

NAMES = ["yes", "no", "rare", "never"]
YES, NO, RARE = ({"yes": 1.0}, {"no": 1.0}, {"rare": 1.0, "yes": 1.0})
OPTIONS = [table([YES, NO], NAMES)] * 20 + [table([NO], NAMES)] * 20 + [table([RARE], NAMES)]
CHOSEN = [0] * 20 + [-1] * 20 + [0]


def test_directions_are_found_and_what_nothing_speaks_of_stays() -> None:
    prior = np.array([0.0, 0.0, 0.0, 1.5])
    yes, no, rare, never = choice_fit(OPTIONS, CHOSEN, prior, pull=1.0)
    assert yes > 1
    assert no < -1
    assert abs(rare) < 0.5
    assert never == pytest.approx(1.5)


def test_two_alike_candidates_do_not_speak_against_what_they_share() -> None:
    both = [np.array([[1.0, 1.0], [1.0, 0.0]])] * 10
    shared, _ = choice_fit(both, [0] * 10, np.zeros(2), pull=1.0)
    assert shared > 0.5


def test_a_stronger_pull_stays_nearer_to_the_prior() -> None:
    prior = np.zeros(4)
    weak, strong = (abs(choice_fit(OPTIONS, CHOSEN, prior, pull=pull)[0]) for pull in (0.5, 20.0))
    assert strong < weak


def test_the_optimum_is_reached_where_it_is_known() -> None:
    # One candidate that half of the examples choose, a prior of 1: the slope is n(p - 1/2) + pull(w - 1).
    (weight,) = choice_fit([np.ones((1, 1))] * 10, [-1, 0] * 5, np.array([1.0]), pull=2.0)
    assert 10 * (1 / (1 + np.exp(-weight)) - 0.5) + 2 * (weight - 1) == pytest.approx(0, abs=1e-6)


def test_importance_counts_as_repetition() -> None:
    rows, labels = np.eye(2), np.array([0, 1], dtype=np.int64)
    prior = np.zeros((2, 2))
    twice = softmax_fit(
        np.vstack([rows, rows]), np.concatenate([labels, labels]), prior, pull=1.0, importance=np.ones(4)
    )
    heavy = softmax_fit(rows, labels, prior, pull=1.0, importance=np.full(2, 2.0))
    assert twice == pytest.approx(heavy)


def test_it_is_the_same_twice() -> None:
    first, second = (choice_fit(OPTIONS, CHOSEN, np.zeros(4), pull=1.0).tolist() for _ in range(2))
    assert first == second


def test_chances_sum_to_one_and_never_overflow() -> None:
    assert chances(np.array([[1e4, -1e4, 0.0], [0.0, 0.0, 0.0]])).sum(axis=1).tolist() == [1.0, 1.0]


def test_a_scenario_is_in_one_fold() -> None:
    names = [f"s{n // 3}" for n in range(3 * 7)]
    found = folds(names).tolist()
    assert {tuple(found[n : n + 3]) for n in range(0, 21, 3)} == {(n % FOLDS,) * 3 for n in range(7)}

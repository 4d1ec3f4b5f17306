"""The conformance suite for bridges as tests: one class to derive from. Needs pytest and hypothesis."""

# ruff: noqa: D102 - these are tests: their names are their sentences

import random
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.plugins.conformance.bridge_case import BridgeCase, CaseSecrets, ReadingCase
from shared.plugins.conformance.called import CALLED, only_report, try_headers, try_json, try_spoilt
from shared.plugins.conformance.criteria import Criterion, NotTried, Suite, rank
from shared.plugins.conformance.reading import READING
from shared.plugins.spec import IncomingReport, Stability

_FEW = settings(
    max_examples=3,  # of sixty inputs each; the criteria themselves try the same ones at every run
    deadline=None,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)
_SEEDS = st.integers(min_value=0, max_value=2**32)


def _each(suite: Suite) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("criterion", suite.criteria, ids=lambda criterion: criterion.name)


class BridgeConformance:
    """For a bridge that is called: derive, name the class Test…, and set `case`."""

    case: ClassVar[BridgeCase]
    grade: ClassVar[Stability] = "good"
    """Every bridge keeps what a good one keeps; say `excellent` for more."""

    @_each(CALLED)
    async def test_it_keeps(self, criterion: Criterion) -> None:
        await _holds(criterion, self.case, self.grade)

    def one(self, body: bytes) -> IncomingReport:
        """The only report in a signed body."""
        return only_report(self.case, "body", body)

    @given(seed=_SEEDS)
    @_FEW
    def test_hostile_input_of_any_seed_is_answered(self, seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311 - the seed is the input
        for attack in (try_json, try_spoilt, try_headers):
            attack(self.case, rng)


class ReadingConformance:
    """For a bridge that reads its source: derive, name the class Test…, and set `case`."""

    case: ClassVar[ReadingCase]
    grade: ClassVar[Stability] = "good"

    @_each(READING)
    async def test_it_keeps(self, criterion: Criterion) -> None:
        await _holds(criterion, self.case, self.grade)


async def _holds(criterion: Criterion, case: BridgeCase | ReadingCase, grade: Stability) -> None:
    if rank(criterion.grade) > rank(grade):
        pytest.skip(f"only what is {criterion.grade} needs it")
    try:
        await criterion.hold(case)
    except NotTried as reason:
        pytest.skip(str(reason))


__all__ = [
    "BridgeCase",
    "BridgeConformance",
    "CaseSecrets",
    "ReadingCase",
    "ReadingConformance",
]

"""The gate before an account, and who is woken when it may have opened."""

from collections.abc import Callable
from typing import Any

import pytest

from services.notifier.decide.breaker import LONGEST_PAUSE_S
from services.notifier.decide.lanes import Account, Lane
from services.notifier.engine import Engine
from services.notifier.gates import Gates
from shared.contracts.ledger import RecipientOutcome, Result

ACCOUNT = Account("", "join")
LANE = Lane(True, "hackney", "sms", ACCOUNT)  # noqa: FBT003 - a named tuple's first field


class Scene:
    """A gate that was shut by failures at the beginning, and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pumped = 0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.gates = Gates(Engine(monotonic=lambda: self.now, jitter=lambda: 1.0), lambda _kind: None)
        self.gates.attach(lambda s, then: self.timers.append((self.now + s, then)), self._pump)
        self.hears("a1", "retry", "retry", "retry", "retry", "retry")

    def _pump(self) -> None:
        self.pumped += 1

    def hears(self, who: str, *results: Result) -> None:
        outcomes = [
            RecipientOutcome(recipient=f"x:{n}", result=r, channel_kind="sms", reason="unreachable")
            for n, r in enumerate(results)
        ]
        self.gates.heard(ACCOUNT, who, outcomes)

    def passes(self, seconds: float) -> None:
        self.now += seconds
        due = [then for at, then in self.timers if at <= self.now]
        self.timers = [timer for timer in self.timers if timer[0] > self.now]
        for then in due:
            then()


@pytest.mark.parametrize("how", [["delivered"], ["retry"], []])
def test_a_lane_is_woken_after_somebody_elses_probe_however_that_ends(how: Any) -> None:
    scene = Scene()
    scene.passes(LONGEST_PAUSE_S)
    assert scene.gates.enter(LANE, 1, "late"), "one who joined late asks, by no lane"
    assert scene.gates.shut(LANE)
    assert scene.timers == [], "nobody knows how long that takes"
    before = scene.pumped
    if how:
        scene.hears("late", *how)
    scene.gates.leave(ACCOUNT, "late")
    assert scene.pumped > before
    if how == ["retry"]:
        assert scene.gates.shut(LANE)
        assert len(scene.timers) == 1
    else:
        assert not scene.gates.shut(LANE)


def test_who_was_no_probe_wakes_nobody_by_leaving() -> None:
    scene = Scene()
    before = scene.pumped
    scene.gates.leave(ACCOUNT, "a1")
    assert scene.pumped == before

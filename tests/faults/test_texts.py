"""Texts under kills in small; and the judge must be able to say no."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.raw_log import Record
from tests.faults.texts import Plan, campaign
from tests.faults.texts_judge import Sending, Verdict, judge
from tests.rigs.kannel import Part, needs_kannel

PHONES, KILLS = 300, 3


@needs_kannel
@pytest.mark.faults
async def test_a_killed_notifier_texts_nobody_thrice_and_loses_nobody(tmp_path: Path) -> None:
    said: list[str] = []
    plan = Plan(recipients=PHONES, kills=KILLS, seed=5, lease_s=2.0, throughput=500, most_moved=0.25)
    summary = await campaign(tmp_path, plan, said.append)
    assert summary["problems"] == [], said
    assert (summary["recipients"], summary["lost"]) == (PHONES + KILLS, 0)
    assert summary["once"] + summary["twice"] + summary["flagged"] >= PHONES + KILLS


NUMBERS = ("+447700100000", "+447700100001")
TEXT = "CONFIRMED, the words"


@dataclass
class Scene:
    """What two recipients' run leaves behind: the ledger's records, and what the network got."""

    records: list[dict[str, Any]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    kills: int = 0

    def judged(self) -> Verdict:
        ledger = [Record(seq, "any", {"alert_id": "a1", **body}) for seq, body in enumerate(self.records)]
        return judge([Sending("a1", NUMBERS, TEXT)], ledger, self.parts, kills=self.kills)


def claim(attempt: int) -> dict[str, Any]:
    recipients = ["texts:0", "texts:1"]
    own = {"claimant": f"n{attempt}", "recipients": recipients}
    return {"type": "chunk.claimed.v1", "chunk": 0, "attempt": attempt, **own}


def ended(attempt: int, result: str = "delivered") -> dict[str, Any]:
    outcomes = [{"recipient": f"texts:{n}", "result": result, "reason": result} for n in range(2)]
    return {"type": "chunk.settled.v1", "chunk": 0, "attempt": attempt, "outcomes": outcomes}


def settled(delivered: int = 2, flagged: int = 0) -> dict[str, Any]:
    unsent = [{"recipient": f"texts:{n}", "reason": "ambiguous_twice"} for n in range(flagged)]
    return {"type": "alert.settled.v1", "delivered": delivered, "unsent": unsent}


def copies(*to: str, text: str = TEXT) -> list[Part]:
    return [Part("Relay", number, text[i : i + 15], "data") for number in to for i in range(0, len(text), 15)]


CALM = Scene([claim(1), ended(1), settled()], copies(*NUMBERS))
KILLED = Scene([claim(1), claim(2), ended(2), settled()], copies(*NUMBERS, NUMBERS[0]), kills=1)
GIVEN_UP = Scene([claim(1), claim(2), settled(0, flagged=2)], copies(NUMBERS[1], NUMBERS[1]), kills=2)
_FIRST, _SECOND = copies(NUMBERS[0])
CROSSED = replace(KILLED, parts=[_FIRST, _FIRST, _SECOND, _SECOND, *copies(NUMBERS[1])])
"""Two copies that were on their way at once: the network took their parts in turn."""


@pytest.mark.parametrize("scene", [CALM, KILLED, GIVEN_UP, CROSSED])
def test_a_sound_run_has_no_problems(scene: Scene) -> None:
    assert scene.judged().problems == []


def test_copies_are_counted_by_recipient() -> None:
    verdict = KILLED.judged()
    assert (verdict.once, verdict.twice, verdict.flagged, verdict.left_open) == (1, 1, 0, 1)
    assert GIVEN_UP.judged().flagged == 2


@pytest.mark.parametrize(
    ("scene", "change", "problem"),
    [
        (CALM, lambda s: replace(s, parts=copies(NUMBERS[0])), "got nothing"),
        (CALM, lambda s: replace(s, parts=copies(*NUMBERS, NUMBERS[1])), "second copies without a kill"),
        (KILLED, lambda s: replace(s, parts=copies(*NUMBERS, *NUMBERS, NUMBERS[0])), "third copy"),
        (KILLED, lambda s: replace(s, kills=0), "were not killed"),
        (CALM, lambda s: replace(s, parts=copies(*NUMBERS)[:-1]), "half of them"),
        (CALM, lambda s: replace(s, parts=copies(*NUMBERS, text="UNCONFIRMED, others!")), "other words"),
        (CALM, lambda s: replace(s, parts=copies(*NUMBERS, "+447700900123")), "somebody else"),
        (CALM, lambda s: replace(s, records=[claim(1), settled()]), "last record"),
        (CALM, lambda s: replace(s, records=[claim(1), ended(1)]), "last record"),
        (CALM, lambda s: replace(s, records=[ended(1), settled()]), "nobody had claimed"),
        (CALM, lambda s: replace(s, records=[claim(1), ended(1, "retry"), settled(0)]), "the network does"),
        (CALM, lambda s: replace(s, records=[claim(1), ended(1, "unknown"), settled(0)]), "ended unknown"),
        (GIVEN_UP, lambda s: replace(s, records=[claim(1), claim(2), settled(0)]), "nobody was told"),
    ],
)
def test_what_must_not_be_is_found(scene: Scene, change: Callable[[Scene], Scene], problem: str) -> None:
    assert problem in " ".join(change(scene).judged().problems)

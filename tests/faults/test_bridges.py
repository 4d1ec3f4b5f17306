"""Bridges under kills in small; and the judge must be able to say no."""

from collections import Counter
from pathlib import Path

import pytest

from services.ingest import bridges
from shared.plugins.registry import load_plugins
from tests.faults.bridges import Plan, campaigns
from tests.faults.bridges_judge import Verdict, judge, name_of, names_in, words
from tests.faults.bridges_sources import SOURCES

BRIDGES = load_plugins(Path(bridges.__file__).with_name("MANIFEST"), "")
ELSEWHERE = {"peer"}
"""Two hubs are cut apart in tests/integration/test_two_hubs.py."""


@pytest.mark.faults
async def test_a_killed_front_door_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """One bridge that is called, with several messages a call, and one that reads."""
    said: list[str] = []
    plans = [Plan(bridge, messages=30, kills=2, seed=5) for bridge in ("whatsapp-cloud", "signal")]
    summary = await campaigns(tmp_path, plans, said.append)
    assert (summary["problems"], summary["left_out"]) == ([], {}), said
    assert [one["stored"] for one in summary["bridges"]] == [30, 30]


def test_every_bridge_is_measured() -> None:
    assert BRIDGES.keys() - ELSEWHERE == SOURCES.keys()


@pytest.mark.parametrize("kind", BRIDGES)
def test_every_bridge_says_what_becomes_of_what_comes_while_nobody_reads(kind: str) -> None:
    assert BRIDGES[kind].spec.while_away.strip()


SAID = {name_of(number) for number in range(3)}
ONCE = Counter(SAID)
FIRST = name_of(0)


def judged(found: Counter[str], *, accepted: set[str] = SAID, redelivers: bool = True) -> Verdict:
    return judge(SAID, accepted, found, redelivers=redelivers)


def test_a_sound_run_has_no_problems() -> None:
    assert judged(ONCE) == Verdict(said=3, accepted=3, stored=3, lost=0, doubled=0, missed=0)


@pytest.mark.parametrize(
    ("verdict", "problem"),
    [
        (judged(Counter(SAID - {FIRST})), "1 were accepted and are not stored"),
        (judged(ONCE + Counter([FIRST])), "1 are stored more than once"),
        (judged(Counter(SAID - {FIRST}), accepted=SAID - {FIRST}), "1 never came in"),
        (judged(ONCE + Counter(["9-1"])), "1 are stored and nobody wrote them"),
    ],
)
def test_what_must_not_be_is_found(verdict: Verdict, problem: str) -> None:
    assert len(verdict.problems) == 1
    assert problem in verdict.problems[0]


def test_what_a_source_tells_once_may_be_missed_and_is_counted() -> None:
    verdict = judged(Counter(SAID - {FIRST}), accepted=SAID - {FIRST}, redelivers=False)
    assert (verdict.missed, verdict.problems) == (1, [])


def test_what_was_stored_and_never_answered_is_not_missed() -> None:
    assert judged(ONCE, accepted=SAID - {FIRST}, redelivers=False).missed == 0


def test_a_message_is_known_by_its_words_and_so_is_each_part_of_a_joined_one() -> None:
    assert names_in(words(name_of(17)) + words(name_of(17, 2))) == ["17-1", "17-2"]

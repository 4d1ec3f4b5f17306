"""The campaign in small: some 500 reports, every process killed once."""

import random
from pathlib import Path

import pytest

from tests.faults.campaign import PROCESSES, Plan, campaign, kill_schedule

REPORTS, SITES = 500, 10


@pytest.mark.faults
async def test_a_kill_of_each_process_loses_nothing(tmp_path: Path) -> None:
    plan = Plan(reports=REPORTS, sites=SITES, kills=len(PROCESSES), seed=11)
    said: list[str] = []
    summary = await campaign(tmp_path, plan, said.append)
    assert summary["problems"] == [], said
    assert (summary["accepted"], summary["lost"]) == (REPORTS, 0)
    assert summary["max_copies"] <= 2
    assert summary["incidents"] == SITES
    assert summary["incidents_equal"]
    assert summary["killed"] == dict.fromkeys(PROCESSES, 1)


def test_every_process_is_killed_about_equally_often() -> None:
    schedule = kill_schedule(random.Random(3), 30)
    assert sorted(name for victims in schedule for name in victims) == sorted(PROCESSES * 5)
    assert any(len(victims) > 1 for victims in schedule)

"""The judgement's benchmarks on tiny sizes: they must run and count rightly; how fast they are is no test."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import flood, judgement
from bench.worlds import Data, made_up_data, squares
from bench.writers import Writers, copies_of, reports
from services.router.evaluate import state_with
from shared.contracts.reports import ReportContent, ReportReceived

AT = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return made_up_data(tmp_path_factory.mktemp("bench"), seed=1, places=400)


def texts(of: list[ReportReceived]) -> list[str]:
    return [r.content.text for r in of if isinstance(r.content, ReportContent)]


def test_no_text_is_written_twice_and_time_goes_on(data: Data) -> None:
    writers = Writers(data.streets, seed=1)
    written = reports(writers, 300) + reports(writers, 300)
    assert len(set(texts(written))) == len({r.report_id for r in written}) == 600
    assert [r.at for r in written[:300]] == sorted(r.at for r in written[:300])


def test_the_same_seed_writes_the_same(data: Data) -> None:
    one, other = (reports(Writers(data.streets, seed=5), 50) for _ in range(2))
    assert one == other
    assert set(texts(copies_of(one, 200, seed=1))) <= set(texts(one))


def test_the_figures_of_a_tiny_run_are_complete(tmp_path: Path) -> None:
    plan = judgement.Plan(reports=60, slice=30, compared=2, groups=9, incidents=6, places=300)
    said: list[str] = []
    found = judgement.measure(plan, None, tmp_path, said.append)
    assert found["geodata"] == "made up"
    assert set(found["ratios"]) == {"groups", "incidents", "places"}
    assert all(of["low"] > 0 for of in (*found["rates"].values(), *found["ratios"].values()))
    assert found["open_incidents"]["incidents"] >= 6
    assert "slice 2 of 2" in said[-1]
    assert "| copies/s |" in judgement.table(found, AT)


def test_squares_are_as_many_as_asked_and_lie_side_by_side() -> None:
    made = list(squares(7))
    assert len({group.id for group in made}) == 7
    assert len({group.area.polygons for group in made}) == 7


def test_the_flood_counts_what_reaches_verifiers(data: Data) -> None:
    given = flood.flood(data, 40, seed=1)
    heard = flood.played(state_with(data.groups), given, data.gazetteer)
    found = flood.figures(heard, given)
    assert sum(heard.outcomes.values()) == len(given) == 45
    assert found["messages"] == sum(found["kinds"].values()) == len(heard.alerts)
    assert found["heard_s"] is not None
    assert 0 <= found["heard_s"] <= 600
    assert "one raid" in flood.table([{"seed": 1, **found}], AT, made_up=True)

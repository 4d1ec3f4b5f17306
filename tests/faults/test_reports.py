"""The generator's truth is one that no order can change: the pure judgement finds it in any."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from services.router.decide.decider import Input, step
from services.router.decide.evolve import evolve
from services.router.decide.state import State
from shared.contracts.base import Position, ReportId
from shared.contracts.groups import GroupDefined, GroupDefinition
from shared.contracts.incidents import ReportAttached
from shared.contracts.reports import ReportContent, ReportReceived
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.load import load_gazetteer
from tests.faults.reports import Site, TrueReport, make_groups, make_reports, make_sites

NOW = datetime(2026, 5, 14, 18, tzinfo=UTC)


@cache
def gazetteer() -> SqliteGazetteer:
    return load_gazetteer()


def judged(sites: list[Site], reports: Sequence[TrueReport]) -> dict[str, set[int]]:
    """The incidents as the router's pure core makes them, as sets of report numbers."""
    state = State()
    for group in make_groups(sites):
        definition = GroupDefinition.model_validate(group)
        defined = GroupDefined(id=group["id"], at=NOW, group=definition.id, version=1, definition=definition)
        state = evolve(state, defined)
    incidents: dict[str, set[int]] = {}
    for seq, report in enumerate(reports, 1):
        received = message(report, NOW + timedelta(seconds=seq / 20))
        events, state = step(state, Input("REPORTS", seq, received), received.at, gazetteer())
        for event in events:
            if isinstance(event, ReportAttached):
                incidents.setdefault(event.incident_id, set()).add(int(event.report_id[1:]))
    return incidents


def message(report: TrueReport, at: datetime) -> ReportReceived:
    said = dict(report.fields)
    placed = {name: said.pop(name) for name in ("lat", "lon", "accuracy_m") if name in said}
    position = Position(**placed) if placed else None
    content = ReportContent(text=report.text, position=position, **said)
    name = ReportId(f"r{report.number}")
    return ReportReceived(id=name, at=at, report_id=name, bridge="api", content=content)


@pytest.mark.parametrize(("sites", "reports"), [(10, 500), (60, 2_000)])
@pytest.mark.parametrize("order", range(3))
def test_any_order_leads_to_the_same_incidents(sites: int, reports: int, order: int) -> None:
    places = make_sites(sites)
    made = make_reports(places, reports, seed=order)
    truth: dict[int, set[int]] = {}
    for report in made:
        if report.site is not None:
            truth.setdefault(report.site, set()).add(report.number)
    random.Random(order).shuffle(made)
    found = judged(places, made)
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, truth.values()))

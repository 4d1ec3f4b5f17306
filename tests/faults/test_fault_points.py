"""Killed between any two steps: nothing is lost, nothing decided twice, nobody told more than twice.

One relay lives through all points; each point has a place of its own, so that whatever one
death left behind is still there for the judge at the end of every later one.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.checker import Evidence, judge
from tests.faults.raw_log import RawLog
from tests.faults.reports import Site, TrueReport, make_groups, make_reports, make_sites
from tests.integration.test_subscribers import POINTS as OF_THE_BOOK
from tests.rigs.system import RelaySystem

POINTS = (
    "router.before_decide",
    "router.after_decide",
    "router.before_append",
    "router.after_append",
    "notifier.after_expand",
    "notifier.after_claim",
    "notifier.after_send",
    "notifier.after_settle",
    "console.before_project",
    "console.after_project",
    "ingest.before_store",
    "ingest.after_store",
    "ingest.spool_written",
)
REPORTS_EACH = 6
SERVICES = Path(__file__).resolve().parents[2] / "services"

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="module")]


@dataclass
class World:
    """A relay, everything told to it so far, and what it answered."""

    relay: RelaySystem
    log: RawLog
    sites: list[Site]
    told: list[TrueReport] = field(default_factory=list)
    accepted: dict[int, str] = field(default_factory=dict)

    def reports_of(self, site: int) -> list[TrueReport]:
        """A few reports about that site alone."""
        made = make_reports([self.sites[site]], REPORTS_EACH * 2, seed=site)
        true = [report for report in made if report.site is not None][:REPORTS_EACH]
        return [
            TrueReport(1000 * site + n, site, report.text, {**report.fields, "sender": f"s{site}-{n}"})
            for n, report in enumerate(true)
        ]

    async def deliver(self, report: TrueReport) -> None:
        """Post until it is accepted."""
        report_id = await self.relay.deliver_report(report.text, key=f"n{report.number}", **report.fields)
        self.accepted[report.number] = report_id

    def problems(self) -> list[str]:
        """The judge's findings over everything so far."""
        relay = self.relay
        told_of = {report.site for report in self.told}
        sites = [site for site in self.sites if site.number in told_of]
        run = Evidence(sites, self.told, self.accepted, self.log, relay.sink.log, relay.sink.forged)
        return judge(run).problems

    async def at_rest(self) -> bool:
        """Whether the relay has nothing left to do."""
        await self.log.catch_up()
        return self.log.at_rest()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    sites = make_sites(len(POINTS))
    async with RelaySystem(tmp_path_factory.mktemp("points")) as relay:
        for group in make_groups(sites):
            await relay.define_group(group)
        yield World(relay, RawLog(relay.nats.url), sites)


async def test_no_fault_point_is_forgotten() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in SERVICES.rglob("*.py"))
    assert set(re.findall(r"""fault(?:_point)?\("([a-z_.]+)"\)""", source)) == {*POINTS, *OF_THE_BOOK}


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at(world: World, point: str) -> None:
    service, site = point.partition(".")[0], POINTS.index(point)
    relay, reports = world.relay, world.reports_of(site)
    world.told += reports
    await relay.arm(service, point)
    if point == "ingest.spool_written":
        await relay.kill("nats")
    posting = asyncio.gather(*(world.deliver(report) for report in reports))
    await relay.died_at_fault_point(service)
    if point == "ingest.spool_written":
        await relay.start("nats")
    await relay.start(service)
    await posting
    await relay.wait_until(world.at_rest, f"the relay is at rest after {point}", within_s=30)
    assert world.problems() == []
    await relay.wait_until(lambda: shown_once(world, site), "the console shows the one incident")


async def shown_once(world: World, site: int) -> bool:
    """The read model has the site's one incident with all its reports."""
    group = world.sites[site].group
    incidents = await world.relay.incidents(group)
    neighbours = [s for s in world.sites if s.group == group and any(r.site == s.number for r in world.told)]
    return len(incidents) == len(neighbours)

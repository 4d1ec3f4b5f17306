"""Two routers on one log, one of them killed on the way: the same log as one router alone writes."""

import asyncio
import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.bus import connect
from shared.clock import SystemClock
from shared.contracts.catalog import decode
from shared.sealing import Keyring, load_master_key
from tests.faults.raw_log import RawLog
from tests.faults.reports import TrueReport, make_groups, make_reports, make_sites
from tests.rigs.system import RelaySystem

SITES = make_sites(6)
REPORTS = make_reports(SITES, 240, seed=5)
HALF, MOST = 120, 180
START = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
"""In the future, so that neither run's wall clock has a say in what is decided."""


async def post_in_order(relay: RelaySystem, reports: Sequence[TrueReport]) -> None:
    for report in reports:
        at = (START + timedelta(seconds=report.number)).isoformat()
        await relay.deliver_report(report.text, key=f"k{report.number}", received_at=at, **report.fields)


async def decided_at_least(log: RawLog, count: int) -> bool:
    await log.catch_up()
    inputs = [r.body["input"] for r in log.of("DECISIONS", "input.decided.v1")]
    return sum(1 for ref in inputs if ref["stream"] == "REPORTS") >= count


async def prepared(relay: RelaySystem) -> RawLog:
    """Groups defined, the router stopped, half of the reports waiting in order."""
    for group in make_groups(SITES):
        await relay.define_group(group)
    await relay.stop("router")
    await post_in_order(relay, REPORTS[:HALF])
    return RawLog(relay.nats.url)


async def decided_from_reports(relay: RelaySystem, log: RawLog) -> list[dict[str, Any]]:
    """Every event that a report led to, in order, with its private parts in clear."""
    master = load_master_key(relay.home.unsafe_key, production=False)
    async with await connect(relay.nats.url, name="test", monitoring_url=relay.nats.monitoring_url) as bus:
        keyring = Keyring(master, bus, SystemClock(), source="test")
        found = []
        for record in log.records["DECISIONS"]:
            if record.body["id"].startswith("REPORTS."):
                message = await keyring.open(decode(json.dumps(record.body).encode()))
                found.append(message.model_dump(mode="json", context={"sealing": True}))
    return found


@pytest.mark.faults
async def test_two_routers_write_the_log_that_one_writes(tmp_path: Path) -> None:
    services = ("ingest", "router", "console")
    async with RelaySystem(tmp_path / "one", services=services) as one:
        log = await prepared(one)
        await one.start("router")
        await post_in_order(one, REPORTS[HALF:])
        await one.wait_until(lambda: decided_at_least(log, len(REPORTS)), "one router decides all")
        alone = await decided_from_reports(one, log)
    two = RelaySystem(tmp_path / "two", services=services)
    shutil.copy2(one.home.unsafe_key, two.home.unsafe_key)
    async with two:
        log = await prepared(two)
        two.add("second", like="router")
        await asyncio.gather(two.start("router"), two.start("second"))
        await post_in_order(two, REPORTS[HALF:MOST])
        await two.wait_until(lambda: decided_at_least(log, MOST), "the two decide")
        await two.kill("router")
        await post_in_order(two, REPORTS[MOST:])
        await two.wait_until(lambda: decided_at_least(log, len(REPORTS)), "the second decides the rest")
        together = await decided_from_reports(two, log)
    assert any(event["type"] == "alert.raised.v1" and event["body"] for event in alone)
    assert together == alone

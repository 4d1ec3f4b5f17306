"""The harness against the front door alone: what it starts it can kill, and start again."""

from pathlib import Path

import pytest

from tests.faults.raw_log import RawLog
from tests.rigs.system import RelaySystem


@pytest.mark.faults
async def test_a_killed_door_keeps_what_it_accepted_and_refuses_nothing_twice(tmp_path: Path) -> None:
    async with RelaySystem(tmp_path, services=("ingest",)) as relay:
        first = await relay.deliver_report("seen at the market", key="one")
        await relay.kill("ingest")
        await relay.start("ingest")
        assert await relay.deliver_report("seen at the market", key="one") == first
        await relay.kill("nats")
        waiting = await relay.deliver_report("seen at the market again", key="two")
        await relay.start("nats")
        log = RawLog(relay.nats.url)

        async def both_stored() -> bool:
            await log.catch_up()
            return len(log.records["REPORTS"]) == 2

        await relay.wait_until(both_stored, "both reports are stored")
        assert [r.body["report_id"] for r in log.records["REPORTS"]] == [first, waiting]

"""NATS away, Redis emptied: what was accepted is stored once, decided once, and told once."""

import asyncio
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
import redis.asyncio

from tests.faults.raw_log import RawLog
from tests.rigs.system import RelaySystem, square

LAT, LON = 52.2, -1.5
GROUP = {"id": "ward", "name": "Ward Watch", "area": square(LAT, LON, 0.05)}


@pytest.mark.faults
async def test_nats_stopped_and_two_hundred_reports_posted(tmp_path: Path) -> None:
    async with RelaySystem(tmp_path, services=("ingest", "router")) as relay:
        await relay.stop("nats")
        answers = await asyncio.gather(
            *(relay.post_report(f"raid number {n} at the market", key=f"k{n}") for n in range(200))
        )
        assert Counter(answer.status for answer in answers) == {202: 200}
        await relay.start("nats")
        log = RawLog(relay.nats.url)

        async def all_decided() -> bool:
            await log.catch_up()
            return len(log.records["REPORTS"]) >= 200 and log.at_rest()

        await relay.wait_until(all_decided, "200 reports are stored and decided", within_s=30)
        stored = Counter(r.body["report_id"] for r in log.records["REPORTS"])
        assert stored == Counter({a.body["report_id"]: 1 for a in answers})
        decided = Counter(r.body["report_id"] for r in log.of("DECISIONS", "input.decided.v1"))
        assert decided == stored


@pytest.mark.faults
async def test_flushall_in_the_middle_of_a_storm_leaves_one_incident(tmp_path: Path) -> None:
    async with RelaySystem(tmp_path) as relay:
        await relay.define_group(GROUP)
        log = RawLog(relay.nats.url)
        done = 0

        async def storm(part: range) -> None:
            nonlocal done
            for n in part:
                await relay.deliver_report(
                    "immigration raid happening now at the bakery",
                    lat=LAT,
                    lon=LON,
                    accuracy_m=20,
                    sender=f"person-{n}",
                )
                done += 1

        def reached(share: int) -> bool:
            return done >= share

        storms = asyncio.gather(*(storm(range(k, 400, 8)) for k in range(8)))
        async with redis.asyncio.from_url(relay.redis.url) as client:
            for share in (100, 200, 300):
                await relay.wait_until(partial(reached, share), f"{share} reports are accepted")
                await client.flushall()
        await storms

        async def at_rest() -> bool:
            await log.catch_up()
            return log.at_rest()

        await relay.wait_until(at_rest, "the storm is over")
        assert len(log.of("DECISIONS", "incident.opened.v1")) == 1
        assert len(relay.sink.received(kind="UNCONFIRMED", audience="verifiers")) == 1
        assert max(relay.sink.copies().values()) == 1

        async def shown() -> bool:
            incidents = await relay.incidents("ward")
            return len(incidents) == 1

        await relay.wait_until(shown, "the read model is whole again")

"""The ladder and aftercare through the router's worker: each step once, whoever dies in between."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts import aftercare, desk
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import Message
from shared.contracts.incidents import IncidentEscalated, IncidentOpened
from shared.ports import Bus
from shared.testing.bus import MemoryBus

from .test_router_worker import NOW, TEXT, DyingBus, Hub, run_until_killed, running

ME: Any = {"member": "ada", "group": "hackney"}


@pytest.fixture
async def hub(memory_bus: MemoryBus) -> Hub:
    return await told(memory_bus)


async def told(bus: Bus) -> Hub:
    """A hub with a group, a dispatcher, and a report of a raid."""
    hub = Hub(bus)
    await hub.define()
    roles: Any = {"hackney": "dispatcher"}
    token = "1" * 64
    await hub.put(
        desk.AddMember(
            id="c3", at=NOW, member="op", group="hub", new_member="ada", roles=roles, token_sha256=token
        )
    )
    await hub.report(1, TEXT)
    return hub


async def until(hub: Hub, holds: Callable[[list[Message]], bool]) -> list[Message]:
    async with asyncio.timeout(20):
        while not holds(log := await hub.decisions()):  # noqa: ASYNC110 - the log has no event to wait for
            await asyncio.sleep(0.02)
    return log


def climbed(log: list[Message]) -> list[str | None]:
    return [m.rung for m in log if isinstance(m, IncidentEscalated)]


def notes(log: list[Message]) -> list[str | None]:
    return [getattr(m.body, "note", None) for m in log if isinstance(m, AlertRaised)]


async def test_time_alone_climbs_the_ladder_on_both_buses(bus: Bus) -> None:
    hub = await told(bus)
    async with running(hub.router()):
        await hub.until_decided(1, 3)
        hub.clock.time += timedelta(minutes=6)
        log = await until(hub, lambda log: climbed(log) == ["again"])
        assert notes(log) == [None, "nobody_took"]
        hub.clock.time += timedelta(minutes=6)
        log = await until(hub, lambda log: len(climbed(log)) == 2)
    assert climbed(log) == ["again", "nobody_left"]


@pytest.mark.parametrize("after", [True, False])
async def test_a_router_that_dies_on_a_rung_asks_nobody_twice(hub: Hub, *, after: bool) -> None:
    async with running(hub.router()):
        await hub.until_decided(1, 3)
    hub.clock.time += timedelta(minutes=6)
    dying: Any = DyingBus(hub.bus, at=1, after=after)
    await run_until_killed(hub.router(dying))
    hub.clock.time += timedelta(seconds=1)
    async with running(hub.router(), hub.router()):
        await until(hub, lambda log: climbed(log) == ["again"])
        hub.clock.time += timedelta(minutes=6)
        log = await until(hub, lambda log: len(climbed(log)) == 2)
    assert climbed(log) == ["again", "nobody_left"]
    assert notes(log) == [None, "nobody_took"]


async def test_a_post_and_its_people_survive_a_new_router(hub: Hub) -> None:
    async with running(hub.router()):
        log = await until(hub, lambda log: any(isinstance(m, IncidentOpened) for m in log))
        (name,) = (m.incident_id for m in log if isinstance(m, IncidentOpened))
        on: Any = {**ME, "at": NOW, "incident_id": name}
        begins = NOW + timedelta(hours=2)
        where = aftercare.PostPlace(label="Front door")
        for command in (
            desk.Confirm(id="d1", **on),
            desk.End(id="d2", **on, tally=desk.Tally(taken=1)),
            aftercare.OpenPost(
                id="d3", **on, post_id="p1", begins=begins, ends=begins + timedelta(hours=2), where=where
            ),
            aftercare.JoinPost(id="d4", **on, post_id="p1"),
            desk.End(id="d5", **on, stage="closed"),
        ):
            await hub.put(command)
        decided = await hub.until_decided(1, 8)
    assert [d.reason for (stream, n), d in decided.items() if stream == "DESK" and n > 3] == [
        *["applied"] * 4,
        "not_accounted_for",
    ]
    for minutes, last in ((95, "post_unfilled"), (40, "post_no_show")):
        hub.clock.time += timedelta(minutes=minutes)
        router = hub.router()
        async with running(router):
            log = await until(hub, lambda log, last=last: last in notes(log))  # type: ignore[misc]
        (incident,) = router.state.incidents.values()
        assert [k.who for k in incident.aftercare.posts[0].keepers] == ["ada"]
        assert incident.aftercare.posts[0].label == "Front door"
    assert notes(log).count("post_unfilled") == notes(log).count("post_no_show") == 1

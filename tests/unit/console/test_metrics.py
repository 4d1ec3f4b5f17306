"""What Prometheus learns of the console, and what it learns while one of the servers is away."""

import asyncio

import pytest

from services.console.metrics import DEAD, READY, REDIS, STREAM_LIMIT, VIEW_LAG, facts
from services.console.projector import STREAMS as SHOWN
from shared import metrics
from shared.bus.streams import STREAMS
from shared.metrics import BUS_CONNECTED, Fact, asked
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import Rig


async def read(rig: Rig) -> dict[tuple[str, tuple[str, ...]], float]:
    return {(f.metric.name, f.labels): f.value for f in await facts(rig.console)}


async def test_a_console_that_is_well_says_how_full_streams_are_and_what_is_dead(rig: Rig) -> None:
    found = await read(rig)
    assert found[REDIS.name, ()] == found[BUS_CONNECTED.name, ("console",)] == 1
    assert found[DEAD.name, ()] == 0
    assert {labels[0] for name, labels in found if name == STREAM_LIMIT.name} == set(STREAMS)
    assert {labels[0] for name, labels in found if name == VIEW_LAG.name} == set(SHOWN)


async def test_what_cannot_be_asked_is_left_out_and_the_rest_is_told(rig: Rig) -> None:
    bus, state = rig.console.bus, rig.console.store.state
    assert isinstance(bus, MemoryBus)
    assert isinstance(state, MemoryState)
    bus.go_away()
    found = await read(rig)
    assert found[BUS_CONNECTED.name, ("console",)] == 0
    assert found[DEAD.name, ()] == 0
    assert not {VIEW_LAG.name, STREAM_LIMIT.name} & {name for name, _ in found}
    bus.come_back()
    state.go_away()
    found = await read(rig)
    assert found[REDIS.name, ()] == found[READY.name, ()] == 0
    assert (DEAD.name, ()) not in found
    assert (STREAM_LIMIT.name, ("REPORTS",)) in found
    state.come_back()


async def test_a_server_that_does_not_answer_holds_up_no_scrape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "ASK_S", 0.01)

    async def silent() -> list[Fact]:
        await asyncio.Event().wait()
        return []

    async def quick() -> list[Fact]:
        return [Fact(DEAD, 2)]

    assert await asked(silent(), quick()) == [Fact(DEAD, 2)]

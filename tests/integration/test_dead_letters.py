"""Dead letters on the bus: a report is decided again as a whole or not at all, whatever dies in between."""

import asyncio
from typing import Any

import pytest

from services.router import worker as worker_module
from services.router.decide import decider
from shared.contracts.base import HUB, Message
from shared.contracts.dead import DeadClosed, DeadWhy, RetryDead
from shared.contracts.incidents import IncidentOpened, InputDecided
from shared.ports import Bus
from tests.integration.test_router_worker import NOW, TEXT, DyingBus, Hub, run_until_killed, running


async def retry(hub: Hub, n: int, seq: int = 1) -> None:
    """The operator wants that report decided again."""
    command = {"member": "op", "group": HUB, "service": "router", "stream": "REPORTS", "seq": seq}
    await hub.put(RetryDead(id=f"retry{n}", at=NOW, why=DeadWhy(text="mended"), **command))


async def retried(hub: Hub, commands: int) -> tuple[list[Message], list[InputDecided]]:
    """The log and its decisions once so many commands are decided."""
    async with asyncio.timeout(30):
        while True:
            log = await hub.decisions()
            decided = [m for m in log if isinstance(m, InputDecided) and m.input.stream != "TICK"]
            if sum(m.input.stream == "DESK" for m in decided) >= commands:
                return log, decided
            await asyncio.sleep(0.02)


class Broken:
    """A judgement that fails on one report until it is mended."""

    def __init__(self) -> None:
        self.mended = False

    def step(self, state: Any, given: Any, now: Any, gazetteer: Any) -> Any:
        inside = given.again or given
        if not self.mended and inside.message is not None and inside.message.id == "rbad":
            raise ZeroDivisionError("SECRET WORDS")
        return decider.step(state, given, now, gazetteer)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Broken:
    found = Broken()
    monkeypatch.setattr(worker_module, "step", found.step)
    return found


async def test_a_dead_letter_is_decided_again_once_the_cause_is_mended_on_both_buses(
    bus: Bus, broken: Broken
) -> None:
    hub = Hub(bus)
    await hub.define()
    await hub.report("bad", TEXT)
    async with running(hub.router()):
        await hub.until_decided(1)
        await retry(hub, 1)
        _, decided = await retried(hub, 3)
        assert (decided[-1].outcome, decided[-1].reason) == ("refused", "still_fails")
        assert await bus.last_seq("DEAD") == 1, "it is in one place still"
        broken.mended = True
        await retry(hub, 2)
        log, decided = await retried(hub, 4)
    assert [(m.outcome, m.reason) for m in decided[-2:]] == [
        ("opened", "placed_report"),
        ("applied", "applied"),
    ]
    assert [m.input.stream for m in decided[-2:]] == ["REPORTS", "DESK"]
    assert sum(isinstance(m, IncidentOpened) for m in log) == 1
    (closed,) = (m for m in log if isinstance(m, DeadClosed))
    assert (closed.stream, closed.seq, closed.how) == ("REPORTS", 1, "retried")


@pytest.mark.parametrize("after", ["before", "after"])
async def test_a_router_that_dies_while_it_decides_one_again_leaves_it_in_one_place(
    bus: Bus, broken: Broken, after: str
) -> None:
    hub = Hub(bus)
    await hub.define()
    await hub.report("bad", TEXT)
    async with running(hub.router()):
        await hub.until_decided(1)
    broken.mended = True
    await retry(hub, 1)
    dying: Any = DyingBus(hub.bus, at=1, after=after == "after")
    await run_until_killed(hub.router(dying))
    stored = [m for m in await hub.decisions() if isinstance(m, DeadClosed | IncidentOpened)]
    assert len(stored) == (2 if after == "after" else 0), "all of it, or nothing"
    await retry(hub, 2)
    async with running(hub.router()):
        log, decided = await retried(hub, 4)
    assert [m.reason for m in decided if m.input.stream == "DESK"][-2:] == ["applied", "no_such_letter"]
    assert sum(isinstance(m, DeadClosed) for m in log) == 1
    assert sum(isinstance(m, IncidentOpened) for m in log) == 1

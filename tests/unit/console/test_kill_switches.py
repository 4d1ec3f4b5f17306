"""A kill switch that is on stays on: it is said again before the log forgets it."""

import asyncio
from datetime import timedelta

import pytest

from services.console.decide.restate import restated
from services.console.kill_switches import KillSwitchKeeper
from shared.bus.streams import STREAMS
from shared.contracts.catalog import decode, encode
from shared.contracts.desk import DeskCommand, KillSwitch, RevokeMember
from shared.ports import Entry, Outgoing
from shared.testing.bus import MemoryBus
from tests.rigs.console import START, TestClock, until

FORGOTTEN = STREAMS["DESK"].max_age


def switch(group: str = "hackney", *, stopped: bool = True, nth: int = 1) -> KillSwitch:
    return KillSwitch.model_validate(
        {
            "id": f"mada.{group}{nth}",
            "at": START,
            "member": "mada",
            "group": group,
            "stopped": stopped,
            "reason": "wrong text",
        }
    )


class Desk:
    """DESK in memory with a set clock, and a keeper over it."""

    def __init__(self) -> None:
        self.clock = TestClock()
        self.bus = MemoryBus(self.clock)
        self.keeper = KillSwitchKeeper(self.bus, self.clock)

    async def store(self, *commands: KillSwitch) -> None:
        for command in commands:
            await self.bus.publish(encode(command, source="test"))

    async def last(self, group: str = "hackney") -> Entry:
        entry = await self.bus.last("DESK", f"desk.v1.{group}.kill_switch")
        assert entry is not None
        return entry

    async def count(self) -> int:
        return await self.bus.last_seq("DESK")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("command", "days", "again"),
    [
        (switch(), 0, False),
        (switch(), 14, False),
        (switch(), 14.01, True),
        (switch("hub"), 34, True),
        (switch(stopped=False), 34, False),
        (RevokeMember(id="x", at=START, member="mada", group="hackney", revoked="m2"), 34, False),
    ],
)
def test_what_is_said_again(command: DeskCommand, days: float, *, again: bool) -> None:
    entry = Entry("DESK", "any", 7, START, {}, encode(command, source="test").body)
    now = START + timedelta(days=days)
    said = restated(entry, now=now)
    assert (said is not None) == again
    if said is not None:
        assert said == command.model_copy(update={"id": said.id, "at": now, "since": START})
        assert said.id != command.id
        assert restated(entry, now=now + timedelta(hours=1)).id == said.id  # type: ignore[union-attr]


@pytest.mark.parametrize("group", ["hackney", "hub"])
async def test_a_switch_that_is_on_stays_on_for_ever(desk: Desk, group: str) -> None:
    await desk.store(switch(group))
    for _ in range(200):
        desk.clock.forward(days=1)
        await desk.keeper.look()
        entry = await desk.last(group)
        assert FORGOTTEN is not None
        assert desk.clock.now() - entry.stored_at < FORGOTTEN - timedelta(days=20)
        command = decode(entry)
        assert isinstance(command, KillSwitch)
        assert (command.stopped, command.member, command.reason) == (True, "mada", "wrong text")
        assert (command.since or command.at) == START
    assert await desk.count() == 1 + 200 // 15


async def test_one_that_was_turned_off_stays_off(desk: Desk) -> None:
    await desk.store(switch(), switch(stopped=False, nth=2))
    desk.clock.forward(days=30)
    await desk.keeper.look()
    assert await desk.count() == 2


async def test_two_consoles_at_once_say_it_once(desk: Desk) -> None:
    await desk.store(switch())
    desk.clock.forward(days=20)
    await asyncio.gather(desk.keeper.look(), KillSwitchKeeper(desk.bus, desk.clock).look())
    assert await desk.count() == 2


async def test_what_cannot_be_read_or_stored_does_not_stop_the_others_nor_the_worker(desk: Desk) -> None:
    await desk.bus.publish(Outgoing("desk.v1.aaa.kill_switch", "x", b"{"))
    await desk.store(switch("bbb"), switch("ccc"))
    desk.clock.forward(days=20)
    desk.bus.refuse_next()
    await desk.keeper.look()
    assert await desk.count() == 4
    await desk.keeper.look()
    assert await desk.count() == 5
    desk.bus.go_away()
    await desk.keeper.look()


async def test_the_worker_looks_at_its_start_and_now_and_then(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.console.kill_switches._LOOK_S", 0.01)
    await desk.store(switch())
    desk.clock.forward(days=20)
    stop = asyncio.Event()
    task = asyncio.create_task(desk.keeper.work(stop))

    async def stored(number: int) -> bool:
        return await desk.count() == number

    await until(lambda: stored(2))
    desk.clock.forward(days=20)
    await until(lambda: stored(3))
    stop.set()
    await asyncio.wait_for(task, 5)

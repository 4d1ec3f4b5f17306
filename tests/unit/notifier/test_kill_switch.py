"""The kill switches: one read for all who ask together, and never one that began before the question."""

import asyncio
from datetime import UTC, datetime

import pytest

from services.notifier.kill_switch import UNREADABLE, KillSwitches
from shared.contracts.catalog import encode
from shared.contracts.desk import KillSwitch, RevokeMember
from shared.errors import BusUnavailableError
from shared.ports import Entry, Outgoing
from shared.testing.bus import MemoryBus

NOW = datetime(2022, 5, 14, 18, 0, tzinfo=UTC)


class SlowBus(MemoryBus):
    """Looks at once, as a server does, and answers when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.looked: list[str] = []
        self.answer = asyncio.Event()
        self.error: Exception | None = None
        self.turned = 0

    async def last(self, stream: str, pattern: str) -> Entry | None:
        self.looked.append(pattern.split(".")[2])
        found = await super().last(stream, pattern)
        await self.answer.wait()
        if self.error is not None:
            raise self.error
        return found

    async def turn(self, group: str, *, stopped: bool) -> None:
        self.turned += 1
        command = KillSwitch(id=f"k{self.turned}", at=NOW, member="m1", group=group, stopped=stopped)
        await self.publish(encode(command, source="test"))


async def test_those_who_ask_during_a_read_share_one_that_began_after_their_question() -> None:
    bus = SlowBus()
    switches = KillSwitches(bus)
    early = asyncio.create_task(switches.stopped(switches.ask("hackney")))
    while not bus.looked:  # noqa: ASYNC110 - any condition
        await asyncio.sleep(0)
    await bus.turn("hackney", stopped=True)
    late = [asyncio.create_task(switches.stopped(switches.ask("hackney"))) for _ in range(50)]
    bus.answer.set()
    await early
    assert set(await asyncio.gather(*late)) == {"group_stopped"}
    assert bus.looked == ["*", "hub", "hackney"] * 2
    await bus.turn("hackney", stopped=False)
    assert await switches.stopped(switches.ask("hackney")) is None


async def test_while_no_switch_is_turned_each_question_is_one_read() -> None:
    bus = SlowBus()
    bus.answer.set()
    switches = KillSwitches(bus)
    for _ in range(3):
        assert await switches.stopped(switches.ask("hackney")) is None
    assert bus.looked == ["*", "hub", "hackney", "*", "*"]
    assert await switches.stopped(switches.ask("leeds")) is None
    assert bus.looked[5:] == ["*", "leeds"]
    await bus.turn("hub", stopped=True)
    assert await switches.stopped(switches.ask("leeds")) == "hub_stopped"
    await bus.turn("leeds", stopped=True)
    await bus.turn("hub", stopped=False)
    assert await switches.stopped(switches.ask("hackney")) is None
    assert await switches.stopped(switches.ask("leeds")) == "group_stopped"


async def test_what_could_not_be_read_is_read_again_and_not_remembered() -> None:
    bus = SlowBus()
    bus.answer.set()
    switches = KillSwitches(bus)
    await bus.turn("hackney", stopped=True)
    bus.error = BusUnavailableError()
    assert await switches.stopped(switches.ask("hackney")) == UNREADABLE
    bus.error = None
    assert await switches.stopped(switches.ask("hackney")) == "group_stopped"


@pytest.mark.parametrize("error", [BusUnavailableError(), ValueError("a bug")])
async def test_any_error_while_reading_means_stop_for_all_who_wait_and_not_for_ever(error: Exception) -> None:
    bus = SlowBus()
    bus.answer.set()
    bus.error = error
    switches = KillSwitches(bus)
    asked = [switches.ask("hackney") for _ in range(3)]
    assert [await switches.stopped(a) for a in asked] == [UNREADABLE] * 3
    bus.error = None
    assert await switches.stopped(switches.ask("hackney")) is None


async def test_a_sound_message_of_another_type_on_that_subject_means_stop() -> None:
    bus = MemoryBus()
    other = encode(RevokeMember(id="x", at=NOW, member="m1", group="hackney", revoked="m2"), source="test")
    await bus.publish(Outgoing("desk.v1.hackney.kill_switch", other.msg_id, other.body, other.headers))
    switches = KillSwitches(bus)
    assert await switches.stopped(switches.ask("hackney")) == UNREADABLE
    assert await switches.stopped(switches.ask("islington")) is None

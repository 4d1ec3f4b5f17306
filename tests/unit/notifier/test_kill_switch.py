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

    async def last(self, stream: str, subject: str) -> Entry | None:
        self.looked.append(subject.split(".")[2])
        found = await super().last(stream, subject)
        await self.answer.wait()
        if self.error is not None:
            raise self.error
        return found

    async def turn(self, group: str, *, stopped: bool) -> None:
        command = KillSwitch(id=f"k{len(self.looked)}", at=NOW, member="m1", group=group, stopped=stopped)
        await self.publish(encode(command, source="test"))


async def test_those_who_ask_during_a_read_share_one_that_began_after_their_question() -> None:
    bus = SlowBus()
    switches = KillSwitches(bus)
    early = asyncio.create_task(switches.stopped(switches.ask("hackney")))
    while len(bus.looked) < 2:  # noqa: ASYNC110 - any condition
        await asyncio.sleep(0)
    await bus.turn("hackney", stopped=True)
    late = [asyncio.create_task(switches.stopped(switches.ask("hackney"))) for _ in range(50)]
    bus.answer.set()
    assert await early is None
    assert set(await asyncio.gather(*late)) == {"group_stopped"}
    assert sorted(bus.looked) == ["hackney", "hackney", "hub", "hub"]
    await bus.turn("hackney", stopped=False)
    assert await switches.stopped(switches.ask("hackney")) is None


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

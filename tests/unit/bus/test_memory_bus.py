"""The switches by which tests steer the twin; its behaviour proper is the conformance suite's."""

import asyncio
from contextlib import aclosing

import pytest

from shared.errors import AlreadyStoredError, BusRefusedError, BusUnavailableError
from shared.ports import Outgoing
from shared.testing.bus import MemoryBus


def event(name: str) -> Outgoing:
    return Outgoing("decisions.v1.noted", name, name.encode())


async def test_while_away_patience_ends_and_reads_wait(memory_bus: MemoryBus) -> None:
    await memory_bus.publish(event("a"))
    memory_bus.go_away()
    assert not memory_bus.connected
    with pytest.raises(BusUnavailableError):
        await memory_bus.publish(event("b"), patience_s=0.01)
    with pytest.raises(BusUnavailableError):
        await memory_bus.append(event("b"), after=1)
    with pytest.raises(BusUnavailableError):
        await memory_bus.get("DECISIONS", 1)
    async with aclosing(memory_bus.read("DECISIONS")) as entries:
        reading = asyncio.ensure_future(anext(entries))
        publishing = asyncio.create_task(memory_bus.publish(event("c"), patience_s=10))
        await asyncio.sleep(0.01)
        assert not reading.done()
        assert not publishing.done()
        memory_bus.come_back()
        assert (await publishing).seq == 2
        assert (await reading).body == b"a"
        assert (await anext(entries)).body == b"c"


async def test_a_lost_acknowledgement_stores_and_yet_raises(memory_bus: MemoryBus) -> None:
    memory_bus.fail_next(2)
    with pytest.raises(BusUnavailableError):
        await memory_bus.publish(event("a"))
    with pytest.raises(BusUnavailableError):
        await memory_bus.append(event("b"), after=1)
    assert (await memory_bus.publish(event("a"))).duplicate
    with pytest.raises(AlreadyStoredError):
        await memory_bus.append(event("b"), after=2)


async def test_a_refusal_stores_nothing(memory_bus: MemoryBus) -> None:
    memory_bus.refuse_next()
    with pytest.raises(BusRefusedError):
        await memory_bus.publish(event("a"))
    assert (await memory_bus.publish(event("a"))).seq == 1


async def test_what_is_too_large_is_refused(memory_bus: MemoryBus) -> None:
    memory_bus.most_bytes = 3
    assert await memory_bus.append(event("abc"), after=0) == 1
    with pytest.raises(BusRefusedError):
        await memory_bus.append(event("abcd"), after=1)

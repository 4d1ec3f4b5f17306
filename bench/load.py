"""How load is put on a system, and how long one waits for what must come out of it.

Closed loop: some workers, each posting its next report when the last is answered; it finds the
sustained rate. Open loop: posts begin on a schedule whatever the answers do, and latency
counts from the schedule, so a stall is charged to every report that it delayed.
"""

import asyncio
import time
from collections.abc import Callable, Iterator

from bench.wire import Caller, Sink

Request = Callable[[int], bytes]

GIVE_UP_S = 15.0
"""So long without any arrival, the rest is counted as lost."""


async def post(caller: Caller, request: bytes) -> bytes:
    """Post; RuntimeError unless it is accepted."""
    status, body = await caller.send(request)
    if not 200 <= status < 300:
        raise RuntimeError(f"a report was refused with {status}: {body[:300]!r}")
    return body


async def closed_loop(
    caller: Caller, request: Request, numbers: Iterator[int], *, workers: int, seconds: float
) -> dict[int, float]:
    """When each number's post began, by its number."""
    began: dict[int, float] = {}
    end = time.perf_counter() + seconds

    async def work() -> None:
        for number in numbers:  # one iterator for all workers; it may end before the time
            if (now := time.perf_counter()) >= end:
                break
            began[number] = now
            await post(caller, request(number))

    await asyncio.gather(*(work() for _ in range(workers)))
    return began


async def open_loop(
    caller: Caller, request: Request, numbers: Iterator[int], *, per_s: float, seconds: float
) -> dict[int, float]:
    """When each number's post was due, by its number."""
    began: dict[int, float] = {}
    start = time.perf_counter()
    async with asyncio.TaskGroup() as posts:
        for n in range(round(per_s * seconds)):
            due = start + n / per_s
            await until(due)
            number = next(numbers)
            began[number] = due
            posts.create_task(post(caller, request(number)))
    return began


async def until(due: float) -> None:
    """Return at that moment of `time.perf_counter`, to a few microseconds.

    The loop's timers are rounded up to milliseconds, which would add as much as a fast system
    takes; so the last stretch is spent asking again and again.
    """
    await asyncio.sleep(due - time.perf_counter() - 0.0015)
    while time.perf_counter() < due:  # noqa: ASYNC110 - no event tells the time
        await asyncio.sleep(0)


async def all_arrived(sink: Sink, began: dict[int, float]) -> None:
    """Return once every number has arrived, or nothing has for `GIVE_UP_S`."""
    missing = len(began)
    moved = time.perf_counter()
    while missing and time.perf_counter() - moved < GIVE_UP_S:
        await asyncio.sleep(0.02)
        left = len(began.keys() - sink.arrived.keys())
        if left < missing:
            missing, moved = left, time.perf_counter()

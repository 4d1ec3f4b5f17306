"""Tasks come and go; one that ends by itself is loud, one that will not end is left behind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from services.ingest import kept_tasks
from services.ingest.kept_tasks import KeptTasks


@contextlib.asynccontextmanager
async def running(tasks: KeptTasks) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    worker = asyncio.create_task(tasks.run(stop))
    await asyncio.sleep(0)
    try:
        yield worker
    finally:
        stop.set()
        with contextlib.suppress(ZeroDivisionError):
            await asyncio.wait_for(worker, 5)


class Work:
    """Goes on until it is cancelled."""

    def __init__(self) -> None:
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


async def test_they_begin_with_the_worker_or_later_and_end_when_dropped_or_with_it() -> None:
    tasks, first, second = KeptTasks(), Work(), Work()
    tasks.put("first", first)
    async with running(tasks) as worker:
        await first.begun.wait()
        tasks.put("second", second)
        await second.begun.wait()
        await tasks.drop("first")
        assert first.ended.is_set()
        assert not worker.done()
        await tasks.drop("never there")
    assert second.ended.is_set()


async def test_one_that_breaks_ends_the_worker_with_what_it_raised() -> None:
    async def breaks() -> None:
        raise ZeroDivisionError

    tasks, other = KeptTasks(), Work()
    tasks.put("other", other)
    async with running(tasks) as worker:
        tasks.put("breaks", breaks)
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(worker, 5)
        assert other.ended.is_set()


async def test_one_that_swallows_its_cancellation_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    go = asyncio.Event()

    async def stubborn() -> None:
        while not go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await go.wait()

    monkeypatch.setattr(kept_tasks, "STUBBORN_S", 0.02)
    tasks = KeptTasks()
    tasks.put("stubborn", stubborn)
    with capture_logs() as logs:
        async with running(tasks) as worker:
            await asyncio.wait_for(tasks.drop("stubborn"), 5)
            assert not worker.done()
    assert [line["task"] for line in logs if line["event"] == "task_left_behind"] == ["stubborn"]
    go.set()

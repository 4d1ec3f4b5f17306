"""A loop that stands still is seen from outside, and the bridge that holds it is named."""

import asyncio
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.ingest.loop_watch import LoopWatch, whose


class Sleeper:
    """A bridge that waits without `await`, until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def parse(self) -> None:
        self._deeper()

    async def read(self) -> None:
        await asyncio.sleep(0)
        _helper_of_a_plugin(self.go)

    def _deeper(self) -> None:
        _helper_of_a_plugin(self.go)


class Computer:
    """A bridge with a pattern that takes far too long, during which no other thread can run."""

    def read(self, watch: LoopWatch) -> None:
        while watch._held_by is None:
            re.search(r"(a+)+$", "a" * 21 + "b")


def _helper_of_a_plugin(go: threading.Event) -> None:
    assert go.wait(10)


async def watched(
    bridges: dict[str, Any], block: Callable[[LoopWatch], Any], *, end_s: float = 60.0
) -> tuple[Counter[str], list[Any], list[int]]:
    """What is counted, logged and ended while this holds the loop."""
    ended: list[int] = []
    watch = LoopWatch(lambda: bridges, Counter(), blocked_s=0.02, end_s=end_s, end=lambda: ended.append(1))
    stop = asyncio.Event()
    with capture_logs() as logs:
        task = asyncio.create_task(watch.run(stop))
        await asyncio.sleep(0)
        found = block(watch)
        if found is not None:
            await found
        async with asyncio.timeout(10):
            while not any(n.endswith("blocked") for n in [*watch.counts]):  # noqa: ASYNC110 - a count
                await asyncio.sleep(0.001)
        stop.set()
        await task
    return watch.counts, logs, ended


def let_go_once_seen(sleeper: Sleeper, watch: LoopWatch) -> None:
    """From another thread: when the watch has named somebody."""

    def look() -> None:
        while watch._held_by is None:
            time.sleep(0.001)
        sleeper.go.set()

    threading.Thread(target=look, daemon=True).start()


@pytest.mark.parametrize("how", ["parse", "read"])
async def test_the_bridge_that_holds_the_loop_is_named_and_counted(how: str) -> None:
    at_fault, other = Sleeper(), Sleeper()

    def block(watch: LoopWatch) -> Any:
        let_go_once_seen(at_fault, watch)
        return getattr(at_fault, how)()

    counts, logs, ended = await watched({"other": other, "at-fault": at_fault}, block)
    assert counts["bridge.at-fault.blocked"] == 1
    assert "bridge.other.blocked" not in counts
    (blocked,) = [line for line in logs if line["event"] == "loop_blocked" and line["bridge"] == "at-fault"]
    assert re.fullmatch(r"\w+:\d+", blocked["at"])
    assert not ended


async def test_one_that_lets_no_other_thread_run_is_named_as_well() -> None:
    computer = Computer()
    counts, _, _ = await watched({"computer": computer}, computer.read)
    assert counts["bridge.computer.blocked"] >= 1


async def test_what_is_no_bridge_is_nobodys_fault() -> None:
    sleeper = Sleeper()

    def block(watch: LoopWatch) -> None:
        let_go_once_seen(sleeper, watch)
        sleeper.parse()

    counts, _, _ = await watched({}, block)
    assert counts["loop.blocked"]
    assert not [name for name in counts if name.startswith("bridge.")]


async def test_a_loop_that_never_comes_back_is_ended_with_its_name() -> None:
    sleeper = Sleeper()

    def block(watch: LoopWatch) -> None:
        watch.end = sleeper.go.set
        sleeper.parse()

    _, logs, _ = await watched({"stuck": sleeper}, block, end_s=0.1)
    (ended,) = [line for line in logs if line["event"] == "loop_ended"]
    assert ended["bridge"] == "stuck"


def test_no_stack_is_nobodys() -> None:
    assert whose(None, {"a": object()}) == ""

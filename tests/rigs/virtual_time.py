"""A loop whose time passes only when nobody has anything to do, and then all at once.

Two minutes of a provider's trouble take as long as the work in them. Only for what waits for nothing
outside this process: no sockets, no threads.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Never waits: what would be waited for has passed."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout is None:
            raise RuntimeError("everybody waits for something that never comes")
        if not found and timeout:
            self.passed += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.passed


class VirtualClock:
    """The wall clock of such a loop."""

    def __init__(self, began: datetime) -> None:
        self._began = began

    def now(self) -> datetime:
        return self._began + timedelta(seconds=asyncio.get_running_loop().time())


def in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end on such a loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)

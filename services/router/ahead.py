"""What is decided and on its way into the log, and the state that it leads to.

The next inputs are decided on that state while it is being stored, so that nobody waits for a disk twice.
What was decided on top is stored only after it: if it could not be stored, that is forgotten with it.
"""

import asyncio
from collections.abc import Callable, Coroutine

from services.router.decide.state import State


class Ahead:
    """One store under way at most."""

    def __init__(self) -> None:
        self._storing: asyncio.Task[None] | None = None
        self._leads_to: State | None = None

    def begin(self, store: Coroutine[None, None, None], leads_to: State, then: Callable[[], None]) -> None:
        """Store this, which leads to that state; call `then` when it is stored or has failed."""
        self._storing = asyncio.create_task(store, name="append")
        self._storing.add_done_callback(lambda _: then())
        self._leads_to = leads_to

    def state(self, stored: State) -> State:
        """The state to decide on; `stored` is that of the log."""
        return stored if self._leads_to is None else self._leads_to

    @property
    def ended(self) -> bool:
        """Whether the store under way has ended, well or badly, and nobody has asked how."""
        return self._storing is not None and self._storing.done()

    async def settled(self) -> None:
        """Wait for the store under way; raises what went wrong with it."""
        if self._storing is None:
            return
        try:
            await self._storing
        finally:
            self._storing = self._leads_to = None

    async def given_up(self) -> None:
        """Wait for it, however it ends: the log will tell."""
        if self._storing is not None:
            await asyncio.wait({self._storing})
            await asyncio.gather(self.settled(), return_exceptions=True)

    async def end(self) -> None:
        """Give it up now."""
        if self._storing is not None:
            self._storing.cancel()
        await self.given_up()

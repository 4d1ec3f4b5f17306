"""The router's copy of the log: folds DECISIONS into the state, event by event, skipping none."""

from contextlib import aclosing

import structlog

from services.router.decide.evolve import evolve
from services.router.decide.state import State
from shared.contracts.catalog import decode_all
from shared.errors import MalformedMessageError, RelayError
from shared.ports import Bus, Entry
from shared.sealing import Keyring

log = structlog.get_logger()


class UnreadableLogError(RelayError):
    """An event of DECISIONS cannot be read; the router stops rather than skip it."""


class LogFold:
    """`state` is the fold of DECISIONS up to `seq`."""

    def __init__(self, bus: Bus, keyring: Keyring) -> None:
        self._bus, self._keyring = bus, keyring
        self.state = State()
        self.seq = 0

    async def catch_up(self) -> bool:
        """Fold whatever the log holds by now; whether there was anything.

        Raises `BusError` (call again: nothing is folded twice) and `UnreadableLogError`.
        """
        last = await self._bus.last_seq("DECISIONS")
        if last <= self.seq:
            return False
        if await self._bus.get("DECISIONS", last) is None:
            # Everything has aged out: there is nothing to read.
            self.seq = last
            return False
        async with aclosing(self._bus.read("DECISIONS", after=self.seq)) as entries:
            async for entry in entries:
                await self._fold(entry)
                if entry.seq >= last:
                    break
        return True

    def commit(self, state: State, seq: int) -> None:
        """Take over what this router itself has appended: the state it leads to, and where it lies."""
        self.state, self.seq = state, seq

    async def _fold(self, entry: Entry) -> None:
        state = self.state
        try:
            for event in decode_all(entry):
                state = evolve(state, await self._keyring.open(event))
        except (MalformedMessageError, TypeError) as error:
            log.critical("log_unreadable", seq=entry.seq, subject=entry.subject, error=str(error))
            raise UnreadableLogError(
                f"DECISIONS {entry.seq} ({entry.subject}) cannot be read: {error}. The router stops "
                "rather than skip it; start a version that knows it, or restore the log."
            ) from error
        self.state, self.seq = state, entry.seq

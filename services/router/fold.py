"""The router's copy of the log: folds DECISIONS into the state, event by event, skipping none."""

from contextlib import aclosing

import structlog

from services.router.decide.evolve import evolve
from services.router.decide.state import State
from shared.bus.subjects import matches
from shared.contracts.catalog import FENCE, decode
from shared.errors import MalformedMessageError, RelayError
from shared.ports import Bus, Entry
from shared.sealing import Keyring

log = structlog.get_logger()


class UnreadableLogError(RelayError):
    """An event of DECISIONS cannot be read; the router stops rather than skip it."""


class LogFold:
    """`state` is the fold of DECISIONS up to `seq`; `fence` is the last sequence on the fenced subjects."""

    def __init__(self, bus: Bus, keyring: Keyring) -> None:
        self._bus, self._keyring = bus, keyring
        self.state = State()
        self.seq = 0
        self.fence = 0

    async def catch_up(self) -> bool:
        """Fold whatever the log holds by now; whether there was anything.

        Raises `BusError` (call again: nothing is folded twice) and `UnreadableLogError`.
        """
        last = await self._bus.last_seq("DECISIONS")
        if last <= self.seq:
            return False
        if await self._bus.get("DECISIONS", last) is None:
            # Everything has aged out: there is nothing to read, and nothing on the fence.
            self.seq = last
            return False
        async with aclosing(self._bus.read("DECISIONS", after=self.seq)) as entries:
            async for entry in entries:
                await self._fold(entry)
                if entry.seq >= last:
                    break
        return True

    def commit(self, state: State, seq: int) -> None:
        """Take over what this router itself has appended: the state it leads to, and where it ends.

        The last message of every append lies under the fence (`input.decided`).
        """
        self.state, self.seq, self.fence = state, seq, seq

    async def _fold(self, entry: Entry) -> None:
        try:
            event = await self._keyring.open(decode(entry))
            self.state = evolve(self.state, event)
        except (MalformedMessageError, TypeError) as error:
            log.critical("log_unreadable", seq=entry.seq, subject=entry.subject, error=str(error))
            raise UnreadableLogError(
                f"DECISIONS {entry.seq} ({entry.subject}) cannot be read: {error}. The router stops "
                "rather than skip it; start a version that knows it, or restore the log."
            ) from error
        self.seq = entry.seq
        if matches(FENCE, entry.subject):
            self.fence = entry.seq

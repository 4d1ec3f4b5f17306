"""A bus that may not be there yet: so that the front door opens although NATS is away at its start.

Until `become` is called every verb answers "unavailable", and the spool takes the reports.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence

from shared.errors import BusUnavailableError
from shared.ports import Bus, Entry, Outgoing, Size, Stored


class LateBus:
    """Passes every verb on to the real bus once there is one."""

    def __init__(self) -> None:
        self._real: Bus | None = None

    def become(self, bus: Bus) -> None:
        """From now on this is that bus."""
        self._real = bus

    @property
    def connected(self) -> bool:
        """Whether a publish made now has a chance at once."""
        return self._real is not None and self._real.connected

    @property
    def most_bytes(self) -> int:
        """See `shared.ports.Bus.most_bytes`."""
        return self._bus.most_bytes

    @property
    def _bus(self) -> Bus:
        if self._real is None:
            raise BusUnavailableError
        return self._real

    async def publish(self, message: Outgoing, *, patience_s: float = 10.0) -> Stored:
        """See `shared.ports.Bus.publish`."""
        return await self._bus.publish(message, patience_s=patience_s)

    async def append(self, message: Outgoing, *, after: int) -> int:
        """See `shared.ports.Bus.append`."""
        return await self._bus.append(message, after=after)

    def read(
        self, stream: str, *, after: int = 0, subjects: Sequence[str] = ()
    ) -> AsyncGenerator[Entry, None]:
        """See `shared.ports.Bus.read`."""
        return self._bus.read(stream, after=after, subjects=subjects)

    async def last_seq(self, stream: str) -> int:
        """See `shared.ports.Bus.last_seq`."""
        return await self._bus.last_seq(stream)

    async def size(self, stream: str) -> Size:
        """See `shared.ports.Bus.size`."""
        return await self._bus.size(stream)

    async def get(self, stream: str, seq: int) -> Entry | None:
        """See `shared.ports.Bus.get`."""
        return await self._bus.get(stream, seq)

    async def last(self, stream: str, pattern: str) -> Entry | None:
        """See `shared.ports.Bus.last`."""
        return await self._bus.last(stream, pattern)

    async def subjects(self, stream: str, pattern: str) -> Mapping[str, int]:
        """See `shared.ports.Bus.subjects`."""
        return await self._bus.subjects(stream, pattern)

    async def erase(self, stream: str, seq: int) -> bool:
        """See `shared.ports.Bus.erase`."""
        return await self._bus.erase(stream, seq)

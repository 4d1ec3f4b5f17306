"""What waits of one input stream, in order: filled by a reader, looked at and then dropped when decided.

Nothing leaves it by being taken: only by being decided in the log. So a refused batch is simply
looked at again.
"""

import asyncio
from collections import deque
from itertools import islice
from typing import Final, Literal

from shared.ports import Bus, Entry

MOST_WAITING: Final = 512


class Inbox:
    """One stream's undecided entries, the oldest first; at most `MOST_WAITING` are kept in memory."""

    def __init__(self, stream: Literal["REPORTS", "DESK"], news: asyncio.Event) -> None:
        self.stream: Final = stream
        self._news = news
        self._entries: deque[tuple[float, Entry]] = deque()
        self._room = asyncio.Event()

    async def fill(self, bus: Bus, *, after: int) -> None:
        """Read on for ever from that sequence."""
        async for entry in bus.read(self.stream, after=after):
            while len(self._entries) >= MOST_WAITING:
                self._room.clear()
                await self._room.wait()
            self._entries.append((asyncio.get_running_loop().time(), entry))
            self._news.set()

    def drop_decided(self, position: int) -> None:
        """Let go of everything up to this sequence."""
        while self._entries and self._entries[0][1].seq <= position:
            self._entries.popleft()
        if len(self._entries) < MOST_WAITING:
            self._room.set()

    def first(self, count: int, *, after: int) -> list[Entry]:
        """The oldest entries after that sequence, at most so many."""
        later = (entry for _, entry in self._entries if entry.seq > after)
        return list(islice(later, count))

    def waited_s(self) -> float:
        """How long the oldest entry has been waiting here; 0 when nothing waits."""
        return asyncio.get_running_loop().time() - self._entries[0][0] if self._entries else 0.0

    def __len__(self) -> int:
        return len(self._entries)

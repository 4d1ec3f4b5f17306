"""MemoryState: the read model's twin in memory, which passes the same behaviour suite as Redis.

Lives of documents are kept but never end by themselves. Tests steer it: `go_away` / `come_back`,
and `flush` for the FLUSHALL that may come at any moment.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping

from shared.errors import StaleProjectionError, StateUnavailableError
from shared.ports import Changes, Progress


class MemoryState:
    """See `shared.ports.ReadModel`."""

    def __init__(self) -> None:
        self.documents: dict[str, str] = {}
        self.lives: dict[str, int | None] = {}
        self.indexes: dict[str, dict[str, float]] = {}
        self._progress: Progress | None = None
        self._news = asyncio.Event()
        self._away = False
        self.ephemeral = MemoryEphemeral()

    def go_away(self) -> None:
        """From now on behave like a server that is gone."""
        self._away = self.ephemeral.away = True

    def come_back(self) -> None:
        """Be there again, with everything."""
        self._away = self.ephemeral.away = False

    def flush(self) -> None:
        """Lose everything, as FLUSHALL does."""
        self._empty()
        self.ephemeral.values.clear()

    def _empty(self) -> None:
        self.documents.clear()
        self.lives.clear()
        self.indexes.clear()
        self._progress = None

    async def get(self, *keys: str) -> list[str | None]:
        """The documents under these keys, in their order."""
        await self._present()
        return [self.documents.get(key) for key in keys]

    async def names(self, index: str, *, limit: int | None = None) -> list[str]:
        """The names in an index, highest score first."""
        await self._present()
        scores = self.indexes.get(index, {})
        return sorted(scores, key=lambda name: (scores[name], name), reverse=True)[:limit]

    async def progress(self) -> Progress | None:
        """How far it has come; None: it is empty."""
        await self._present()
        return self._progress

    async def commit(self, changes: Changes, *, before: Progress | None, after: Progress) -> None:
        """Make the changes if progress still is `before`."""
        await self._present()
        if self._progress != before:
            raise StaleProjectionError
        left = {(i, name) for i, scores in changes.scores.items() for name, s in scores.items() if s is None}
        dropped = {
            p + name
            for i, p in changes.drops.items()
            for name in self.indexes.get(i, {})
            if (i, name) not in left
        }
        for key, put in changes.puts.items():
            self.documents[key], self.lives[key] = put.text, put.life_s
        for index, scores in changes.scores.items():
            self._score(index, scores)
        for key in {*changes.deletes, *dropped}:
            self.documents.pop(key, None)
        for index in changes.drops:
            self.indexes.pop(index, None)
        self._progress = after
        self._news.set()
        self._news = asyncio.Event()

    def _score(self, index: str, scores: Mapping[str, float | None]) -> None:
        held = self.indexes.setdefault(index, {})
        for name, score in scores.items():
            if score is None:
                held.pop(name, None)
            else:
                held[name] = score

    async def clear(self) -> None:
        """Forget everything."""
        await self._present()
        self._empty()

    def watch(self) -> AsyncGenerator[None, None]:
        """Yields at the start and after every commit."""
        return self._watch()

    async def _watch(self) -> AsyncGenerator[None, None]:
        while True:
            news = self._news
            yield None
            await news.wait()

    async def _present(self) -> None:
        # A real call gives way to others; so must this, or races in callers stay hidden.
        await asyncio.sleep(0)
        if self._away:
            raise StateUnavailableError


class MemoryEphemeral:
    """See `shared.ports.Ephemeral`. Values end by the machine's own clock, as Redis' do."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[str, float]] = {}
        self.away = False

    async def put(self, key: str, text: str, *, life_s: int) -> None:
        """Keep the text under the key for so many seconds."""
        await self._present()
        self.values[key] = (text, time.monotonic() + life_s)

    async def get(self, *keys: str) -> list[str | None]:
        """The texts under these keys, in their order."""
        await self._present()
        return [self._now(key) for key in keys]

    async def take(self, key: str) -> str | None:
        """The text under the key, which is gone with it."""
        await self._present()
        found = self._now(key)
        self.values.pop(key, None)
        return found

    async def delete(self, *keys: str) -> None:
        """Forget these keys."""
        await self._present()
        for key in keys:
            self.values.pop(key, None)

    async def count(self, key: str, *, life_s: int) -> int:
        """How often this was called for the key since its first time within `life_s`."""
        await self._present()
        before = self._now(key)
        until = self.values[key][1] if before else time.monotonic() + life_s
        n = int(before or 0) + 1
        self.values[key] = (str(n), until)
        return n

    def _now(self, key: str) -> str | None:
        text, until = self.values.get(key, (None, 0.0))
        return text if time.monotonic() < until else None

    async def _present(self) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise StateUnavailableError

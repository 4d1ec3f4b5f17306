"""The gazetteer that a running service uses: a file that may be replaced at any time.

Looked at every two seconds. A new file that opens and is sound takes over between two decisions; a
missing or broken one leaves what there was (at the start: the built-in places), and its problem
stands in the log and in /health until a better file comes.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import structlog

from shared.errors import SettingsError
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.load import load_gazetteer, open_gazetteer

log = structlog.get_logger()

LOOK_S: Final = 2.0

_Seen = tuple[int, int, int] | None


def _nobody(_: SqliteGazetteer) -> None:
    """For those who ask for `current` each time."""


class LiveGazetteer:
    """`current` is what to use now. Without a file it is the built-in places for ever."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: _Seen = None
        self.problem: str | None = None
        self.current: SqliteGazetteer = load_gazetteer()
        if path is not None:
            self._take(self._opened(path))

    def state(self) -> dict[str, str | None]:
        """For /health: which file is set, when the one in use was made, what is wrong with the one there."""
        return {
            "gazetteer": str(self._path or "built-in places"),
            "gazetteer_built_at": self.current.meta.get("built_at"),
            "gazetteer_problem": self.problem,
        }

    async def watch(self, stop: asyncio.Event, use: Callable[[SqliteGazetteer], None] = _nobody) -> None:
        """Until stopped: hand a new file's gazetteer to `use`, then let the old one go."""
        while not stop.is_set():
            if self._path is not None and self._signature(self._path) != self._seen:
                self._swap(await asyncio.to_thread(self._opened, self._path), use)
            try:
                async with asyncio.timeout(LOOK_S):
                    await stop.wait()
            except TimeoutError:
                continue

    def _swap(self, found: SqliteGazetteer | None, use: Callable[[SqliteGazetteer], None]) -> None:
        before = self.current
        self._take(found)
        if self.current is not before:
            use(self.current)
            before.close()

    def _take(self, found: SqliteGazetteer | None) -> None:
        if found is None:
            log.error("gazetteer_refused", problem=self.problem)
            return
        self.current = found
        log.info("gazetteer_opened", file=str(self._path), **_counts(found))

    def _opened(self, path: Path) -> SqliteGazetteer | None:
        """The file's gazetteer, or None and the problem."""
        self._seen = self._signature(path)
        try:
            found = open_gazetteer(path, check=True)
        except SettingsError as error:
            self.problem = str(error)
            return None
        self.problem = found.outdated
        return found

    @staticmethod
    def _signature(path: Path) -> _Seen:
        try:
            stat = path.stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _counts(found: SqliteGazetteer) -> dict[str, Any]:
    counts = {name: value for name, value in found.meta.items() if name.startswith("count.")}
    return {"built_at": found.meta.get("built_at"), "rows": sum(map(int, counts.values()))}

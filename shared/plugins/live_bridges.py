"""The bridges file as a running service follows it: what changes in it holds without a restart.

Looked at every two seconds. A file with a mistake changes nothing: what was open stays open, and the mistake
stands in the log and in health until the file is mended.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

import structlog

from shared.errors import SettingsError
from shared.plugins.bridge_file import BridgeEntry, read_bridges, subscriptions_in

log = structlog.get_logger()

LOOK_S: Final = 2.0

Use = Callable[[Mapping[str, BridgeEntry]], Awaitable[None]]
"""Takes up the new entries; raises `SettingsError`, before it has changed anything, where one can't be."""


class LiveBridges:
    """`entries` are those in use. Raises `SettingsError` at the start as `read_bridges` does."""

    def __init__(self, path: Path | None, *, look_s: float = LOOK_S) -> None:
        self._path, self._look_s = path, look_s
        self._seen = _signature(path)
        self.entries = read_bridges(path)
        self.mistake: str | None = None

    async def follow(self, stop: asyncio.Event, use: Use) -> None:
        """Until stopped: hand what changed to `use`."""
        while not stop.is_set():
            if (signature := _signature(self._path)) != self._seen:
                self._seen = signature
                await self._take(use)
            try:
                async with asyncio.timeout(self._look_s):
                    await stop.wait()
            except TimeoutError:
                continue

    async def _take(self, use: Use) -> None:
        try:
            entries = await asyncio.to_thread(read_bridges, self._path)
            self._check(entries)
            await use(entries)
        except SettingsError as error:
            self.mistake = str(error)
            log.error("bridges_file_refused", mistake=self.mistake)  # noqa: TRY400 - the sentence says all
            return
        self.entries, self.mistake = entries, None
        log.info("bridges_file_taken", bridges=sorted(entries))

    def _check(self, entries: Mapping[str, BridgeEntry]) -> None:
        """By whom people subscribe the notifier reads once: the two must not disagree about it."""
        before, after = subscriptions_in(self.entries), subscriptions_in(entries)
        changed = sorted(name for name in before | after if before.get(name) != after.get(name))
        if changed:
            raise SettingsError(
                f"{self._path}: bridge {changed[0]}: bridges for subscriptions are read at the start only; "
                "restart ingest and notifier."
            )


def _signature(path: Path | None) -> tuple[int, int, int] | None:
    """Something else as soon as the file is another; None where it cannot be looked at."""
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found else None

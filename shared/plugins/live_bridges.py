"""The bridges file as a running service follows it: what changes in it holds without a restart.

Looked at every two seconds, and so are the files with the secrets that it refers to. A file with a mistake
changes nothing: what was open stays open, and the mistake stands in the log and in health until it is mended.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Final

import structlog

from shared.errors import SettingsError
from shared.plugins.bridge_file import BridgeEntry, Signatures, read_bridges, signatures, subscriptions_in

log = structlog.get_logger()

LOOK_S: Final = 2.0

Use = Callable[[Mapping[str, BridgeEntry]], Awaitable[None]]
"""Takes up the new entries; raises `SettingsError`, before it has changed anything, where one can't be."""


class LiveBridges:
    """`entries` are those in use. Raises `SettingsError` at the start as `read_bridges` does."""

    def __init__(self, path: Path | None, *, look_s: float = LOOK_S) -> None:
        self._path, self._look_s = path, look_s
        self._file = self._file_now()
        self.entries = self._tried = read_bridges(path)
        self.mistake: str | None = None

    async def follow(self, stop: asyncio.Event, use: Use) -> None:
        """Until stopped: hand what changed to `use`."""
        while not stop.is_set():
            if self._changed():
                await self._take(use)
            try:
                async with asyncio.timeout(self._look_s):
                    await stop.wait()
            except TimeoutError:
                continue

    def _file_now(self) -> Signatures:
        return signatures([self._path] if self._path else [])

    def _changed(self) -> bool:
        """Whether the file is another, or a secret that it refers to, since it was read."""
        secrets = (entry.secrets for entry in self._tried.values())
        return self._file_now() != self._file or any(s != signatures(f for f, _ in s) for s in secrets)

    async def _take(self, use: Use) -> None:
        self._file = self._file_now()
        try:
            self._tried = entries = await asyncio.to_thread(read_bridges, self._path)
            self._check(entries)
            await use(entries)
        except SettingsError as error:
            self._refuse(str(error))
            return
        except Exception as error:  # noqa: BLE001 - whatever a plug-in raises while it is opened
            self._refuse(f"{self._path}: a plug-in failed while it was opened ({type(error).__name__}).")
            return
        self.entries, self.mistake = entries, None
        log.info("bridges_file_taken", bridges=sorted(entries))

    def _refuse(self, mistake: str) -> None:
        self.mistake = mistake
        log.error("bridges_file_refused", mistake=mistake)

    def _check(self, entries: Mapping[str, BridgeEntry]) -> None:
        """By what people subscribe the notifier reads once: the two must not disagree about it."""
        before, after = subscriptions_in(self.entries), subscriptions_in(entries)
        for name in sorted(before | after):
            if not _same_way(before.get(name), after.get(name)):
                raise SettingsError(
                    f"{self._path}: bridge {name}: bridges for subscriptions are read at the start only; "
                    "restart ingest and notifier."
                )


def _same_way(one: BridgeEntry | None, other: BridgeEntry | None) -> bool:
    """Whether people subscribe by both alike; a secret may be another."""
    if one is None or other is None:
        return False
    what = attrgetter("plugin", "settings", "subscriptions")
    return bool(what(one) == what(other))

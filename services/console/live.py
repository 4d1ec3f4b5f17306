"""The public picture, kept ready in memory: what the live page, the feeds and all open pages show.

One worker looks at the read model when something public changed and now and then (entries leave by
the clock); visitors never touch Redis. Every news is the whole list, so a page that was away has missed
nothing, and a slow one skips to the latest.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog

from services.console.decide.draft import Document
from services.console.decide.public import PublicEntry, as_of, public_codes, public_entries
from services.console.news import News, within
from services.console.store import Store
from shared.errors import StateUnavailableError
from shared.ports import Clock, Progress

log = structlog.get_logger()

_LOOK_S: Final = 15.0
_AWAY_S: Final = 1.0
_MOST_ALERTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Picture:
    """What everybody may see at a moment; `fresh` False: the read model is away or being rebuilt."""

    entries: tuple[PublicEntry, ...] = ()
    fresh: bool = False
    at: datetime | None = None
    """When it was last known to be true."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Every code that is public, and the code of the entry that stands for it."""

    def find(self, code: str) -> PublicEntry | None:
        """The entry under that code, in any case of letters."""
        shown = self.codes.get(code.upper())
        return next((entry for entry in self.entries if entry.code == shown), None)

    @property
    def version(self) -> str:
        """The same for the same content."""
        return hashlib.sha256(repr((self.entries, self.fresh)).encode()).hexdigest()[:16]


_Seen = tuple[str, bool, int]


def _seen(progress: Progress | None) -> _Seen | None:
    """What of the progress changes with everything public, and with nothing else."""
    return (progress.epoch, progress.ready, progress.public) if progress else None


class Live:
    """The present picture, and waiting for another."""

    def __init__(self, store: Store, news: News, clock: Clock) -> None:
        self._store, self._news, self._clock = store, news, clock
        self._changed = asyncio.Event()
        self._seen: _Seen | None = None
        self.picture = Picture()
        self.clients = 0

    async def work(self, stop: asyncio.Event) -> None:
        """Keep the picture true until asked to stop; then let everybody who waits go."""
        stopping, by_news = asyncio.create_task(stop.wait()), False
        try:
            while not stop.is_set():
                heard = self._news.next()
                if not (by_news and await self._as_before()):
                    await self.look()
                listening = asyncio.create_task(heard.wait())
                pause = _LOOK_S if self.picture.fresh else _AWAY_S
                await asyncio.wait({stopping, listening}, timeout=pause, return_when="FIRST_COMPLETED")
                by_news = listening.done()
                listening.cancel()
        finally:
            stopping.cancel()
            self._show(self.picture)

    async def changed(self, seconds: float) -> None:
        """Return when the picture changes, or after so many seconds."""
        await within(self._changed, seconds)

    async def look(self) -> None:
        """Look at the read model now."""
        try:
            picture = await self._read()
        except StateUnavailableError:
            picture = self._stale()
        before, after = self.picture.version, picture.version
        self.picture = picture
        if before != after:
            log.info("public_picture_changed", entries=len(picture.entries), fresh=picture.fresh)
            self._show(picture)

    async def _as_before(self) -> bool:
        """Whether the news is not for the public: most are not."""
        try:
            return self.picture.fresh and _seen(await self._store.progress()) == self._seen
        except StateUnavailableError:
            return False

    async def _read(self) -> Picture:
        progress = await self._store.progress()
        self._seen = _seen(progress)
        if progress is None or not progress.ready:
            return self._stale()
        alerts = await self._store.listed("public", "alert", limit=_MOST_ALERTS)
        ids = sorted({str(a["incident_id"]) for a in alerts})
        incidents = {d["id"]: d for d in await self._store.many("incident", ids)}
        groups = await self._store.many("group", sorted({str(a["group"]) for a in alerts}))
        names = {g["id"]: g["definition"]["name"] for g in groups}
        now = await self._now()
        entries = tuple(public_entries(alerts, incidents, names, now=now))
        return Picture(entries, fresh=True, at=now, codes=await self._codes(entries, incidents))

    async def _codes(
        self, entries: tuple[PublicEntry, ...], incidents: Mapping[str, Document]
    ) -> dict[str, str]:
        shown = [incidents[e.incident_id] for e in entries]
        sources = sorted({str(source) for d in shown for source in d.get("sources", ())})
        return public_codes(entries, shown, await self._store.many("incident", sources))

    async def _now(self) -> datetime:
        """The wall clock, or the log's where that runs ahead (a simulation)."""
        counts = await self._store.one("counts") or {}
        now = self._clock.now()
        return max(now, datetime.fromisoformat(counts["log_at"])) if counts.get("log_at") else now

    def _stale(self) -> Picture:
        """What was known, less what time alone takes away: nothing stays confirmed for want of Redis."""
        before = self.picture
        now = max(self._clock.now(), before.at) if before.at else self._clock.now()
        return replace(before, entries=tuple(as_of(before.entries, now)), fresh=False)

    def _show(self, _picture: Picture) -> None:
        heard, self._changed = self._changed, asyncio.Event()
        heard.set()

"""What the desk shows at a moment: the list of incidents, or one of them, with all that belongs to it.

A picture is what was read, and nothing of who looks at it. Open pages share theirs: however many look, a
change is read once (`Pictures`). A page that is asked for is always read anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from services.console.decide import views
from services.console.decide.alike import Fold, folded
from services.console.decide.costs import nearly_spent
from services.console.decide.draft import Document
from services.console.decide.exercise_views import is_on
from services.console.decide.heard import alerts_of
from services.console.decide.map.drawing import Drawing
from services.console.models import SendingStopped
from services.console.news import News
from services.console.stops import Stops
from services.console.store import Store
from services.console.web.desk.ground import Grounds
from shared.contracts.base import HUB
from shared.ports import Clock

_MOST_OPEN: Final = 200
_MOST_ENDED: Final = 40
_MOST_HELD: Final = 500
_MOST_REPORTS: Final = 200
_LATEST: Final = 2
"""Exercises of a group looked at: one at a time goes on."""
_MOST_KEPT: Final = 200
_LASTS_S: Final = 10.0
_PACE_S: Final = 0.3
_KEYS: Final = {
    "incident": "id",
    "held": "report_id",
    "watch": "watch_id",
    "mute": "mute_id",
    "exercise": "id",
}


@dataclass(frozen=True, slots=True)
class ListPicture:
    """The incidents, held reports, watches, mutes, floods and exercises of some groups."""

    incidents: tuple[Document, ...]
    held: tuple[Document, ...]
    watches: tuple[Document, ...]
    mutes: tuple[Document, ...]
    floods: tuple[Document, ...]
    exercises: tuple[Document, ...]
    """Those that go on."""
    names: Mapping[str, str]
    groups: Mapping[str, str]
    """What the groups are called."""
    stopped: tuple[SendingStopped, ...]
    """The kill switches that are on."""
    money: tuple[Document, ...]
    """Groups whose money for text messages is nearly spent, or is."""
    now: datetime
    made: dict[Any, str] = field(default_factory=dict)
    """Fragments that were made of it, by what they depend on."""


@dataclass(frozen=True, slots=True)
class IncidentPicture:
    """One incident with its reports, alerts, people and groups."""

    incident: Document
    folds: tuple[Fold, ...]
    alerts: tuple[Document, ...]
    names: Mapping[str, str]
    groups: tuple[Document, ...]
    map: Drawing | None
    """Where it is, and what lies around."""
    map_credit: str
    """Whom the map under it is owed to."""
    mutes: tuple[Document, ...]
    """What of its reports is muted, by any of its groups."""
    stopped: tuple[SendingStopped, ...]
    into: str | None
    """The code of the incident that took it in."""
    now: datetime
    made: dict[Any, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Shared:
    """A picture that is read or was, until `heard` says that something changed."""

    heard: asyncio.Event
    reading: asyncio.Future[Any]
    made: float

    def old(self, now: float) -> bool:
        """Whether it has to be read anew."""
        return self.heard.is_set() or self.reading.cancelled() or self.made + _LASTS_S < now


class Pictures:
    """Reads pictures; open pages get shared ones, renewed when something changed."""

    def __init__(self, store: Store, news: News, clock: Clock, grounds: Grounds, stops: Stops) -> None:
        self._store, self._news, self._clock, self._stops = store, news, clock, stops
        self.grounds = grounds
        self._shared: dict[Any, _Shared] = {}
        self.open = 0
        """Pages that are kept live by this process."""

    async def now(self) -> datetime:
        """The wall clock, or the log's where that runs ahead (a simulation)."""
        counts = await self._store.one("counts") or {}
        now = self._clock.now()
        return max(now, datetime.fromisoformat(counts["log_at"])) if counts.get("log_at") else now

    async def list_of(self, groups: Iterable[str]) -> ListPicture:
        """What these groups see."""
        own = sorted(groups)
        now = await self.now()
        open_, all_, held, watches, mutes, exercises = await asyncio.gather(
            self._listed("open", own, "incident", _MOST_OPEN),
            self._listed("incidents", own, "incident", _MOST_ENDED + _MOST_OPEN),
            self._listed("held", own, "held", _MOST_HELD),
            self._listed("watch", own, "watch", _MOST_ENDED),
            self._listed("mutes", own, "mute", _MOST_ENDED),
            self._listed("exercises", own, "exercise", _LATEST),
        )
        ended = [d for d in all_ if not views.is_open(d)][:_MOST_ENDED]
        incidents = {d["id"]: d for d in (*open_, *ended) if "code" in d}.values()
        floods = await self._store.many("flood", own)
        acting = {m for d in incidents for m in views.members_named(d)} | {m["member"] for m in mutes}
        names = await self._store.names_of(acting)
        groups_ = await self._store.many("group", own)
        return ListPicture(
            incidents=tuple(incidents),
            held=tuple(held),
            watches=tuple(w for w in watches if w.get("until", "") > now.isoformat()),
            mutes=tuple(m for m in mutes if m.get("until", "") > now.isoformat()),
            floods=tuple(f for f in floods if (f.get("until") or "") > now.isoformat()),
            exercises=tuple(e for e in exercises if is_on(e, now)),
            names=names,
            groups={g["id"]: g["definition"]["name"] for g in groups_},
            stopped=tuple(await self._stops.on(own)),
            money=tuple(nearly_spent(groups_, await self._store.many("spending", own), now)),
            now=now,
        )

    async def incident(self, incident: Document) -> IncidentPicture:
        """This incident, as it was just read."""
        concerned = [g for g in incident.get("seen_by", ()) if g != HUB]
        reports, alerts, mutes, groups, into, now = await asyncio.gather(
            self._store.reports_of(incident, limit=_MOST_REPORTS),
            self._store.many("alert", alerts_of(incident)),
            self._listed("mutes", concerned, "mute", _MOST_ENDED),
            self._store.many("group", concerned),
            self._store.merged_into(incident),
            self.now(),
        )
        shown = {r["report_id"] for r in reports} | {r["sender"] for r in reports if r.get("sender")}
        same = (m for m in mutes if bool(m.get("drill")) == bool(incident.get("drill")))
        theirs = (m for m in same if shown & {m["report_id"], m.get("sender")})
        muted = [m for m in theirs if m.get("until", "") > now.isoformat()]
        named = views.members_named(incident) | {m["member"] for m in muted}
        names = await self._store.names_of(named)
        return IncidentPicture(
            incident=incident,
            folds=tuple(folded(reports)),
            alerts=tuple(sorted(alerts, key=lambda a: a.get("seq", 0))),
            names=names,
            groups=tuple(groups),
            map=await self.grounds.drawn(incident, reports),
            map_credit=self.grounds.credit,
            mutes=tuple(muted),
            stopped=tuple(await self._stops.on(concerned)),
            into=into["code"] if into["id"] != incident["id"] else None,
            now=now,
        )

    async def shared_list(self, groups: Iterable[str]) -> ListPicture:
        """The list, read once for all who look at it."""
        own = frozenset(groups)
        picture: ListPicture = await self._once(("list", own), lambda: self.list_of(own))
        return picture

    async def shared_incident(self, incident_id: str) -> IncidentPicture | None:
        """One incident, read once for all who look at it; None: it is gone."""

        async def read() -> IncidentPicture | None:
            found = await self._store.incident(incident_id)
            return await self.incident(found) if found else None

        picture: IncidentPicture | None = await self._once(("incident", incident_id), read)
        return picture

    def renew(self) -> None:
        """Read anew at the next look: a page just made may know more than the last news told."""
        self._shared.clear()

    async def _once(self, key: Any, read: Callable[[], Awaitable[Any]]) -> Any:
        """What was read since the last news, and not long ago (ages go on), by whoever came first."""
        loop = asyncio.get_running_loop()
        known = self._shared.get(key)
        if known is not None and known.heard.is_set() and known.made + _PACE_S > loop.time():
            # In a storm something is new all the time; nobody reads faster than this.
            await asyncio.sleep(known.made + _PACE_S - loop.time())
            known = self._shared.get(key)
        if known is None or known.old(loop.time()):
            if len(self._shared) >= _MOST_KEPT:
                self._shared.clear()
            heard = self._news.next()
            known = _Shared(heard, asyncio.ensure_future(read()), loop.time())
            self._shared[key] = known
        try:
            return await asyncio.shield(known.reading)
        except Exception:
            self._shared.pop(key, None)
            raise

    async def _listed(self, index: str, groups: list[str], family: str, limit: int) -> list[Document]:
        found = await asyncio.gather(
            *(self._store.listed(f"{index}:{group}", family, limit=limit) for group in groups)
        )
        key = _KEYS[family]
        return list({d[key]: d for docs in found for d in docs if key in d}.values())


PICTURES: Final = web.AppKey("pictures", Pictures)

"""Reads the projector's documents out of the read model."""

import json
from collections.abc import Iterable
from typing import Final

from services.console.decide.draft import Document
from shared.ports import Progress, ReadModel

MOST: Final = 500
"""Documents in one answer."""
_MAX_MERGES: Final = 8


class Store:
    """Documents by what they are. Raises `StateUnavailableError` while Redis is away."""

    def __init__(self, state: ReadModel) -> None:
        self.state = state

    async def one(self, key: str) -> Document | None:
        """The document under this key."""
        (text,) = await self.state.get(key)
        return None if text is None else json.loads(text)

    async def many(self, family: str, names: Iterable[str]) -> list[Document]:
        """The documents `family:name` that exist, in the names' order."""
        texts = await self.state.get(*(f"{family}:{name}" for name in names))
        return [json.loads(text) for text in texts if text is not None]

    async def listed(self, index: str, family: str, *, limit: int = MOST) -> list[Document]:
        """The documents that an index names, highest first."""
        return await self.many(family, await self.state.names(index, limit=limit))

    async def progress(self) -> Progress | None:
        """How far the projector has come."""
        return await self.state.progress()

    async def incident(self, name: str) -> Document | None:
        """An incident by its id, or by its code in any case."""
        found = await self.one(f"incident:{name}")
        if found is None and (code := await self.one(f"code:{name.upper()}")):
            found = await self.one(f"incident:{code['incident']}")
        return found if found and "code" in found else None

    async def merged_into(self, incident: Document) -> Document:
        """The incident that took this one in, or this one."""
        for _ in range(_MAX_MERGES):
            into = incident.get("merged_into")
            found = await self.one(f"incident:{into}") if into else None
            if found is None:
                return incident
            incident = found
        return incident

    async def reports_of(self, incident: Document, *, limit: int = 200) -> list[Document]:
        """The latest reports of an incident and of those it took in."""
        found = [
            report
            for source in incident.get("sources", ())
            for report in await self.listed(f"reports:{source}", "report", limit=limit)
        ]
        return sorted(found, key=lambda r: (r.get("at", ""), r["report_id"]), reverse=True)[:limit]

    async def names_of(self, members: Iterable[str]) -> dict[str, str]:
        """What these members are called, also those who may act no longer."""
        return {m["member"]: m.get("name", "") for m in await self.many("member", sorted(members))}

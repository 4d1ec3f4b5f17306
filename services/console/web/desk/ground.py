"""What stands around incidents on every map: all groups' areas, the gazetteer's names, the hub's own tiles.

Areas change rarely and may have thousands of points, so they are read anew only now and then, and made into
shapes once a version.
"""

import asyncio
from typing import Final

from services.console.decide.draft import Document
from services.console.decide.map.areas import GroupArea, group_area
from services.console.decide.map.drawing import Drawing, Ground, drawing, view_of
from services.console.decide.map.surroundings import surroundings
from services.console.decide.map.view import View
from services.console.store import Store
from services.console.tiles import Tiles
from shared.contracts.base import HUB
from shared.gazetteer.live import LiveGazetteer

_LASTS_S: Final = 10.0


class Grounds:
    """Draws incidents among what lies around them."""

    def __init__(self, store: Store, places: LiveGazetteer, tiles: Tiles | None) -> None:
        self._store, self._places = store, places
        self._coverage = tiles.coverage if tiles else None
        self.credit = tiles.credit if tiles else ""
        self._made: dict[str, tuple[int, GroupArea]] = {}
        self._areas: tuple[GroupArea, ...] = ()
        self._read_at = float("-inf")

    async def areas(self) -> tuple[GroupArea, ...]:
        """Every group's area, some seconds old at most."""
        now = asyncio.get_running_loop().time()
        if now >= self._read_at + _LASTS_S:
            groups = await self._store.listed("groups", "group")
            self._areas = tuple(self._area(group) for group in groups)
            self._read_at = now
        return self._areas

    async def drawn(
        self, incident: Document, reports: list[Document], *, view: View | None = None
    ) -> Drawing | None:
        """The incident's picture, or what lies in that view; None: nothing is known to draw."""
        areas, place = await self.areas(), incident.get("place")
        own = frozenset(incident.get("seen_by", ())) - {HUB}
        view = view or view_of(place, [area for area in areas if area.id in own])
        if view is None:
            return None
        ground = Ground(areas, surroundings(self._places.current, view), self._coverage)
        return drawing(view, place, own, ground, reports)

    def _area(self, group: Document) -> GroupArea:
        version = int(group.get("version", 0))
        known = self._made.get(group["id"])
        if known is None or known[0] != version:
            known = self._made[group["id"]] = (version, group_area(group))
        return known[1]

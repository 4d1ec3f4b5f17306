"""How the bridges of the front door stand, for the console: a hint that lives a minute, nobody's truth."""

import json
from collections.abc import Mapping
from typing import Any, Final

from shared.ports import Ephemeral

KEY: Final = "bridges"
LIFE_S: Final = 60
"""A front door that is gone says nothing any more, and nothing is shown of it."""

Standings = Mapping[str, Mapping[str, str]]
"""By instance id: kind, group (of those that are a group's), state, since, reason."""


class BridgeStandings:
    """Said by the front door, read by the console. Both raise `StateUnavailableError` while Redis is away."""

    def __init__(self, brief: Ephemeral) -> None:
        self._brief = brief

    async def say(self, standings: Standings) -> None:
        """Say how all stand now."""
        await self._brief.put(KEY, json.dumps(standings), life_s=LIFE_S)

    async def said(self) -> dict[str, dict[str, Any]]:
        """How they stood when it was last said; nothing where that is too long ago."""
        (text,) = await self._brief.get(KEY)
        found: dict[str, dict[str, Any]] = json.loads(text) if text is not None else {}
        return found

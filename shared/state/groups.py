"""What a group is called, for the door at which people subscribe to it."""

import json

from shared.contracts.base import GroupId
from shared.errors import StateUnavailableError
from shared.ports import ReadModel


class GroupNames:
    """Reads the read model's groups: no more of them than their names."""

    def __init__(self, model: ReadModel) -> None:
        self._model = model

    async def name(self, group: GroupId) -> str | None:
        """The group's name; None if there is none. Raises `StateUnavailableError` where nobody can tell."""
        progress = await self._model.progress()
        if progress is None or not progress.ready:
            raise StateUnavailableError("What can be shown is being read again; try again shortly.")
        (text,) = await self._model.get(f"group:{group}")
        return None if text is None else str(json.loads(text)["definition"]["name"])

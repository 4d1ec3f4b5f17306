"""The exercises that go on, for the door that plays them and takes their members' reports."""

import json
from datetime import datetime
from typing import Any, Final

from shared.contracts.drills import DrillMessage
from shared.errors import StateUnavailableError
from shared.exercises import RUNNING, Exercise
from shared.ports import ReadModel

_MOST: Final = 100


class Exercises:
    """Reads exercises' documents of the read model.

    Raises `StateUnavailableError` while Redis is away, and while it is only being filled: whoever asks must
    take no exercise for over that is not read again yet, and none for going on whose end is not.
    """

    def __init__(self, model: ReadModel) -> None:
        self._model = model

    async def running(self, now: datetime) -> list[Exercise]:
        """Those that go on."""
        await self._whole()
        names = await self._model.names(RUNNING, limit=_MOST)
        texts = await self._model.get(*(f"exercise:{name}" for name in names))
        await self._whole()
        found = [_exercise(json.loads(text)) for text in texts if text is not None]
        return [exercise for exercise in found if exercise.goes_on(now)]

    async def one(self, name: str) -> Exercise | None:
        """The exercise of this id, over or not; None if there is none."""
        await self._whole()
        (text,) = await self._model.get(f"exercise:{name}")
        await self._whole()
        return None if text is None else _exercise(json.loads(text))

    async def _whole(self) -> None:
        progress = await self._model.progress()
        if progress is None or not progress.ready:
            raise StateUnavailableError("What can be shown is being read again; try again shortly.")


def _exercise(document: dict[str, Any]) -> Exercise:
    return Exercise(
        id=document["id"],
        group=document["group"],
        begun_at=datetime.fromisoformat(document["begun_at"]),
        until=datetime.fromisoformat(document["until"]),
        ended=bool(document.get("ended_at")),
        speed=document["speed"],
        messages=tuple(DrillMessage.model_validate(m) for m in document.get("messages", ())),
    )

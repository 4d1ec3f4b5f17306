"""What became of one report, for the door that tells its reporter."""

import json

from shared.contracts.base import ReportId
from shared.ports import ReadModel

_OPEN = frozenset({"unconfirmed", "likely", "confirmed"})
_MAX_MERGES = 8


class ReportStates:
    """Reads report and incident documents of the read model."""

    def __init__(self, model: ReadModel) -> None:
        self._model = model

    async def report_state(self, report_id: ReportId) -> str | None:
        """`with_volunteers`, `noted` or `ended`; None where nothing is known (yet).

        Raises `StateUnavailableError` while Redis is away.
        """
        (text,) = await self._model.get(f"report:{report_id}")
        if text is None:
            return None
        incident = json.loads(text).get("incident")
        for _ in range(_MAX_MERGES):
            (found,) = await self._model.get(f"incident:{incident}") if incident else [None]
            if found is None:
                return "ended" if incident else "noted"
            document = json.loads(found)
            if not document.get("merged_into"):
                return "with_volunteers" if document.get("status") in _OPEN else "ended"
            incident = document["merged_into"]
        return "with_volunteers"

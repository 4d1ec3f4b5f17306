"""What became of a report, read from the read model that the console's projector writes."""

import json

from shared.contracts.base import ReportId
from shared.ports import ReadModel


class ReadModelStates:
    """`ReportStates` over the read model. Raises what that raises; the door then says "accepted"."""

    def __init__(self, model: ReadModel) -> None:
        self._model = model

    async def report_state(self, report_id: ReportId) -> str | None:
        """The state in the document `report:{report_id}`, or None without one."""
        (document,) = await self._model.get(f"report:{report_id}")
        state = json.loads(document).get("state") if document else None
        return state if isinstance(state, str) else None

"""What /health says: whether this router decides, where it is, and how far behind."""

from services.router.worker import Router
from shared.errors import BusError
from shared.gazetteer.live import LiveGazetteer
from shared.ports import Bus


class Health:
    """Answers for one router."""

    def __init__(self, bus: Bus, router: Router, places: LiveGazetteer | None = None) -> None:
        self._bus, self._router, self._places = bus, router, places

    async def check(self) -> dict[str, object]:
        """Role, positions, lag in messages, and the gazetteer; not ok while folding or without the bus."""
        state = self._router.state
        positions = {"reports": state.reports_seq, "desk": state.desk_seq, "log": self._router.log_seq}
        answer: dict[str, object] = {"role": self._router.role, "positions": positions}
        if self._places is not None:
            answer.update(self._places.state())
        try:
            lag = {
                "reports": max(0, await self._bus.last_seq("REPORTS") - state.reports_seq),
                "desk": max(0, await self._bus.last_seq("DESK") - state.desk_seq),
            }
        except BusError as error:
            return {"ok": False, **answer, "problem": str(error)}
        counts = {"open": len(state.active), "held": len(state.held), "groups": len(state.groups)}
        return {"ok": self._router.role != "folding", **answer, "lag": lag, **counts}

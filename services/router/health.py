"""What /health says: whether this router decides, where it is, and how far behind."""

from services.router.worker import Router
from shared.errors import BusError
from shared.gazetteer.live import LiveGazetteer
from shared.ports import Bus, Clock


class Health:
    """Answers for one router."""

    def __init__(self, bus: Bus, router: Router, clock: Clock, places: LiveGazetteer | None = None) -> None:
        self._bus, self._router, self._clock, self._places = bus, router, clock, places

    @property
    def connected(self) -> bool:
        """Whether NATS is there."""
        return self._bus.connected

    async def check(self) -> dict[str, object]:
        """Role, positions, lag, the gazetteer; not ok while folding or without the bus."""
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
            ages = {
                "reports": await self._age_s("REPORTS", state.reports_seq + 1) if lag["reports"] else 0.0,
                "desk": await self._age_s("DESK", state.desk_seq + 1) if lag["desk"] else 0.0,
            }
        except BusError as error:
            return {"ok": False, **answer, "problem": str(error)}
        counts = {"open": len(state.active), "held": len(state.held), "groups": len(state.groups)}
        ok = self._router.role != "folding"
        return {"ok": ok, **answer, "lag": lag, "oldest_age_s": ages, **counts}

    async def _age_s(self, stream: str, seq: int) -> float:
        """How long the oldest undecided input has been in its stream; asked of the stream, whatever was read.

        One that is erased is nobody's to decide any more.
        """
        entry = await self._bus.get(stream, seq)
        age_s = (self._clock.now() - entry.stored_at).total_seconds() if entry else 0.0
        return round(max(0.0, age_s), 1)

"""What /health says: whether this router decides, where it is, and how far behind."""

import asyncio
from collections.abc import Mapping

from services.router.worker import Router
from shared.errors import BusError
from shared.gazetteer.live import LiveGazetteer
from shared.metrics import ASK_S
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
            async with asyncio.timeout(ASK_S):
                behind = await self._behind({"reports": state.reports_seq, "desk": state.desk_seq})
        except (BusError, TimeoutError) as error:
            return {"ok": False, **answer, "problem": str(error) or "NATS does not answer."}
        counts = {"open": len(state.active), "held": len(state.held), "groups": len(state.groups)}
        ok = self._router.role != "folding"
        return {"ok": ok, **answer, **behind, **counts}

    async def _behind(self, positions: Mapping[str, int]) -> dict[str, Mapping[str, float]]:
        """How far decisions are behind each stream's end, in messages and in seconds."""
        ends = {name: await self._bus.last_seq(name.upper()) for name in positions}
        lag = {name: max(0, end - positions[name]) for name, end in ends.items()}
        ages = {
            name: await self._age_s(name.upper(), positions[name] + 1) if lag[name] else 0.0 for name in lag
        }
        return {"lag": lag, "oldest_age_s": ages}

    async def _age_s(self, stream: str, seq: int) -> float:
        """How long the oldest undecided input has been in its stream; asked of the stream, whatever was read.

        One that is erased is nobody's to decide any more.
        """
        entry = await self._bus.get(stream, seq)
        age_s = (self._clock.now() - entry.stored_at).total_seconds() if entry else 0.0
        return round(max(0.0, age_s), 1)

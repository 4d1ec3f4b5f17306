"""The front door's view of exercises, as a test puts it."""

from datetime import datetime

from shared.errors import StateUnavailableError
from shared.exercises import Exercise


class Exercises:
    """A read model that knows these exercises, or is away."""

    def __init__(self) -> None:
        self.known: dict[str, Exercise] = {}
        self.away = False

    async def one(self, name: str) -> Exercise | None:
        """The exercise of this id."""
        if self.away:
            raise StateUnavailableError("away")
        return self.known.get(name)

    async def running(self, now: datetime) -> list[Exercise]:
        """Those that go on."""
        if self.away:
            raise StateUnavailableError("away")
        return [e for e in self.known.values() if e.goes_on(now)]

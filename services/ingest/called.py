"""How the bridges stand that their sources call, as the last calls told."""

from collections.abc import Iterable
from datetime import datetime

import structlog

from shared.plugins.spec import Refused
from shared.plugins.standing import NOT_CALLED, Standing, called, shown
from shared.ports import Clock

log = structlog.get_logger()


class Called:
    """By instance id; a call of another bridge is nothing to it."""

    def __init__(self, clock: Clock, names: Iterable[str] = ()) -> None:
        self._clock = clock
        self._standing: dict[str, tuple[Standing, datetime]] = {}
        for name in names:
            self.put(name)

    def put(self, name: str) -> None:
        """It was opened."""
        self._standing[name] = NOT_CALLED, self._clock.now()

    def drop(self, name: str) -> None:
        """It is no longer open."""
        self._standing.pop(name, None)

    def was(self, name: str, how: Refused | Exception | None = None) -> None:
        """It was called: soundly, or what was said of the call, or what the bridge raised."""
        if name not in self._standing:
            return
        before, _ = self._standing[name]
        standing = called(before, how)
        if standing != before:
            self._standing[name] = standing, self._clock.now()
            log.info("bridge_state", bridge=name, state=standing.state, reason=standing.reason)

    def health(self) -> dict[str, dict[str, str]]:
        """How each stands, since when, and why if something is wrong."""
        return {name: shown(standing, since) for name, (standing, since) in self._standing.items()}

"""Token buckets: how often one client may knock. Time is an argument; memory is bounded."""

from collections import OrderedDict
from typing import Final

_MAX_CLIENTS: Final = 50_000


class Buckets:
    """One bucket per client, each refilled at `rate` a second up to `burst` tokens."""

    def __init__(self, *, rate: float, burst: float, max_clients: int = _MAX_CLIENTS) -> None:
        self._rate, self._burst, self._max = rate, burst, max_clients
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, now_s: float) -> float:
        """Take one token; 0.0 if there was one, else the seconds until there will be.

        `now_s` is any clock that only goes forward, in seconds.
        """
        level, at = self._levels.get(client, (self._burst, now_s))
        level = min(self._burst, level + max(0.0, now_s - at) * self._rate)
        wait = 0.0 if level >= 1.0 else (1.0 - level) / self._rate
        self._levels[client] = (level if wait else level - 1.0, now_s)
        self._levels.move_to_end(client)
        if len(self._levels) > self._max:
            # The one longest unseen is the fullest; forgetting it gives away least.
            self._levels.popitem(last=False)
        return wait

    def give_back(self, client: str) -> None:
        """Return a token that was taken for nothing."""
        if client in self._levels:
            level, at = self._levels[client]
            self._levels[client] = (min(self._burst, level + 1.0), at)

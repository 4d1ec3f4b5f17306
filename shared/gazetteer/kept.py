"""Keeps the latest answers of a look-up, bounded by what they hold and not by how many they are.

"Church Road" is thousands of places: a cache that counts answers alone would grow without bound.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Asks, and keeps the answers used last, as many as hold `most` items in all."""

    def __init__(self, ask: Callable[[str], Sequence[T]], most: int) -> None:
        self._ask, self._most, self._held = ask, most, 0
        self._kept: OrderedDict[str, Sequence[T]] = OrderedDict()

    def __call__(self, key: str) -> Sequence[T]:
        """The answer for this key."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        found = self._kept[key] = self._ask(key)
        self._held += 1 + len(found)
        while self._held > self._most:
            self._held -= 1 + len(self._kept.popitem(last=False)[1])
        return found

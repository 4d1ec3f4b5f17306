"""A persistent map that forgets by itself: an entry lives for one to two spans, at constant cost.

Forgetting follows the events' times alone, so every replay forgets the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from rpds import HashTrieMap

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Generations(Generic[K, V]):
    """Two generations of entries; the older is dropped when the younger has reached its span."""

    span: timedelta
    since: datetime | None = None
    young: "HashTrieMap[K, V]" = field(default_factory=HashTrieMap)
    old: "HashTrieMap[K, V]" = field(default_factory=HashTrieMap)

    def put(self, key: K, value: V, now: datetime) -> "Generations[K, V]":
        """With this entry, kept for at least `span` after `now`."""
        return self.put_all({key: value}, now)

    def put_all(self, entries: Mapping[K, V], now: datetime) -> "Generations[K, V]":
        """With these entries, each kept for at least `span` after `now`."""
        since, young, old = self.since or now, self.young, self.old
        if now - since >= self.span:
            since, young, old = now, HashTrieMap(), self.young
        for key, value in entries.items():
            young = young.insert(key, value)
        return Generations(self.span, since, young, old)

    def get(self, key: K) -> V | None:
        """The entry, if it is still remembered."""
        found = self.young.get(key)
        return self.old.get(key) if found is None else found
